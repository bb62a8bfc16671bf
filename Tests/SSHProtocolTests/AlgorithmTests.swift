// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@testable import SSHProtocol

/// All algorithms, between our own client and server.
@Suite struct AlgorithmTests {
    /// Every pair of a cipher and a MAC, and with them all other algorithms in turn.
    static let choices: [AlgorithmPreferences] = {
        var choices: [AlgorithmPreferences] = []
        for cipher in CipherAlgorithm.allCases {
            for mac in cipher.isAEAD ? [.hmacSHA256] : MACAlgorithm.allCases {
                for compression in CompressionAlgorithm.allCases {
                    let turn = choices.count
                    let methods = ourMethods
                    let hostKeys = hostKeyAlgorithms
                    choices.append(
                        AlgorithmPreferences(
                            keyExchange: [methods[turn % methods.count]],
                            hostKey: [hostKeys[turn % hostKeys.count]], ciphers: [cipher],
                            macs: [mac], compression: [compression]))
                }
            }
        }
        return choices
    }()

    /// Every pair of a cipher and a MAC, and what makes the quickest handshake.
    static let protections = choices.filter { $0.compression == [.none] }.map {
        AlgorithmPreferences(
            keyExchange: [.curve25519], hostKey: [.ed25519], ciphers: $0.ciphers, macs: $0.macs,
            compression: [.none])
    }

    /// How bytes get from one side to the other.
    enum Delivery: CaseIterable {
        case whole
        case byteByByte
        case newKeysForEachPacket
    }

    @Test(arguments: choices, Delivery.allCases)
    func carriesData(preferences: AlgorithmPreferences, delivery: Delivery) throws {
        var pair = Pair(
            preferences: preferences,
            rekey: RekeyLimits(bytes: delivery == .newKeysForEachPacket ? 1 : nil))
        if delivery == .byteByByte { pair.chunk = 1 }
        try pair.connect()
        let id = try pair.openSubsystem()
        let data = SeededRandom(seed: 9).bytes(3000) + [UInt8](repeating: 0, count: 3000)
        for start in stride(from: 0, to: data.count, by: 1000) {
            pair.client.send([data[start..<start + 1000]], on: id)
            pair.server.send([data[start..<start + 1000]], on: id)
            _ = pair.step()
        }
        pair.settle()
        let up = pair.serverEvents.reduce(into: [UInt8]()) { received, event in
            if case .channel(id, .data(let piece)) = event { received += piece }
        }
        let down = pair.clientEvents.reduce(into: [UInt8]()) { received, event in
            if case .channel(id, .data(let piece)) = event { received += piece }
        }
        #expect(up == data)
        #expect(down == data)
    }

    /// GHSA-p8qx, CVE-2026-59847: no bit of a packet may be changed unseen, and nothing of a
    /// changed packet may be seen.
    @Test(arguments: protections)
    func everyChangedByteOfAPacketEndsTheConnection(preferences: AlgorithmPreferences) throws {
        var count = 1
        var index = 0
        while index < count {
            var pair = Pair(preferences: preferences)
            try pair.connect()
            let id = try pair.openSubsystem()
            pair.server.send([[1, 2, 3, 4, 5]], on: id)
            var packet = pair.server.takeOutput(maximum: 1 << 20, now: .zero)
            count = packet.count
            packet[index] ^= 1 << UInt8(index % 8)
            pair.client.receive(packet[...], now: .zero)
            // A changed length may make the client wait for more.
            for _ in 0..<20 where pair.client.transport.isClosed == false {
                pair.client.receive(Bytes(repeating: 0, count: 16_384), now: .zero)
            }
            _ = pair.step()
            #expect(pair.clientEnd?.code == .integrityCheckFailed, "byte \(index) of \(count)")
            #expect(pair.clientEvents.count == 1)
            index += 1
        }
        #expect(count > 32)
    }
}
