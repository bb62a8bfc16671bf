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
        seeds: { (keyFileSeeds + certificateSeeds).map { Array($0.utf8) } + damagedKeyFiles() },
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
        seeds: { [revocationList(), Array(certificateSeeds[0].utf8)] },
        run: { input in
            guard let list = try? RevokedKeys(input, path: "list") else { return }
            guard let file = try? PublicKeyFile(Bytes(certificateSeeds[0].utf8)),
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
