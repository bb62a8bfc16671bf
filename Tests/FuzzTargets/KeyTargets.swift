// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto
import Wire

extension FuzzTarget {
    /// Files that may hold a key: private ones in every format, public ones, certificates.
    ///
    /// No passphrase is tried, since taking long is what it is for.
    static let keyFiles = FuzzTarget(
        name: "key-files",
        seeds: { keyFileSeeds.map { Array($0.utf8) } },
        run: { input in
            if let key = try? PrivateKeyFile(input.span).privateKey() { checkSigning(by: key) }
            guard let file = try? PublicKeyFile(input) else { return }
            _ = file.key.picture()
            if case .certificate(let certificate) = file.content {
                _ = certificate.faultAsHost(
                    at: 1, signatureAlgorithms: SignatureAlgorithm.standard
                ) { wildcard($0, matches: "host") }
            }
        })

    /// Lists of revoked keys, as text and as KRL.
    static let revokedKeys = FuzzTarget(
        name: "revoked-keys",
        seeds: { [revocationList(), Array(keyFileSeeds[3].utf8)] },
        run: { input in
            guard let list = try? RevokedKeys(input, path: "list") else { return }
            guard let file = try? PublicKeyFile(Bytes(keyFileSeeds[3].utf8)),
                case .certificate(let certificate) = file.content
            else { preconditionFailure("the seed is no certificate") }
            _ = list.contains(certificate.publicKey, certificate: certificate)
        })
}

/// A key that could be read can sign, and its public half knows the signature.
private func checkSigning(by key: PrivateKey) {
    guard let algorithm = key.publicKey.type.signatureAlgorithms.first else { return }
    let signature = try? key.sign([1, 2, 3], algorithm: algorithm)
    precondition(
        signature.map {
            key.publicKey.verify(signature: $0[...], data: [1, 2, 3], algorithm: algorithm)
                == .valid
        } ?? false, "a key whose signatures are not valid")
    _ = key.agentFields()
}

/// A list with every kind of section.
private func revocationList() -> [UInt8] {
    func strings(_ values: [[UInt8]]) -> [UInt8] {
        var writer = WireWriter()
        for value in values { writer.writeString(value) }
        return writer.bytes
    }
    var serials = WireWriter()
    for (kind, numbers) in [(0x20, [1, 5]), (0x21, [7, 9])] as [(UInt8, [UInt64])] {
        var content = WireWriter()
        for number in numbers { content.write(number) }
        serials.write(kind)
        serials.writeString(content.bytes)
    }
    var bitmap = WireWriter()
    bitmap.write(UInt64(20))
    bitmap.writeMPInt([1, 2])
    serials.write(UInt8(0x22))
    serials.writeString(bitmap.bytes)
    serials.write(UInt8(0x23))
    serials.writeString(strings([Array("id".utf8)]))
    let `extension` = strings([Array("x".utf8)]) + [0] + strings([[]])
    serials.write(UInt8(0x39))
    serials.writeString(`extension`)

    var writer = WireWriter()
    writer.writeBytes("SSHKRL\n\0".utf8)
    writer.write(UInt32(1))
    for number in [1, 2, 0] as [UInt64] { writer.write(number) }
    for text in ["", "comment"] { writer.writeString(text) }
    for (kind, content) in [
        (1, strings([[], []]) + serials.bytes), (2, strings([[1, 2, 3]])),
        (3, strings([[UInt8](repeating: 1, count: 20)])),
        (5, strings([[UInt8](repeating: 1, count: 32)])), (255, `extension`), (4, [1]),
    ] as [(UInt8, [UInt8])] {
        writer.write(kind)
        writer.writeString(content)
    }
    writer.writeString("signature")
    return writer.bytes
}

/// Made by ssh-keygen and openssl for this, and for nothing else.
private let keyFileSeeds = [
    """
    -----BEGIN OPENSSH PRIVATE KEY-----
    b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABC4S4u2WP
    67sPeMnuUwQLulAAAAAQAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIDNpmkUUVgBPL1KV
    /6TmmcoCArp967nK37A1W2lBT5D4AAAAkBwWTM6/Dz5i4ckClZtPaEDAU/6EptV2uC3bBE
    FudtK00v818MpKMy72VrWBlhSginBuLLLO8w2PLC+jXQrRiTcSRHgZRK8CZoqih1HlEEZy
    xaUB9ydxZ1vI/OYdcf3h0mo/JvklNMfHutP2wiUVBg6yp+7H5JYKk5tUVqQcS6KQmC8iUj
    KuUkO+BRunSLfEsg==
    -----END OPENSSH PRIVATE KEY-----
    """,
    """
    -----BEGIN EC PRIVATE KEY-----
    MHcCAQEEIJ7A7kUiOIeIJuP9bahzhmTCXAe5qpJvZtAsMfFU/XhToAoGCCqGSM49
    AwEHoUQDQgAEpRzXI0NLRD4lS2vXtoVfMOV8XqBmyAYTj9XPyOp1YunW3T3N3gLU
    EuHNlbf0MO3hey8h6BE5M7eQTme349IzRA==
    -----END EC PRIVATE KEY-----
    """,
    """
    -----BEGIN ENCRYPTED PRIVATE KEY-----
    MIHrMFYGCSqGSIb3DQEFDTBJMCgGCSqGSIb3DQEFDDAbBAj9UMVcMbRgqQIBATAM
    BggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQ1BwGIl7cKoDJNHeFZu/+BwSBkHTA
    qxw8GKFLrYcoAkkPKu04GIdiiYGg5xkWZDJXjntP++BvjU2+ICgP92qWf5Zq50+L
    R87u2oVekUpIiGUQenqzCfjZurOuOIWYGNfRMUbwQk6iZn82H1c7ktJSHaK+BbHB
    axnV+Lv3ldaIdpb8aPWmMrWj5svj8aAQW6j6KBqFm3FkTZTVGYYE+E4pf3/fqA==
    -----END ENCRYPTED PRIVATE KEY-----
    """,
    "ecdsa-sha2-nistp256-cert-v01@openssh.com "
        + "AAAAKGVjZHNhLXNoYTItbmlzdHAyNTYtY2VydC12MDFAb3BlbnNzaC5jb20AAAAgu8x4zqB6x2X+"
        + "IdrVaGcF1YhZHwJOiAQPiuGXAMPFT+EAAAAIbmlzdHAyNTYAAABBBKUc1yNDS0Q+JUtr17aFXzDl"
        + "fF6gZsgGE4/Vz8jqdWLp1t09zd4C1BLhzZW39DDt4XsvIegROTO3kE5nt+PSM0QAAAAAAAAABQAA"
        + "AAIAAAACaWQAAAAIAAAABGhvc3QAAAAAAAAAAP//////////AAAAAAAAAAAAAAAAAAAAMwAAAAtz"
        + "c2gtZWQyNTUxOQAAACAzaZpFFFYATy9Slf+k5pnKAgK6feu5yt+wNVtpQU+Q+AAAAFMAAAALc3No"
        + "LWVkMjU1MTkAAABAxwIWd7evW04mxmI7XvttJFoIIe0MXP3uvslqEPoTLF0CVHzTJBc0iBFbgThh"
        + "ZesR9tRyRZPKW62IVv26SnkkAw=="
        + " comment",
    fuzzKeyText,
]
