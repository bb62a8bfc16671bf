// SPDX-License-Identifier: Apache-2.0

import PostQuantum
import SSHCrypto
import Testing
import Wire

/// ML-KEM-768 as another implementation (OpenSSL's) knows it, for the seed 0, 1, 2, … 63.
@Suite struct MLKEMTests {
    private static let random = Array(UInt8(0)...63) + [UInt8](repeating: 7, count: 32)

    private static func key() -> EphemeralKey {
        EphemeralKey(
            .mlkem768X25519, random: SecretBytes(copying: random), mlkem: .swiftCrypto)
    }

    @Test func theSeedGivesThePublicKeyThatOpenSSLMakes() {
        let value = Self.key().publicValue
        #expect(value.count == MLKEM768.publicKeyCount + 32)
        let digest = HashAlgorithm.sha256.digest(of: value.prefix(MLKEM768.publicKeyCount))
        let text = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(text == "0b7934c83125c788995e2ba6bd761e33046b3e40571be53e023309a29f398cc9")
    }

    /// What OpenSSL encapsulated, and the secret that it had.
    private static let ciphertext = """
        DoBlTTPDH4f/p9oel42cZmU3KQ4VV7SdM22fj0yi0eRSd6w6i6iwu7INDFwozwG9nAapAt/Ip56s
        hjd6L7BzMz9U6uzvHLyXC9s/qztfd7qZfeq7LjEf+kX5D+CO4WxKpIlNRDg6q4RUV0Vi9dq/QUBP
        orV5pOG/Akjx5iYTPVI20sc6qX1sSWNADYi6R8ar4K2+t25Z4w+MTjVSzbzi7rsU9nghkakh6SDH
        6+87uAJ1QAclJc0k9wq+/BLobgACVnjXOmAtP3VoRptWetaHLwC0r+hxatuPvlZeI1q6pSiIgYWp
        29QDuyhqB5oCcPDdRJPKDpQVEfgugBdFr9Os2u/jysyy0SAZn+hxu6c1aBS7Fb0730E7T4oGpwaA
        7ryG7FM+clpYB9MuGkCkK01ZhGvJh/EsEhihz6TXINTJZpqD9C5jrM8X+bx31bc3D/BpLTbTJc1E
        7tTAQRUpt/YDhje0F3gStvLL6qHKC8GjoFjDY/FklutoxWZWiD6GWUHsl6cfOAQymauXxIkPF9Ki
        WYJxdn7I24fBnl/UJqPzn5nqUerW9JDN/tM0zJ3F2CyyzlVzZVup6G3o5UTRZDR3ObG5ZQmWy4MH
        Vs5OGBA2TDVrJ0aqUgba2i9tAV8rtfoi+v+IroYnGf6PH1B2gmzxj37/e0kXbfwWaAqP+xF0EBC/
        csjMnVoaelvXYgEtceGu5oFIHxhIAez/wNnD7SkFADFW0ZYTE7e3TMHpohWp9t2eKwuN5akoh1Ax
        dNv3X0jqFA/2hRwxcXNEn8Nx7Heq6FGWpIRVlNm6WoypLBSYhnRN+fAkOLlISRojnWf6Ozu+DVjR
        TUrY1DkhpmaHs1u77a78+F2lA6qRzPFOEz9K7eaX46UYtWDpz02z16BHJFf7vYVtT4Ql89NhUulX
        Sh78WrCEIaM0narFSfpA0lAlNz46o//WybAw9PJFq+vii9i/vBZDRZ1zhUt9m99SOrFeNJi6lO4d
        Tdfm+lR2qoDbcBbzmmr4ySBOLO8QunX6yu6uQzPJYgzrVDr4/ba3YkEAX/4Q3AY2iMdAipyFd4uy
        Tib+63sCY6OhH3C/ZEy+R847cr68GM4Fw0JhSZrfAJeSOloAj13ba7Hb/hXViFUeuCd/tAHojUVa
        flt8yQ5+bVqCSkQIAhGV68VlD62IOv+SBKwa399Ub3dUl6BdUqh8+QvShpAN5d00EpBJhgX4jMNS
        WNXsR8EuSsNJYK2tOoRzXDfdpLJWK2vJ7n2zqsPGJP2BbKimUuaA2BgKLTcr75n8jpV4XetFzr7c
        y8fOr3UcZWwbMsXvTZWL6WQfpahujNwmKkFryCOCmY0fPF/yZvOAYK+S0Rn/4v1KVNMeBn8hV+9K
        IXEgBvPTL61+iBqCEQ4jzZWChwN9nGoGb2tAsJKEEa4dMTsB7iaFv4SYdGMrD+on62LwJnQ1UZa6
        1mIPqaM=
        """
    private static let secret: [UInt8] = [
        0xc3, 0x80, 0x6a, 0x7b, 0xe1, 0x93, 0x14, 0x2d, 0xfb, 0x36, 0xc4, 0x44,
        0x47, 0x8b, 0x9a, 0x22, 0x15, 0x95, 0x93, 0x75, 0xe4, 0x7b, 0xc2, 0xc3,
        0x70, 0xb2, 0x1e, 0xb6, 0x0e, 0xa9, 0xc9, 0xbf,
    ]
    /// The secret that FIPS 203 section 6.3 has for a ciphertext whose first bit is another.
    private static let rejection: [UInt8] = [
        0x58, 0x40, 0xc6, 0x5b, 0x5b, 0xc4, 0x62, 0x2b, 0x33, 0x99, 0x65, 0xe6,
        0xc0, 0x64, 0x7f, 0xf4, 0xd4, 0x01, 0x90, 0xc9, 0x38, 0x9d, 0xc8, 0x97,
        0x69, 0x59, 0x91, 0xfa, 0x9a, 0xf0, 0x9c, 0x47,
    ]

