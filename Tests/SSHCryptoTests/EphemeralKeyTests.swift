// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@testable import SSHCrypto

@Suite struct EphemeralKeyTests {
    private static let elliptic: [KeyAgreementAlgorithm] = [
        .curve25519, .curve25519LibSSH, .nistP256, .nistP384, .nistP521,
    ]

    private static func key(_ algorithm: KeyAgreementAlgorithm, seed: UInt64) -> EphemeralKey {
        EphemeralKey(
            algorithm, random: SecretBytes(copying: pattern(algorithm.randomCount, seed: seed)))
    }

    @Test(arguments: elliptic)
    func bothSidesArriveAtTheSameSecret(_ algorithm: KeyAgreementAlgorithm) throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            let mine = Self.key(algorithm, seed: seed)
            let theirs = Self.key(algorithm, seed: seed + 100)
            let myValue = mine.publicValue
            let theirValue = theirs.publicValue
            #expect(myValue.count == theirValue.count)
            #expect(myValue != theirValue)
            let mySecret = try mine.sharedSecret(with: theirValue[...]).copied()
            let theirSecret = try theirs.sharedSecret(with: myValue[...]).copied()
            #expect(mySecret == theirSecret)
            // An mpint: the reader refuses a negative or padded one.
            var reader = WireReader(mySecret)
            #expect(try reader.readMPInt().contains { $0 != 0 })
            try reader.requireEnd()
        }
    }

    @Test(arguments: elliptic)
    func theSameRandomnessGivesTheSameKey(_ algorithm: KeyAgreementAlgorithm) {
        let first = Self.key(algorithm, seed: 1).publicValue
        let second = Self.key(algorithm, seed: 1).publicValue
        #expect(first == second)
    }

    @Test func curve25519GivesTheAnswersOfRFC7748() throws {
        // Section 6.1.
        let alice = EphemeralKey(
            .curve25519,
            random: SecretBytes(
                copying: hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")))
        let bob = hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
        let value = alice.publicValue
        #expect(value == hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"))
        let secret = try alice.rawSharedSecret(with: bob[...]).copied()
        #expect(secret == hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"))
    }

    /// The key with a known scalar: randomness below the order is taken as the scalar less one.
    private static func key(
        _ algorithm: KeyAgreementAlgorithm, scalarLessOne: [UInt8]
    ) -> EphemeralKey {
        let zeros = [UInt8](repeating: 0, count: algorithm.randomCount - scalarLessOne.count)
        return EphemeralKey(algorithm, random: SecretBytes(copying: zeros + scalarLessOne))
    }

    @Test func nistP256GivesTheAnswersOfRFC5903() throws {
        // Section 8.1; the private key ends in ...33 there.
        let key = Self.key(
            .nistP256,
            scalarLessOne: hex("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1432"))
        let value = key.publicValue
        #expect(
            value
                == hex(
                    """
                    04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180
                    5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3
                    """))
        let peer = hex(
            """
            04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63
            56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab
            """)
        let secret = try key.rawSharedSecret(with: peer[...]).copied()
        #expect(secret == hex("d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"))
    }

    @Test func theSmallestScalarGivesTheBasePointsOfFIPS186() {
        let p384 = Self.key(.nistP384, scalarLessOne: []).publicValue
        #expect(
            p384
                == hex(
                    """
                    04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a38
                    5502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc29
                    f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f
                    """))
        let p521 = Self.key(.nistP521, scalarLessOne: []).publicValue
        #expect(
            p521
                == hex(
                    """
                    0400c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d
                    3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5
                    bd66011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17
                    273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be9476
                    9fd16650
                    """))
    }

    @Test func refusesPointsOfSmallOrderOnCurve25519() {
        // RFC 7748 section 6.1: these lead to zero, whatever the private key.
        let small = [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ]
        for value in small {
            #expect(throws: KeyAgreementError.invalidPublicValue) {
                _ = try Self.key(.curve25519, seed: 1).sharedSecret(with: hex(value)[...])
            }
        }
    }

    @Test(arguments: elliptic)
    func refusesPublicValuesOfTheWrongLength(_ algorithm: KeyAgreementAlgorithm) {
        let value = Self.key(algorithm, seed: 2).publicValue
        for count in 0..<value.count {
            #expect(throws: KeyAgreementError.invalidPublicValue) {
                _ = try Self.key(algorithm, seed: 1).sharedSecret(with: value[..<count])
            }
        }
        #expect(throws: KeyAgreementError.invalidPublicValue) {
            _ = try Self.key(algorithm, seed: 1).sharedSecret(with: (value + [0])[...])
        }
    }

    @Test(arguments: [KeyAgreementAlgorithm.nistP256, .nistP384, .nistP521])
    func refusesPointsThatAreNotOnTheCurve(_ algorithm: KeyAgreementAlgorithm) {
        let value = Self.key(algorithm, seed: 2).publicValue
        for index in [1, value.count / 2, value.count - 1] {
            var changed = value
            changed[index] ^= 1
            #expect(throws: KeyAgreementError.invalidPublicValue) {
                _ = try Self.key(algorithm, seed: 1).sharedSecret(with: changed[...])
            }
        }
        // Zero, the point at infinity in full length, a compressed and a hybrid point.
        let count = value.count
        let odd = value[count - 1] & 1
        for changed in [
            [UInt8](repeating: 0, count: count), [4] + [UInt8](repeating: 0, count: count - 1),
            [2 | odd] + value[1...(count / 2)], [6 | odd] + value[1...],
        ] {
            #expect(throws: KeyAgreementError.invalidPublicValue) {
                _ = try Self.key(algorithm, seed: 1).sharedSecret(with: changed[...])
            }
        }
    }
}
