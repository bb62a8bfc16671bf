// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@testable import SSHProtocol

/// Everything that may be wrong before the user is asked for.
@Suite struct HandshakeTests {
    /// Someone in the middle who changes the stream by a function of offset and byte.
    private final class Relay {
        private var offset = 0
        private let change: (Int, UInt8) -> UInt8

        init(_ change: @escaping (Int, UInt8) -> UInt8) { self.change = change }

        func pass(_ bytes: [UInt8]) -> [UInt8] {
            defer { offset += bytes.count }
            return bytes.enumerated().map { change(offset + $0.offset, $0.element) }
        }
    }

    /// The stream that a server sends until the client has to decide on its key.
    private func serverStream() -> [UInt8] {
        var pair = Pair()
        var stream: [UInt8] = []
        pair.toClientFilter = {
            stream += $0
            return $0
        }
        pair.settle()
        return stream
    }

    /// Which bytes of a stream of unencrypted packets mean something: all but their padding.
    private func meaningful(_ stream: [UInt8]) -> [Bool] {
        var flags = stream.map { _ in true }
        var position = (stream.firstIndex(of: 0x0A) ?? 0) + 1
        // KEXINIT, KEX_ECDH_REPLY and NEWKEYS; what follows is encrypted.
        for _ in 0..<3 {
            let length = stream[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
            let end = position + 4 + length
            for index in end - Int(stream[position + 4])..<end { flags[index] = false }
            position = end
        }
        return flags
    }

    @Test func everyChangedByteOfTheServersHandshakeEndsIt() {
        let stream = serverStream()
        let flags = meaningful(stream)
        for index in stream.indices where flags[index] {
            var pair = Pair()
            let relay = Relay { $0 == index ? $1 ^ 1 : $1 }
            pair.toClientFilter = relay.pass
            pair.settle()
            if case .hostKeyVerificationRequired? = pair.clientEvents.first {
                pair.client.acceptHostKey(now: .zero)
                pair.settle()
            }
            let isAuthenticating = pair.clientEvents.contains {
                if case .authenticationRequired = $0 { true } else { false }
            }
            #expect(!isAuthenticating, "byte \(index) of \(stream.count)")
        }
    }

    @Test func aHandshakeThatIsCutAnywhereSaysSo() {
        let count = serverStream().count
        for length in 0..<count {
            var pair = Pair()
            var left = length
            pair.toClientFilter = { bytes in
                let part = Array(bytes.prefix(left))
                left -= part.count
                return part
            }
            pair.settle()
            pair.client.receiveEnd(now: .zero)
            _ = pair.step()
            #expect(pair.clientEnd?.code == .connectionLost)
        }
    }

    @Test func nothingOfAuthenticationIsSentBeforeTheHostKeyIsAccepted() throws {
        var pair = Pair()
        pair.settle()
        guard case .hostKeyVerificationRequired(let key)? = pair.clientEvents.first else {
            Issue.record("no host key")
            return
        }
        #expect(key.key == TestKeys.ed25519.publicKey)
        var sent: [UInt8] = []
        pair.toServerFilter = {
            sent += $0
            return $0
        }
        pair.settle()
        #expect(sent.isEmpty)
        pair.client.acceptHostKey(now: .zero)
        pair.settle()
        #expect(!sent.isEmpty)
        guard case .authenticationRequired(let status)? = pair.clientEvents.last else {
            Issue.record("no authentication")
            return
        }
        #expect(status.methods == ["publickey", "password"])
        #expect(status.cause == .start)
    }

    @Test func aRejectedHostKeyEndsTheConnection() {
        var pair = Pair()
        pair.settle()
        pair.client.rejectHostKey(reason: "not the key that is known")
        pair.settle()
        #expect(pair.clientEnd?.code == .hostKeyRejected)
        #expect(pair.serverEnd?.code == .disconnectedByPeer(.hostKeyNotVerifiable))
    }

    @Test func aHostKeyOfAnotherTypeThanNegotiatedIsRefused() throws {
        var pair = Pair(
            client: SSHClientConfiguration(
                user: "u", algorithms: AlgorithmPreferences(hostKey: [.ecdsaP256])),
            server: SSHServerConfiguration(hostKeys: [TestKeys.ecdsaP256]))
        let key = try HostKey(blob: TestKeys.ecdsaP256.publicKey.blob[...], algorithm: .ecdsaP256)
        #expect(key.algorithm == .ecdsaP256)
        #expect(throws: SSHError(.keyExchangeFailed, "")) {
            try HostKey(blob: TestKeys.ed25519.publicKey.blob[...], algorithm: .ecdsaP256)
        }
        #expect(throws: SSHError(.keyExchangeFailed, "")) {
            try HostKey(blob: [0, 0, 0, 1, 0x78], algorithm: .ecdsaP256)
        }
        try pair.exchangeKeys()
    }

    @Test func anEmptyPacketEndsTheConnection() throws {
        var early = Pair()
        early.client.receive(Bytes("SSH-2.0-x\r\n".utf8), now: .zero)
        early.sendToClient([])
        #expect(early.clientEnd?.code == .protocolViolation)
        var late = Pair()
        try late.connect()
        late.sendToClient([])
        #expect(late.clientEnd?.code == .protocolViolation)
        var server = Pair()
        try server.connect()
        server.sendToServer([])
        #expect(server.serverEnd?.code == .protocolViolation)
    }

    @Test func packetsThatAreTooLongOrShortEndTheConnection() {
        for length: UInt32 in [0, 1, 4, 262_145, 0x7FFF_FFFF, 0xFFFF_FFFF] {
            var pair = Pair()
            pair.client.receive(Bytes("SSH-2.0-x\r\n".utf8), now: .zero)
            var writer = WireWriter()
            writer.write(length)
            pair.client.receive(writer.bytes[...] + [0, 0, 0, 0], now: .zero)
            _ = pair.step()
            #expect(pair.clientEnd?.code == .protocolViolation)
        }
    }

    @Test func aWrongGuessIsSkippedOnce() throws {
        for role in Role.allCases {
            var pair = Pair()
            // The identifications, then the KEXINITs as they are, but with the flag set: the
            // exchange hash then differs, so only the skipping itself is looked at.
            let transport = role == .client ? MessageNumber.kexECDHReply : .kexECDHInit
            var offer = KeyExchangeOffer(
                role: role.peer,
                preferences: AlgorithmPreferences(keyExchange: [.nistP256, .curve25519])
            ).kexInit(cookie: Bytes(repeating: 0, count: 16), isInitial: true)
            offer.firstKexPacketFollows = true
            let guess = [transport.rawValue, 1, 2, 3][...]
            if role == .client {
                pair.client.receive(Bytes("SSH-2.0-x\r\n".utf8), now: .zero)
                pair.sendToClient(offer)
                pair.sendToClient(guess)
                #expect(pair.clientEnd == nil)
                pair.sendToClient(guess)
                #expect(pair.clientEnd?.code == .protocolViolation)
            } else {
                pair.server.receive(Bytes("SSH-2.0-x\r\n".utf8), now: .zero)
                pair.sendToServer(offer)
                pair.sendToServer(guess)
                #expect(pair.serverEnd == nil)
                pair.sendToServer(guess)
                #expect(pair.serverEnd?.code == .protocolViolation)
            }
        }
    }

    /// CVE-2018-10933 and its kin: a peer that speaks the other one's part.
    @Test func rolesAreNotConfused() throws {
        var pair = Pair()
        try pair.exchangeKeys()
        pair.sendToServer(UserAuthSuccess())
        #expect(pair.serverEnd?.code == .protocolViolation)
        pair = Pair()
        try pair.exchangeKeys()
        pair.sendToClient(ServiceRequest(service: "ssh-userauth"))
        #expect(pair.clientEnd?.code == .protocolViolation)
        pair = Pair()
        try pair.exchangeKeys()
        pair.sendToClient(UserAuthRequest(user: "alice", method: .none))
        #expect(pair.clientEnd?.code == .protocolViolation)
        // Two clients.
        let random = SeededRandom(seed: 3)
        var other = SSHClientConnection(
            configuration: SSHClientConfiguration(user: "u"), now: .zero,
            random: { random.bytes($0) })
        pair = Pair()
        pair.client.receive(other.takeOutput(maximum: 1 << 20, now: .zero)[...], now: .zero)
        other.receive(pair.client.takeOutput(maximum: 1 << 20, now: .zero)[...], now: .zero)
        guard case .disconnected(let error)? = other.nextEvent() else {
            Issue.record("a client took a client for a server")
            return
        }
        #expect(error.code == .protocolViolation)
    }

    /// CVE-2025-32433: channel messages before the user is authenticated.
    @Test func channelsAreNotOpenedBeforeAuthentication() throws {
        var pair = Pair()
        try pair.exchangeKeys()
        pair.sendToServer(
            ChannelOpen(type: "session", sender: 0, initialWindow: 1, maximumPacket: 1))
        #expect(pair.serverEnd?.code == .protocolViolation)
    }
}
