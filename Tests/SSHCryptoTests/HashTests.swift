// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@testable import SSHCrypto

@Suite struct HashTests {
    @Test func digestsOfABCAreThoseOfFIPS180() {
        let abc = Array("abc".utf8)[...]
        #expect(
            HashAlgorithm.sha256.digest(of: abc)
                == hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
        #expect(
            HashAlgorithm.sha384.digest(of: abc)
                == hex(
                    """
                    cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed
                    8086072ba1e7cc2358baeca134c825a7
                    """))
        #expect(
            HashAlgorithm.sha512.digest(of: abc)
                == hex(
                    """
                    ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a
                    2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
                    """))
    }

    @Test(arguments: HashAlgorithm.allCases)
    func aDigestDoesNotDependOnHowTheDataIsCut(_ algorithm: HashAlgorithm) {
        let data = pattern(200)
        let expected = algorithm.digest(of: data[...])
        #expect(expected.count == algorithm.digestCount)
        for cut in 0...200 {
            var hash = Hash(algorithm)
            hash.update(data[..<cut])
            hash.update(SecretBytes(copying: data[cut...]))
            #expect(hash.finalizeSecret().copied() == expected)
        }
    }

    @Test func hmacGivesTheCodesOfRFC4231() {
        // Test case 2, and test case 6 whose key is longer than a block.
        let what = Array("what do ya want for nothing?".utf8)[...]
        #expect(
            HMAC.code(.sha256, key: Array("Jefe".utf8)[...], data: what)
                == hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
        #expect(
            HMAC.code(.sha384, key: Array("Jefe".utf8)[...], data: what)
                == hex(
                    """
                    af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e
                    8e2240ca5e69e2c78b3239ecfab21649
                    """))
        #expect(
            HMAC.code(.sha512, key: Array("Jefe".utf8)[...], data: what)
                == hex(
                    """
                    164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554
                    9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737
                    """))
        let long = [UInt8](repeating: 0xAA, count: 131)[...]
        let text = Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)[...]
        #expect(
            HMAC.code(.sha256, key: long, data: text)
                == hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"))
    }

    @Test func hmacSHA1GivesTheCodeOfRFC2202() {
        let code = HMAC.code(
            .sha1, key: Array("Jefe".utf8)[...],
            data: Array("what do ya want for nothing?".utf8)[...])
        #expect(code == hex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"))
    }

    @Test func hmacTakesAnEmptyKeyAndEmptyData() {
        // Wikipedia's and everyone's HMAC_SHA256("", ""); `openssl mac` agrees.
        #expect(
            HMAC.code(.sha256, key: [], data: [])
                == hex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"))
    }

    @Test func derivedKeysAreHashesOfTheLetterContinuedWhenTooShort() {
        let secret = pattern(36)
        let exchangeHash = pattern(32, seed: 2)
        let sessionID = pattern(32, seed: 3)
        let derivation = KeyDerivation(
            algorithm: .sha256, sharedSecret: SecretBytes(copying: secret),
            exchangeHash: exchangeHash[...], sessionID: sessionID[...])
        let keys = derivation.keys(.clientToServer, cipher: .chacha20Poly1305, mac: nil)
        #expect(keys.initializationVector.count == 0)
        #expect(keys.mac.count == 0)
        let first = HashAlgorithm.sha256.digest(
            of: (secret + exchangeHash + [UInt8(ascii: "C")] + sessionID)[...])
        let second = HashAlgorithm.sha256.digest(of: (secret + exchangeHash + first)[...])
        #expect(keys.encryption.copied() == first + second)

        let down = derivation.keys(.serverToClient, cipher: .aes128CTR, mac: .hmacSHA256)
        func digest(_ letter: Unicode.Scalar) -> [UInt8] {
            HashAlgorithm.sha256.digest(
                of: (secret + exchangeHash + [UInt8(ascii: letter)] + sessionID)[...])
        }
        #expect(down.initializationVector.copied() == Array(digest("B").prefix(16)))
        #expect(down.encryption.copied() == Array(digest("D").prefix(16)))
        #expect(down.mac.copied() == digest("F"))
    }

    @Test func secretsAreOverwritten() {
        let secret = SecretBytes(copying: [1, 2, 3])
        #expect(secret.copied() == [1, 2, 3])
        secret.wipe()
        #expect(secret.copied() == [0, 0, 0])
    }

    @Test func randomBytesDoNotRepeat() {
        #expect(SecureRandom.bytes(32) != SecureRandom.bytes(32))
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(SecureRandom.secret(20).count == 20)
    }
}
