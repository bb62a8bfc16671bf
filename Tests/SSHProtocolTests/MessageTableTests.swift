// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@testable import SSHProtocol

/// Messages of every type 0...255, with several bodies, at real connections in every state: what
/// the policy refuses ends them, what it drops does not, and nothing traps.
@Suite struct MessageTableTests {
    enum State: CaseIterable {
        case identified
        case exchanging
        case hostKeyPending
        case authenticating
        case deciding
        case connected
        case rekeyOffered
        case rekeying
    }

    /// A pair in which `role` is in this state.
    private func make(_ state: State, _ role: Role) throws -> Pair {
        var pair = Pair()
        switch state {
        case .identified:
            pair.client.receive(Bytes("SSH-2.0-x\r\n".utf8), now: .zero)
            pair.server.receive(Bytes("SSH-2.0-x\r\n".utf8), now: .zero)
        case .exchanging:
            let client = pair.client.takeOutput(maximum: 1 << 20, now: .zero)
            let server = pair.server.takeOutput(maximum: 1 << 20, now: .zero)
            pair.server.receive(client[...], now: .zero)
            pair.client.receive(server[...], now: .zero)
        case .hostKeyPending: pair.settle()
        case .authenticating: try pair.exchangeKeys()
        case .deciding:
            try pair.exchangeKeys()
            pair.client.authenticate(.password(Secret(copying: [0x61])))
            pair.settle()
        case .connected:
            try pair.connect()
            _ = try pair.openSubsystem()
        case .rekeyOffered:
            try pair.connect()
            if role == .client { pair.client.rekeyNow() } else { pair.server.rekeyNow() }
        case .rekeying:
            try pair.connect()
            if role == .client { pair.server.rekeyNow() } else { pair.client.rekeyNow() }
            _ = pair.step()
            let isClient = role == .client
            // A server has seen the client's KEXINIT; a client may have to be shown one.
            if isClient, pair.client.transport.isIdle {
                let output = pair.server.takeOutput(maximum: 1 << 20, now: .zero)
                pair.client.receive(output[...], now: .zero)
            }
        }
        pair.clientEvents = []
        pair.serverEvents = []
        return pair
    }

    @Test(arguments: State.allCases, Role.allCases)
    func everyTypeIsTreatedByThePolicy(state: State, role: Role) throws {
        let bodies: [[UInt8]] = [
            [], [UInt8](repeating: 0, count: 40), SeededRandom(seed: 4).bytes(64),
        ]
        for body in bodies {
            var pair = try make(state, role)
            for type in UInt8.min...UInt8.max {
                let phase =
                    role == .client ? pair.client.transport.phase : pair.server.transport.phase
                let verdict = MessagePolicy.verdict(type, in: phase, role: role)
                if role == .client {
                    pair.sendToClient([type] + body)
                } else {
                    pair.sendToServer([type] + body)
                }
                let end = role == .client ? pair.clientEnd : pair.serverEnd
                switch verdict {
                case .refuse:
                    #expect(end?.code == .protocolViolation, "type \(type) in \(phase)")
                case .drop, .unimplemented: #expect(end == nil, "type \(type) in \(phase)")
                // The body is hardly ever right, but that is the decoder's business.
                case .accept: break
                }
                if end != nil || verdict == .accept { pair = try make(state, role) }
            }
        }
    }
}
