// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@testable import SSHCrypto

/// Known answers of standards, in the places where a packet's layout equals the standard's.
@Suite struct PacketVectorTests {
    private static func run(
        _ algorithm: String, key: [UInt8], vector: [UInt8], aad: [UInt8], plaintext: [UInt8]
    ) -> [UInt8] {
        let context = CipherContext(
            FetchedAlgorithm.cipher(algorithm), key: key.span, encrypts: true)
        context.restart(initializationVector: vector.span)
        context.authenticate(aad.span)
        return [UInt8](capacity: plaintext.count + 16) { output in
            context.update(plaintext.span, into: &output)
            context.finish(tagCount: 16, into: &output)
        }
    }

    @Test func gcmGivesTestCase4OfItsSpecification() {
        // McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test case 4.
        let sealed = Self.run(
            "AES-128-GCM", key: hex("feffe9928665731c6d6a8f9467308308"),
            vector: hex("cafebabefacedbaddecaf888"),
            aad: hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
            plaintext: hex(
                """
                d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
                1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39
                """))
        let expected = hex(
            """
            42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e
            21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091
            5bc94fbc3221a5db94fae95ae7121a47
            """)
        #expect(sealed == expected)
    }

    @Test func chaChaPolyPacketIsMadeOfTheBlocksOfRFC8439() throws {
        // Both ciphers are the same ChaCha20 (RFC 8439 section 2.3); what OpenSSH does with the
        // blocks is rebuilt here from single blocks.
        let keys = pattern(64, seed: 9)
        func stream(_ key: ArraySlice<UInt8>, counter: UInt8, count: Int) -> [UInt8] {
            let vector = [counter] + [UInt8](repeating: 0, count: 11) + [0, 0, 0, 5]
            let context = CipherContext(
                FetchedAlgorithm.cipher("ChaCha20"), key: key.span,
                initializationVector: vector.span,
                encrypts: true)
            let zeros = [UInt8](repeating: 0, count: count)
            return [UInt8](capacity: count) { context.update(zeros.span, into: &$0) }
        }
        let payload = pattern(19)
        let padding = pattern(4, seed: 2)
        let plain = [UInt8(4)] + payload + padding
        let length: [UInt8] = [0, 0, 0, 24]
        let sealedLength = zip(length, stream(keys[32...], counter: 0, count: 4)).map(^)
        let sealed = zip(plain, stream(keys[..<32], counter: 1, count: 24)).map(^)
        let mac = MACContext.poly1305()
        let macKey = stream(keys[..<32], counter: 0, count: 32)
        mac.start(key: macKey.span)
        let covered = sealedLength + sealed
        mac.update(covered.span)
        let tag = [UInt8](capacity: 16) { mac.finish(into: &$0) }

        var sealer = PacketSealer(
            cipher: .chacha20Poly1305, mac: nil,
            keys: PacketKeys(
                initializationVector: SecretBytes(copying: []),
                encryption: SecretBytes(copying: keys), mac: SecretBytes(copying: [])))
        var wire: [UInt8] = []
        sealer.seal([payload[...]], padding: padding[...], sequenceNumber: 5, into: &wire)
        #expect(wire == covered + tag)
    }

    private static func keys(vector: [UInt8], key: [UInt8], mac: [UInt8] = []) -> PacketKeys {
        PacketKeys(
            initializationVector: SecretBytes(copying: vector),
            encryption: SecretBytes(copying: key), mac: SecretBytes(copying: mac))
    }

    @Test func gcmPacketIsItsLengthThenTheRestUnderACountingNonce() {
        // RFC 5647 section 7: the length is associated data; only the counter's eight bytes wrap.
        let key = pattern(32)
        let fixed: [UInt8] = [1, 2, 3, 4]
        let counters: [[UInt8]] = [
            [UInt8](repeating: 0xFF, count: 7) + [0xFE], [UInt8](repeating: 0xFF, count: 8),
            [UInt8](repeating: 0, count: 8), [0, 0, 0, 0, 0, 0, 0, 1],
        ]
        var sealer = PacketSealer(
            cipher: .aes256GCM, mac: nil, keys: Self.keys(vector: fixed + counters[0], key: key))
        let payload = pattern(23)
        let padding = pattern(8, seed: 2)
        for (number, counter) in counters.enumerated() {
            var wire: [UInt8] = []
            sealer.seal(
                [payload[...]], padding: padding[...], sequenceNumber: UInt32(number), into: &wire)
            let sealed = Self.run(
                "AES-256-GCM", key: key, vector: fixed + counter, aad: [0, 0, 0, 32],
                plaintext: [8] + payload + padding)
            #expect(wire == [0, 0, 0, 32] + sealed)
        }
    }

