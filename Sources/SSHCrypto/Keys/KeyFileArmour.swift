// SPDX-License-Identifier: Apache-2.0

internal import Wire

/// The lines around the base64 text of a private key file, and what other formats have there.
enum KeyFileArmour {
    // Without white space, as it is removed from the whole file first.
    private static let beginning = Array("-----BEGINOPENSSHPRIVATEKEY-----".utf8)
    private static let end = Array("-----ENDOPENSSHPRIVATEKEY-----".utf8)

    private static let conversion = "convert it with: ssh-keygen -p -f FILE"

    /// How files begin that are often taken for OpenSSH's, and what to tell their owners.
    private static let otherFormats: [(beginning: String, text: String)] = [
        ("-----BEGINRSAPRIVATEKEY-----", "an RSA key in PEM format; \(conversion)"),
        ("-----BEGINECPRIVATEKEY-----", "an ECDSA key in PEM format; \(conversion)"),
        ("-----BEGINDSAPRIVATEKEY-----", "a DSA key, which SSH has given up"),
        ("-----BEGINPRIVATEKEY-----", "a key in PKCS#8 format; \(conversion)"),
        ("-----BEGINENCRYPTEDPRIVATEKEY-----", "a key in PKCS#8 format; \(conversion)"),
        ("PuTTY-User-Key-File-", "a PuTTY key; convert it with: puttygen -O private-openssh-new"),
        ("ssh-", "a public key, not a private one"),
        ("ecdsa-", "a public key, not a private one"),
    ]

    /// The bytes that the base64 text stands for; the caller wipes them.
    static func remove(from file: Span<UInt8>) throws(KeyError) -> [UInt8] {
        var text = [UInt8](capacity: file.count) { output in
            for index in file.indices where !isSpace(file[index]) { output.append(file[index]) }
        }
        defer { wipe(&text) }
        guard text.starts(with: beginning) else { throw .unsupportedFormat(describe(text)) }
        guard text.count >= beginning.count + end.count, text.suffix(end.count) == end[...] else {
            throw .invalid("the file does not end as a private key")
        }
        do {
            return try Base64.decode(text[beginning.count..<text.count - end.count])
        } catch {
            throw .wire(error)
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (UInt8(ascii: "\t")...UInt8(ascii: "\r")).contains(byte)
    }

    private static func describe(_ text: [UInt8]) -> String {
        for format in otherFormats where text.starts(with: format.beginning.utf8) {
            return format.text
        }
        return "not a private key file"
    }
}