    @Test(arguments: [false, true])
    func whatOpenSSLEncapsulatedGivesTheHybridSecret(isChanged: Bool) throws {
        var ciphertext = try Base64.decode(Self.ciphertext.utf8.filter { $0 > 32 })
        if isChanged { ciphertext[0] ^= 1 }
        let peerRandom = SecretBytes(copying: (1...32 as ClosedRange<UInt8>).map { $0 })
        let peer = EphemeralKey(.curve25519, random: peerRandom)
        let point = peer.publicValue
        // The secret of X25519 alone, from its mpint.
        let ours = EphemeralKey(
            .curve25519, random: SecretBytes(copying: Self.random.suffix(32)))
        var reader = WireReader(
            try ours.sharedSecret(with: point[...]).withSpan { span in span.indices.map { span[$0] }
            })
        let digits = Array(try reader.readMPInt())
        let outer = [UInt8](repeating: 0, count: 32 - digits.count) + digits
        let expected = HashAlgorithm.sha256.digest(
            of: ((isChanged ? Self.rejection : Self.secret) + outer)[...])
        // A string, where other methods have an mpint.
        let secret = try Self.key().sharedSecret(with: (ciphertext + point)[...]).withSpan { span in
            span.indices.map { span[$0] }
        }
        #expect(secret == [0, 0, 0, 32] + expected)
    }

    @Test func bothRolesArriveAtTheSameSecret() throws {
        let client = Self.key()
        let value = client.publicValue
        let answer = try KeyAgreementAnswer(
            to: value[...], .mlkem768X25519,
            random: SecretBytes(copying: [UInt8](repeating: 9, count: 96)), mlkem: .swiftCrypto)
        let answerValue = answer.publicValue
        let theirs = answer.takeSecret().withSpan { span in span.indices.map { span[$0] } }
        let secret = try client.sharedSecret(with: answerValue[...])
        #expect(secret.withSpan { span in span.indices.map { span[$0] } } == theirs)
    }

    @Test func valuesOfOtherLengthsAndKeysOutOfRangeAreRefused() throws {
        let value = Self.key().publicValue
        // A coefficient that is not reduced modulo 3329 (FIPS 203 section 7.2).
        var unreduced = value
        for index in 0..<3 { unreduced[index] = 0xFF }
        for bad in [[], value.dropLast(), value + [0], unreduced] as [[UInt8]] {
            #expect(throws: KeyAgreementError.invalidPublicValue) {
                _ = try KeyAgreementAnswer(
                    to: bad[...], .mlkem768X25519, random: SecretBytes(copying: Self.random),
                    mlkem: .swiftCrypto)
            }
        }
        for count in [0, 1119, 1121] {
            #expect(throws: KeyAgreementError.invalidPublicValue) {
                _ = try Self.key().sharedSecret(with: Bytes(repeating: 1, count: count))
            }
        }
    }
}