    @Test(arguments: MACAlgorithm.allCases)
    func counterPacketIsTheStreamAndTheMACOfWhatItsKindCovers(_ algorithm: MACAlgorithm) {
        let key = pattern(24)
        let vector = pattern(16, seed: 2)
        let macKey = pattern(algorithm.keyLength, seed: 3)
        let hash: HashAlgorithm = algorithm.keyLength == 32 ? .sha256 : .sha512
        var sealer = PacketSealer(
            cipher: .aes192CTR, mac: algorithm,
            keys: Self.keys(vector: vector, key: key, mac: macKey))
        let context = CipherContext(
            FetchedAlgorithm.cipher("AES-192-CTR"), key: key.span,
            initializationVector: vector.span, encrypts: true)
        let payload = pattern(20, seed: 4)
        for number in [7, 8] as [UInt8] {
            let padding = pattern(sealer.paddingLength(payloadCount: 20), seed: 5)
            let length: [UInt8] = [0, 0, 0, UInt8(21 + padding.count)]
            let rest = [UInt8(padding.count)] + payload + padding
            let sequence: [UInt8] = [0, 0, 0, number]
            // RFC 4253 section 6.4, and OpenSSH's PROTOCOL section 1.7.
            let clear = algorithm.isEncryptThenMAC ? length : []
            let hidden = algorithm.isEncryptThenMAC ? rest : length + rest
            let sealed =
                clear + [UInt8](capacity: hidden.count) { context.update(hidden.span, into: &$0) }
            let covered = sequence + (algorithm.isEncryptThenMAC ? sealed : length + rest)
            let tag = HMAC.code(hash, key: macKey[...], data: covered[...])
            var wire: [UInt8] = []
            sealer.seal(
                [payload[...]], padding: padding[...], sequenceNumber: UInt32(number), into: &wire)
            #expect(wire == sealed + tag)
        }
    }

    @Test func chaCha20GivesTheKeyStreamOfRFC8439() {
        // RFC 8439 section 2.4.2, the first block of its ciphertext.
        let context = CipherContext(
            FetchedAlgorithm.cipher("ChaCha20"), key: [UInt8](0...31).span,
            initializationVector: hex("01000000 000000000000004a00000000").span, encrypts: true)
        let text = Array("Ladies and Gentlemen of the class of '99".utf8)
        let sealed = [UInt8](capacity: text.count) { context.update(text.span, into: &$0) }
        #expect(
            sealed
                == hex(
                    """
                    6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b
                    f91b65c5524733ab
                    """))
    }

    @Test func poly1305GivesTheTagOfRFC8439() {
        // RFC 8439 section 2.5.2.
        let mac = MACContext.poly1305()
        mac.start(
            key: hex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b").span)
        mac.update(Array("Cryptographic Forum Research Group".utf8).span)
        let tag = [UInt8](capacity: 16) { mac.finish(into: &$0) }
        #expect(tag == hex("a8061dc1305136c6c22b8baf0c0127a9"))
    }

    @Test func counterModeGivesTheBlocksOfSP80038A() {
        // NIST SP 800-38A, F.5.1 (CTR-AES128) and F.5.5 (CTR-AES256), first two blocks.
        let plaintext = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
        let vector = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
        let cases = [
            (
                "AES-128-CTR", "2b7e151628aed2a6abf7158809cf4f3c",
                "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
            ),
            (
                "AES-256-CTR", "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
            ),
        ]
        for (algorithm, key, expected) in cases {
            let context = CipherContext(
                FetchedAlgorithm.cipher(algorithm), key: hex(key).span,
                initializationVector: vector.span, encrypts: true)
            // In two steps, to see that the counter runs on.
            let sealed = [UInt8](capacity: plaintext.count) { output in
                context.update(plaintext.span.extracting(..<5), into: &output)
                context.update(plaintext.span.extracting(5...), into: &output)
            }
            #expect(sealed == hex(expected))
        }
    }
}
