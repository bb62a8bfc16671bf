// SPDX-License-Identifier: Apache-2.0

import Wire

// Key files with one thing wrong, each: what a fuzzer that changes base64 text would hardly come upon.

/// A file for each thing that can be wrong.
func damagedKeyFiles() -> [[UInt8]] {
    damagedArmour.map { Array($0.utf8) } + damagedOpenSSHFiles() + damagedPKCS8Files()
        + damagedPublicFiles()
}

/// The text around the keys.
private let damagedArmour = [
    "", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n",
    "-----BEGIN OPENSSH PRIVATE KEY-----\n!\n-----END OPENSSH PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN DSA PRIVATE KEY-----", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
    "PuTTY-User-Key-File-3: ssh-ed25519", "ssh-ed25519 AAAA", "# comment\n\n \nssh-ed25519",
]

// MARK: OpenSSH's own format

private let point = [UInt8](repeating: 9, count: 32)

/// A key of one type, private or public: its name and strings.
private func fields(_ type: String, _ strings: [[UInt8]]) -> [UInt8] {
    var writer = WireWriter()
    writer.writeString(type)
    for string in strings { writer.writeString(string) }
    return writer.bytes
}

/// What is encrypted, or not: two check numbers, the key, a comment, and padding.
private func privatePart(
    _ key: [UInt8], checks: (UInt32, UInt32) = (7, 7), padding: UInt8 = 1
) -> [UInt8] {
    var writer = WireWriter()
    writer.write(checks.0)
    writer.write(checks.1)
    writer.writeBytes(key)
    writer.writeString("comment")
    var next = padding
    while !writer.count.isMultiple(of: 8) {
        writer.write(next)
        next += 1
    }
    return writer.bytes
}

private func openSSHFile(
    cipher: String = "none", derivation: String = "none", parameters: [UInt8] = [],
    keys: UInt32 = 1, public publicKey: [UInt8] = fields("ssh-ed25519", [point]),
    private privatePart: [UInt8] = privatePart(fields("ssh-ed25519", [point, point + point])),
    behind: [UInt8] = []
) -> [UInt8] {
    var writer = WireWriter()
    writer.writeBytes("openssh-key-v1\0".utf8)
    writer.writeString(cipher)
    writer.writeString(derivation)
    writer.writeString(parameters)
    writer.write(keys)
    writer.writeString(publicKey)
    writer.writeString(privatePart)
    writer.writeBytes(behind)
    return armoured(writer.bytes, "OPENSSH PRIVATE KEY")
}

private func armoured(_ content: [UInt8], _ label: String) -> [UInt8] {
    Array("-----BEGIN \(label)-----\n\(Base64.encode(content))\n-----END \(label)-----\n".utf8)
}

private func damagedOpenSSHFiles() -> [[UInt8]] {
    func derivation(salt: [UInt8], rounds: UInt32) -> [UInt8] {
        var writer = WireWriter()
        writer.writeString(salt)
        writer.write(rounds)
        return writer.bytes
    }
    let usual = derivation(salt: point, rounds: 1)
    let curve = Array("nistp256".utf8)
    let ecdsa = "ecdsa-sha2-nistp256"
    let privateKeys = [
        fields("ssh-ed25519", [point, point]), fields("ssh-dss", [point]),
        fields(ecdsa, [Array("nistp384".utf8), point, [1]]), fields(ecdsa, [curve, point, [1]]),
        fields("ssh-rsa", [[1, 1], [3], [1], [1], [1], [1]]),
        fields("ssh-rsa", [[1, 1], [3], [1], [1], [1, 1], [1, 3]]),
        fields("sk-ssh-ed25519@openssh.com", [point, Array("ssh:".utf8)]),
    ]
    return [
        armoured(Array("openssh-key-v2\0".utf8), "OPENSSH PRIVATE KEY"),
        openSSHFile(derivation: "bcrypt"), openSSHFile(parameters: [1]), openSSHFile(keys: 2),
        openSSHFile(cipher: "aes999-ctr", derivation: "bcrypt", parameters: usual),
        openSSHFile(cipher: "aes256-ctr", derivation: "scrypt", parameters: usual),
        openSSHFile(
            cipher: "aes256-ctr", derivation: "bcrypt",
            parameters: derivation(salt: [], rounds: 1)),
        openSSHFile(
            cipher: "aes256-ctr", derivation: "bcrypt",
            parameters: derivation(salt: point, rounds: 5_001)),
        openSSHFile(cipher: "aes256-ctr", derivation: "bcrypt", parameters: usual + [0]),
        openSSHFile(private: []), openSSHFile(private: [1]), openSSHFile(behind: [1]),
        openSSHFile(public: fields("ssh-dss", [point])), openSSHFile(public: []),
        openSSHFile(
            private: privatePart(fields("ssh-ed25519", [point, point + point]), checks: (1, 2))),
        openSSHFile(
            private: privatePart(fields("ssh-ed25519", [point, point + point]), padding: 3)),
    ] + privateKeys.map { openSSHFile(private: privatePart($0)) }
}

