// SPDX-License-Identifier: Apache-2.0

internal import Wire

/// The lines around the base64 text of a private key file, which tell its format.
enum KeyFileArmour {
    /// What stands around a file in OpenSSH's own format.
    static let openSSHLabel = "OPENSSH PRIVATE KEY"
    /// What stands around an encrypted file in PKCS#8 format (RFC 7468 section 11).
    static let encryptedPKCS8Label = "ENCRYPTED PRIVATE KEY"

    /// What a file looks like.
    enum Format {
        case openSSH
        /// PEM, which libcrypto reads.
        case pem(isEncrypted: Bool)
        /// Something else; the text says what, and what to do about it.
        case other(String)
    }

    private static let pemLabels = ["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"]

    /// How files begin that are often taken for private keys that ssh reads.
    private static let otherFormats: [(beginning: String, text: String)] = [
        ("-----BEGIN DSA PRIVATE KEY-----", "a DSA key, which SSH has given up"),
        (
            "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY",
            "an ssh.com key; convert it with: ssh-keygen -i -f FILE"
        ),
        ("PuTTY-User-Key-File-", "a PuTTY key; convert it with: puttygen -O private-openssh-new"),
        ("ssh-", "a public key, not a private one"),
        ("ecdsa-", "a public key, not a private one"),
        ("sk-", "a public key, not a private one"),
    ]

    /// Tells the format from the first line that says it.
    static func format(of file: Span<UInt8>) -> Format {
        if range(of: line("BEGIN", openSSHLabel), in: file) != nil { return .openSSH }
        for format in otherFormats where range(of: Array(format.beginning.utf8), in: file) == 0 {
            return .other(format.text)
        }
        if range(of: line("BEGIN", encryptedPKCS8Label), in: file) != nil {
            return .pem(isEncrypted: true)
        }
        for label in pemLabels where range(of: line("BEGIN", label), in: file) != nil {
            // RFC 1421 section 4.6.1.1, as OpenSSL has written it since its beginnings.
            let isEncrypted = range(of: Array("Proc-Type: 4,ENCRYPTED".utf8), in: file) != nil
            return .pem(isEncrypted: isEncrypted)
        }
        return .other("not a private key file")
    }

    /// The bytes that the base64 text between the lines of a label stands for; the caller wipes them.
    static func content(of file: Span<UInt8>, label: String) throws(KeyError) -> [UInt8] {
        let (first, last) = (line("BEGIN", label), line("END", label))
        guard let start = range(of: first, in: file),
            let end = range(of: last, in: file.extracting((start + first.count)...))
        else { throw .invalid("the file does not end as a private key") }
        let body = file.extracting((start + first.count)...).extracting(..<end)
        var text = [UInt8](capacity: body.count) { output in
            for index in body.indices where !isSpace(body[index]) { output.append(body[index]) }
        }
        defer { wipe(&text) }
        do {
            return try Base64.decode(text)
        } catch {
            throw .wire(error)
        }
    }

    private static func line(_ kind: String, _ label: String) -> [UInt8] {
        Array("-----\(kind) \(label)-----".utf8)
    }

    /// Where `text` begins in a file, first.
    private static func range(of text: [UInt8], in file: Span<UInt8>) -> Int? {
        guard file.count >= text.count else { return nil }
        for start in 0...(file.count - text.count) where file[start] == text[0] {
            if text.indices.allSatisfy({ file[start + $0] == text[$0] }) { return start }
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (UInt8(ascii: "\t")...UInt8(ascii: "\r")).contains(byte)
    }
}
