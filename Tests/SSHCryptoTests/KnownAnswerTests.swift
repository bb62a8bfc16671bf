// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@testable import SSHCrypto

/// What others have calculated: signatures, keys from passphrases, keys of a connection.
///
/// The answers of ciphers, MACs, hashes and key agreement are in tests of their own.
@Suite struct KnownAnswerTests {
    // MARK: bcrypt_pbkdf

    /// Calculated by the Python package bcrypt 5; the last one stands in Go's and OpenBSD's tests, too.
    private static let bcrypt: [(passphrase: [UInt8], salt: [UInt8], rounds: UInt32, key: String)] =
        [
            (
                Array("password".utf8), Array("salt".utf8), 1,
                """
                7aecf4a3148069a4e52b28a060c4da05492ede72bf0caa4f6a2a4e5f1252a24c
                cb8a85077baa90b67b3a2bd1b2bb0d1c
                """
            ),
            (
                Array("pass\0word".utf8), Array(0...15), 8,
                """
                093ec8daa651197cc995d2e7e6874f471272184017745db9e0ecb194e5c6f94b
                6d8238f9a20889b9783b228552564135bc03ef279abf99a4c61830199b5f34c6
                a87aca2c00ebf0fabd98b358f2fdceea4d63db7af8a6182ed4cbc235b580a518
                d8a5637174
                """
            ),
            (
                Array("größe 日本語".utf8), Array("0123456789abcdef".utf8), 16,
                """
                44c9cee25702fdb1e319a19758f4615de6eec1c7ad3b8f88ba1e2d75fdf03157
                3a8777bb698f17a3922cf071ca73dd62
                """
            ),
            (
                Array("password".utf8), Array("salt".utf8), 12,
                "1ae42c05d487bc02f64921a4ebe4ea93bcacfe135fda99974c06b7b01fae149a"
            ),
        ]

    @Test(arguments: bcrypt.indices) func bcryptGivesTheKeysOfOthers(_ index: Int) {
        let vector = Self.bcrypt[index]
        let expected = hex(vector.key)
        let key = BcryptKDF.key(
            passphrase: vector.passphrase.span, salt: vector.salt.span, rounds: vector.rounds,
            count: expected.count)
        #expect(key.copied() == expected)
    }

    // MARK: Signatures

    /// RFC 6979 appendix A.2.5 to A.2.7: the text "sample", by the hash that SSH has for the curve.
    private static let ecdsa: [SignatureAlgorithm: (point: String, r: String, s: String)] = [
        .ecdsaP256: (
            """
            0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6
            7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299
            """,
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
        ),
        .ecdsaP384: (
            """
            04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64
            def8f0ea9055866064a254515480bc138015d9b72d7d57244ea8ef9ac0c6218967
            08a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720
            """,
            """
            94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c
            81a648152e44acf96e36dd1e80fabe46
            """,
            """
            99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f
            a329c145786e679e7b82c71a38628ac8
            """
        ),
        .ecdsaP521: (
            """
            0401894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd
            371123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f5023
            a400493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a
            28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfc
            f5
            """,
            """
            00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f17
            4e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa
            """,
            """
            00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af28
            2623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a
            """
        ),
    ]

