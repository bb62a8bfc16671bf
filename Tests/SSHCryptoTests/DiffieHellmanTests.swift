// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@testable import SSHCrypto

@Suite struct DiffieHellmanTests {
    private static let methods: [KeyAgreementAlgorithm] = [
        .group1SHA1, .group14SHA1, .group14SHA256, .group16SHA512, .group18SHA512,
    ]

    private static func key(
        _ algorithm: KeyAgreementAlgorithm, _ exponent: [UInt8],
        group: DiffieHellmanGroup? = nil
    ) -> EphemeralKey {
        EphemeralKey(algorithm, random: SecretBytes(copying: exponent), group: group)
    }

    private static let up = Array(1...64 as ClosedRange<UInt8>)
    private static let down = Array(up.reversed())

    /// The SHA-256 of our value and of the secret with the other exponent's, calculated from RFC 2409's
    /// and RFC 3526's formulas by another program.
    @Test(
        arguments: [
            (
                .group1SHA1, "27db84123663a2cbf34c7606477c23ea00a792ebb565df0d944d90ce6907d9dc",
                "30fe421a11d07f2e44e5ed7e959182c16b9b7e8b73a0a251f4dea17ed0fcaa76"
            ),
            (
                .group14SHA256, "5141ed60d422816c251a9a61f4dc090fc6161ec870357a0af29fb84a0bb34e5e",
                "bc12a5843aac327fc05e3595a8e2d36714da02407b2c7262f6b08655a5072ef4"
            ),
            (
                .group16SHA512, "0439872574dafc9b300359ea0dd742c3976ccf9fa56883bdb8268462adedf8cf",
                "889bf24b21518d2968fd3edb1fc3fcde69867d129caf7250c1d150806100e594"
            ),
            (
                .group18SHA512, "86b83427a715cae1ac4f0f7ce33a65bdce79ab5608db0fb2aad514b29f74e68a",
                "bbe577036610d5d40843da50436381d32d6db67e85c6cca2aa0425ec1d3133de"
            ),
        ] as [(KeyAgreementAlgorithm, String, String)])
    func givesTheAnswersThatThePrimesGive(
        _ algorithm: KeyAgreementAlgorithm, _ value: String, _ secret: String
    ) throws {
        let mine = Self.key(algorithm, Self.up)
        let theirs = Self.key(algorithm, Self.down)
        let publicValue = mine.publicValue
        let peer = theirs.publicValue
        #expect(HashAlgorithm.sha256.digest(of: publicValue.drop { $0 == 0 }) == hex(value))
        let shared = try mine.rawSharedSecret(with: peer[...]).copied()
        #expect(HashAlgorithm.sha256.digest(of: shared[...]) == hex(secret))
    }

    @Test(arguments: methods)
    func bothSidesArriveAtTheSameNumber(_ algorithm: KeyAgreementAlgorithm) throws {
        for seed in 1...3 as ClosedRange<UInt64> {
            let random = pattern(algorithm.randomCount, seed: seed)
            let mine = Self.key(algorithm, random)
            let value = mine.publicValue
            let answer = try KeyAgreementAnswer(
                to: value[...], algorithm,
                random: SecretBytes(copying: pattern(algorithm.randomCount, seed: seed + 9)))
            let theirValue = answer.publicValue
            let theirs = answer.takeSecret().copied()
            let secret = try mine.sharedSecret(with: theirValue[...]).copied()
            #expect(secret == theirs)
            // As mpints: the reader refuses negative and padded ones.
            for content in [value, theirValue] {
                var writer = WireWriter()
                writer.writeString(content)
                var reader = WireReader(writer.bytes)
                #expect(try !reader.readMPInt().isEmpty)
            }
        }
    }

    @Test(arguments: methods)
    func refusesNumbersOutsideTheGroupAndOfOtherForms(_ algorithm: KeyAgreementAlgorithm) {
        guard case .group(let group) = algorithm.kind else {
            Issue.record("no group")
            return
        }
        let prime = group.primeDigits
        var predecessor = prime
        predecessor[prime.count - 1] -= 1
        var successor = prime
        successor[prime.count - 1] = 0
        successor = [1] + successor
        for value in [
            [], [0], [1], [0, 1], [0, 2], [0xFF], predecessor, [0] + predecessor, [0] + prime,
            successor, [0, 0] + predecessor, [UInt8](repeating: 0x7F, count: 200_000),
        ] {
            #expect(throws: KeyAgreementError.invalidPublicValue) {
                try Self.key(algorithm, Self.up).sharedSecret(with: value[...]).copied()
            }
        }
    }

    @Test func takesOnlyGroupsOfAllowedSizes() throws {
        func make(_ prime: [UInt8], _ generator: [UInt8] = [2]) throws -> Int {
            try DiffieHellmanGroup(prime: prime[...], generator: generator[...]).bits
        }
        func number(_ bits: Int) -> [UInt8] {
            [UInt8(1 << ((bits - 1) % 8))] + [UInt8](repeating: 0, count: (bits - 1) / 8 - 1) + [1]
        }
        for bits in [2048, 3071, 8192] { #expect(try make(number(bits)) == bits) }
        for prime in [[], [7], number(2047), number(8193), number(16_384)] {
            #expect(throws: KeyAgreementError.invalidGroup) { try make(prime) }
        }
        var even = number(2048)
        even[even.count - 1] = 0
        #expect(throws: KeyAgreementError.invalidGroup) { try make(even) }
        var predecessor = number(2048)
        predecessor[predecessor.count - 1] = 0
        for generator in [[], [1], predecessor, number(2048), number(2049)] {
            #expect(throws: KeyAgreementError.invalidGroup) { try make(number(2048), generator) }
        }
    }

    @Test(
        arguments: [
            (2048, 2048, 8192, 2048), (2048, 3072, 8192, 3072), (2048, 3073, 8192, 4096),
            (2048, 7680, 8192, 8192), (2048, 8192, 8192, 8192), (1024, 1024, 2048, 2048),
            (2048, 4000, 4000, 3072), (1024, 1024, 1024, nil), (8193, 9000, 9999, nil),
            (4096, 2048, 8192, nil), (2048, 8192, 4096, nil), (0, 0, 0, nil),
            (0, 4_294_967_295, 4_294_967_295, 8192),
        ] as [(UInt32, UInt32, UInt32, Int?)])
    func aServerChoosesTheSmallestGroupThatIsLargeEnough(
        _ minimum: UInt32, _ wanted: UInt32, _ maximum: UInt32, _ expected: Int?
    ) {
        let group = DiffieHellmanGroup.choose(minimum: minimum, wanted: wanted, maximum: maximum)
        #expect(group?.bits == expected)
    }
}
