// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@testable import SSHProtocol

/// CVE-2023-48795: someone in the middle who can't read, but can insert unencrypted packets and
/// drop encrypted ones.
@Suite struct TerrapinTests {
    /// An unencrypted packet with this payload.
    private func packet(_ payload: [UInt8]) -> [UInt8] {
        let padding = 8 - (5 + payload.count) % 8 + 8
        return [0, 0, 0, UInt8(1 + payload.count + padding), UInt8(padding)] + payload
            + [UInt8](repeating: 0, count: padding)
    }

    private let ignore = Ignore(data: [1, 2, 3]).payload

    @Test func anInsertedMessageBeforeNewKeysEndsTheConnection() {
        let payloads: [[UInt8]] = [
            ignore, Unimplemented(sequenceNumber: 1).payload, [200], [4, 0],
        ]
        for payload in payloads {
            var pair = Pair()
            var round = 0
            // First the server's KEXINIT, then its reply and NEWKEYS.
            pair.toClientFilter = { bytes in
                round += 1
                return round == 2 ? self.packet(payload) + bytes : bytes
            }
            pair.settle()
            #expect(pair.clientEnd?.code == .protocolViolation)
        }
    }

    @Test func anInsertedMessageBeforeKexInitEndsTheConnection() {
        var pair = Pair()
        pair.toServerFilter = { bytes in
            guard let end = bytes.firstIndex(of: 0x0A) else { return bytes }
            return Array(bytes[...end]) + self.packet(self.ignore) + Array(bytes[(end + 1)...])
        }
        pair.settle()
        #expect(pair.serverEnd?.code == .protocolViolation)
        #expect(pair.serverEnd?.reason.contains("strict") == true)
    }

    /// Without strict key exchange the insertion is legal, but what it is good for must still fail
    /// where the cipher counts packets by itself.
    @Test(arguments: [
        AlgorithmPreferences(ciphers: [.aes128GCM]),
        AlgorithmPreferences(ciphers: [.chacha20Poly1305]),
        AlgorithmPreferences(ciphers: [.aes128CTR], macs: [.hmacSHA256EncryptThenMAC]),
        AlgorithmPreferences(ciphers: [.aes128CTR], macs: [.hmacSHA256]),
    ]) func aDroppedExtInfoEndsTheConnection(preferences: AlgorithmPreferences) throws {
        var pair = Pair(preferences: preferences)
        pair.settle()
        // Accepting the key makes the client send NEWKEYS and its EXT_INFO, the first packet
        // under keys: it is dropped.
        pair.client.acceptHostKey(now: .zero)
        var output = pair.client.takeOutput(maximum: 1 << 20, now: .zero)
        let newKeysCount = 4 + output[..<4].reduce(0) { $0 << 8 | Int($1) }
        let extInfo = ExtInfo(extensions: pair.client.transport.extensions).payload
        let extInfoCount = PacketSealer(
            cipher: preferences.ciphers[0],
            mac: preferences.ciphers[0].isAEAD ? nil : preferences.macs[0],
            keys: PacketKeys(
                initializationVector: SecretBytes(
                    copying: [UInt8](repeating: 0, count: preferences.ciphers[0].ivLength)),
                encryption: SecretBytes(
                    copying: [UInt8](repeating: 0, count: preferences.ciphers[0].keyLength)),
                mac: SecretBytes(
                    copying: [UInt8](
                        repeating: 0,
                        count: preferences.ciphers[0].isAEAD
                            ? 0 : preferences.macs[0].keyLength)))
        ).wireCount(payloadCount: extInfo.count)
        output.removeSubrange(newKeysCount..<newKeysCount + extInfoCount)
        pair.server.receive(output[...], now: .zero)
        // A length that is decrypted wrongly may make the server wait for more.
        for _ in 0..<20 {
            pair.server.receive(Bytes(repeating: 0, count: 16_384), now: .zero)
        }
        _ = pair.step()
        #expect(pair.serverEnd?.code == .integrityCheckFailed)
    }
}