// MARK: PKCS #8

/// A value of ASN.1, its length written in one byte.
private func der(_ tag: UInt8, _ content: [UInt8]...) -> [UInt8] {
    let content = Array(content.joined())
    return [tag, UInt8(content.count)] + content
}

/// Encrypted keys whose encryption is described in ways that nobody should believe.
private func damagedPKCS8Files() -> [[UInt8]] {
    let pbes2 = der(0x06, [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0D])
    let scrypt = der(0x06, [0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x04, 0x0B])
    let other = der(0x06, [0x2A, 3])
    func file(_ algorithm: [UInt8]...) -> [UInt8] {
        armoured(
            der(0x30, der(0x30, Array(algorithm.joined())), der(0x04, [1])),
            "ENCRYPTED PRIVATE KEY")
    }
    func scryptFile(_ numbers: [UInt8]...) -> [UInt8] {
        let parameters = der(0x30, der(0x04, [1]), Array(numbers.joined()))
        return file(pbes2, der(0x30, der(0x30, scrypt, parameters)))
    }
    let large = der(0x02, [0x7F, 0xFF, 0xFF, 0xFF])
    return [
        scryptFile(der(0x02, [1]), der(0x02, [8]), der(0x02, [1])),
        scryptFile(large, large, large), scryptFile(large, der(0x02, [1]), der(0x02, [1])),
        scryptFile(der(0x02, [0x80])), scryptFile(der(0x02, [1, 2, 3, 4, 5])),
        file(other, der(0x30, der(0x04, [1]), der(0x02, [1]))), file(other, der(0x30, large)),
        file(pbes2, [0x30, 0x81]), file(pbes2, [0x30, 0x84, 0, 0, 0, 1]),
        file(pbes2, [0x30, 0x82, 0, 9, 1]), file([0x30]), file(),
    ]
}

// MARK: Public keys and certificates

private func damagedPublicFiles() -> [[UInt8]] {
    func file(_ type: String, _ blob: [UInt8]) -> [UInt8] {
        Array("# comment\n\n\(type) \(Base64.encode(blob)) \t\r\n".utf8)
    }
    func key(_ type: String, _ strings: [UInt8]...) -> [UInt8] {
        file(type, fields(type, strings))
    }
    let large = [UInt8](repeating: 0xFF, count: 32)
    let modulus = [0] + [UInt8](repeating: 0xFF, count: 128)
    return [
        key("ssh-ed25519", [1]), key("ssh-ed25519", large), key("ssh-ed25519", point, [1]),
        key("ssh-ed25519", large.dropLast() + [0x7F]),
        key("ssh-ed25519", [0xEC] + large.dropFirst().dropLast() + [0x7F]),
        key("ecdsa-sha2-nistp256", Array("nistp384".utf8), point),
        key("ecdsa-sha2-nistp256", Array("nistp256".utf8), point),
        key("ssh-rsa", [3], [3]), key("ssh-rsa", [UInt8](repeating: 1, count: 9), modulus),
        key("ssh-rsa", [2], modulus), key("ssh-rsa", [3], modulus.dropLast() + [0xFE]),
        key("ssh-rsa", [3], modulus), key("ssh-dss", [1]),
        file("ssh-rsa", fields("ssh-ed25519", [point])),
        Array("ssh-ed25519 !".utf8),
    ] + damagedCertificates().map { file("ssh-ed25519-cert-v01@openssh.com", $0) }
}

private func damagedCertificates() -> [[UInt8]] {
    func certificate(
        kind: UInt32 = 2, principals: [UInt8] = [], options: [UInt8] = [],
        authority: [UInt8] = fields("ssh-ed25519", [[UInt8](repeating: 1, count: 32)])
    ) -> [UInt8] {
        var writer = WireWriter()
        writer.writeBytes(fields("ssh-ed25519-cert-v01@openssh.com", [[], point]))
        writer.write(UInt64(1))
        writer.write(kind)
        writer.writeString("id")
        writer.writeString(principals)
        writer.write(UInt64(0))
        writer.write(UInt64.max)
        for field in [options, options, [], authority] { writer.writeString(field) }
        writer.writeString(fields("ssh-ed25519", [point + point]))
        return writer.bytes
    }
    var manyPrincipals = WireWriter()
    for _ in 0...256 { manyPrincipals.writeString("a") }
    var options = WireWriter()
    for text in ["force-command", "x"] { options.writeString(text) }
    return [
        certificate(), certificate(kind: 3), certificate(principals: [1]),
        certificate(principals: manyPrincipals.bytes), certificate(options: options.bytes),
        certificate(options: [1]), certificate(authority: fields("ssh-dss", [])),
        certificate() + [1],
    ]
}