    @Test(arguments: [SignatureAlgorithm.ecdsaP256, .ecdsaP384, .ecdsaP521])
    func ecdsaSignaturesOfRFC6979AreValid(_ algorithm: SignatureAlgorithm) throws {
        let vector = try #require(Self.ecdsa[algorithm])
        var blob = WireWriter()
        blob.writeString(algorithm.keyType.rawValue)
        blob.writeString(try #require(algorithm.keyType.curve).rawValue)
        blob.writeString(hex(vector.point))
        let key = try PublicKey(blob: blob.bytes[...])
        var numbers = WireWriter()
        for number in [vector.r, vector.s] { numbers.writeMPInt(hex(number)) }
        var signature = WireWriter()
        signature.writeString(algorithm.rawValue)
        signature.writeString(numbers.bytes)
        func verdict(_ text: String) -> SignatureVerdict {
            key.verify(
                signature: signature.bytes[...], data: Array(text.utf8)[...], algorithm: algorithm)
        }
        #expect(verdict("sample") == .valid)
        #expect(verdict("simple") != .valid)
    }

    /// A key of 1,024 bits, made by OpenSSL for this test.
    private static let rsaKey = """
        MIICdQIBADANBgkqhkiG9w0BAQEFAASCAl8wggJbAgEAAoGBAMX6+2xHQonGsfFW
        XxMuDNuBaa6r+LjQBCXh7XJfV/LproTJcOc2W37TduY8hrZkY7xS03dHedw7B1Ru
        49a5RUzLA+C6WkopecZFQ76h9ewLxqSMIO/64GsWCqlI4En1d7pT+Mzw76Mfh/m6
        0sZSXXivfdtq7Xca2P6h2WYFIU9XAgMBAAECgYASMeG/bsEftmIOIvjz40yNM9SJ
        mAZwvbVT4fKXi0mi6nT+gSDeLvGzsy1/NVrQEmPUH+yNTsVVRxuCV/qadkZ3AbxZ
        kjgOmv1ji64EN2lrrQdDPUgDv1tM1LNlm2cnUzUvFRz550GMEXWvWNTNbNPtqZz0
        4FKpVGu09IsCCZ7CsQJBAPV6KhEAhimPkVa3otoPCFsHZvKmYejEfYcF2EaDNtiG
        q63cG6xQLw2JzQ9tSItIRtTaEpQ3mnO5+8MIE1ZpMS8CQQDOd5gI31HgCY1AbZhi
        NLXEbcrGGMuO0CLF92oooIomkX8Z48d81g6SMdMifE4PyqozncVMjOcwtESys0po
        +qpZAkBgU4jwVQlQg8LfiX4BHYcE2Xm/XCTthzVO568/tDuwaeAygD3ntytPn7R1
        Ckg+R6Vr3wsNWGhmYyP1G1UjQnIHAkB0qx3NPaw9ZghcdNGcBN8FnWjs4cv86l4L
        8dAaHwWR37urvIvYXfkj4WXGYemWgNYGjsuTgzeMzQDY3flZMvQZAkA9Z9U1B231
        GHvVsmU0GEI0gfTQijcpokFl3z7TfiAZy67vtl+4C4LdlsOdCssByGfQlqjyVBlI
        d5Q64B/W01jl
        """

    /// The SHA-256 of what `openssl dgst -sign` gives for "sample": RSA signs without randomness.
    private static let rsaSignatures: [SignatureAlgorithm: String] = [
        .rsaSHA1: "061fadb224b85e1812b87286bbdb91ad342ff60d5335cf9ca6a6eef00a1578c7",
        .rsaSHA256: "9ec47e87405bfebfd87c5061de94ef7d3a9ff9e67bd5125066814f2c72645b0e",
        .rsaSHA512: "d3696e7a44d3d6328a7c70667a16e0de2669ce812a47cff272e02bb3874af4a3",
    ]

    @Test(arguments: [SignatureAlgorithm.rsaSHA1, .rsaSHA256, .rsaSHA512])
    func rsaSignaturesAreThoseOfOpenSSL(_ algorithm: SignatureAlgorithm) throws {
        let label = "PRIVATE KEY"
        let text = "-----BEGIN \(label)-----\n\(Self.rsaKey)\n-----END \(label)-----\n"
        let key = try PrivateKeyFile(Array(text.utf8).span).privateKey()
        var reader = WireReader(try key.sign(Array("sample".utf8)[...], algorithm: algorithm))
        #expect(try reader.readString().elementsEqual(algorithm.rawValue.utf8))
        let signature = try reader.readString()
        let expected = hex(try #require(Self.rsaSignatures[algorithm]))
        #expect(HashAlgorithm.sha256.digest(of: signature) == expected)
    }

    /// The others are in tests of their own: Ed25519 as in RFC 8032, security keys by a made one.
    @Test func everyWayToSignHasAKnownAnswer() {
        let here = Set(Self.ecdsa.keys).union(Self.rsaSignatures.keys)
        let elsewhere: Set<SignatureAlgorithm> = [
            .ed25519, .securityKeyEd25519, .securityKeyECDSA,
        ]
        #expect(here.union(elsewhere) == Set(SignatureAlgorithm.allCases))
    }

    // MARK: Key agreement on the larger curves

    /// Calculated by OpenSSL: scalars of sevens and nines.
    @Test(
        arguments: zip(
            [KeyAgreementAlgorithm.nistP384, .nistP521],
            [
                [
                    """
                    0433aa895ff1a0cd1c6e9e66d063aec6b35cb51e524a0d9def8b7a612582b4ffec
                    4f0089b053399903528e0be7fe5acc09ba9b50526ea1620522103da8772f5e6e74
                    2a943d176c7dab0558c413efc34d42807bdd6476803b70b8566acd8e5c40aa
                    """,
                    """
                    05f4e2715c674684bdd49e089dab471743d203f89c4001f0abd0deb5b742352f
                    c85cd127616223800a49833c9536bef0
                    """,
                ],
                [
                    """
                    040165d1e63e89f2b9cac1fa3c8b967eef26b30ca11f27aa4b05a67778f5c21c33
                    b31e9e982508b4975deb0e1f0d0620ad3967894a30c34c33abe5d64a44c1a7adca
                    5f014934c053747d7b3b96838b8c3bce995d05c978cc92b9d864c4660271cdabbe
                    c67420bf11bfbda779190531e6fb085aa1bb87a3156295a250127037a5d150db13
                    28
                    """,
                    """
                    00e56e8518fa362e81de0f5234a70f8e2017cb436cfeefca34942535c779d27f63
                    5f37f405296bdaf484cd4064f5e561a5e35e54f29cb32a54e668e2dcd93ff3330f
                    """,
                ],
            ]))
    func largeCurvesGiveTheSecretsOfOpenSSL(
        _ algorithm: KeyAgreementAlgorithm, _ answers: [String]
    ) throws {
        // Randomness below the order is taken as the scalar less one.
        let count = algorithm == .nistP384 ? 48 : 65
        let scalar = [UInt8](repeating: 7, count: count - 1) + [6]
        let zeros = [UInt8](repeating: 0, count: algorithm.randomCount - scalar.count)
        let key = EphemeralKey(algorithm, random: SecretBytes(copying: zeros + scalar))
        let peer = hex(answers[0])
        #expect(try key.rawSharedSecret(with: peer[...]).copied() == hex(answers[1]))
    }

    // MARK: Keys of a connection

    /// Calculated by `openssl kdf SSHKDF`, for the letters A, C and E.
    private static let derived = [
        """
        fdb5f55275223d6ad66ac5e55245e4573f0c3fe903bde4b016483b11a3352413
        2e8a8d4559243b2404324a7c46ff76e61a36f236f03b660bfa31d4090aba1ef3
        """,
        """
        4cad90ea2283f0c4432142bea1b72eedd820aca94ff852cf9baabc7eab53575d
        655e708126c893581073f47a711565f0ba0910fac4cd7b5471e8e8d9202d3244
        """,
        """
        5c2cedd60405031fac94d89fd7c33f60b5e8ce53f184b336bf1ea1de0c18b174
        e5c43e0d8978ab8ef47bf9d3b27237c6ceb840ef5d3a365115e18631a32c343c
        """,
    ].map(hex)

    @Test func derivedKeysAreThoseOfOpenSSL() {
        let derivation = KeyDerivation(
            algorithm: .sha256, sharedSecret: SecretBytes(copying: [0, 0, 0, 32] + Array(0...31)),
            exchangeHash: Array(100...131)[...], sessionID: Array(200...231)[...])
        let counter = derivation.keys(.clientToServer, cipher: .aes256CTR, mac: .hmacSHA512)
        #expect(counter.initializationVector.copied() == Array(Self.derived[0].prefix(16)))
        #expect(counter.encryption.copied() == Array(Self.derived[1].prefix(32)))
        #expect(counter.mac.copied() == Self.derived[2])
        // Longer than the hash.
        let long = derivation.keys(.clientToServer, cipher: .chacha20Poly1305, mac: nil)
        #expect(long.encryption.copied() == Self.derived[1])
    }
}
