// SPDX-License-Identifier: Apache-2.0

public import Wire

/// A file that holds a public key or a certificate: a `.pub` or `-cert.pub` file of ssh-keygen(1).
public struct PublicKeyFile: Sendable {
    /// What the file holds.
    public let content: Content
    /// What stands behind the key; mostly who made it, and where.
    public let comment: String

    /// What a file may hold.
    public enum Content: Sendable {
        /// A key as it is.
        case key(PublicKey)
        /// A key with what an authority says about it.
        case certificate(Certificate)
    }

    /// Reads the first key of a file: type, base64, comment.
    ///
    /// Empty lines and those that begin with `#` don't count.
    ///
    /// - Throws: a `KeyError`.
    public init(_ file: Bytes) throws(KeyError) {
        guard file.count <= KeyLimits.keyFileBytes else {
            throw .invalid("a file of \(file.count) bytes")
        }
        for line in file.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(maxSplits: 2, whereSeparator: Self.isBlank)
            guard let type = fields.first, type.first != UInt8(ascii: "#") else { continue }
            guard fields.count >= 2 else { break }
            self = try Self(type: type, text: fields[1], comment: fields.dropFirst(2).first ?? [])
            return
        }
        throw .unsupportedFormat("not a public key file")
    }

    private init(type: Bytes, text: Bytes, comment: Bytes) throws(KeyError) {
        let end = comment.lastIndex { !Self.isBlank($0) } ?? comment.startIndex - 1
        self.comment = String(decoding: comment[...end], as: UTF8.self)
        let blob: [UInt8]
        do { blob = try Base64.decode(text) } catch { throw .wire(error) }
        // The type stands in front for people; what counts is the one inside.
        var reader = KeyReader(blob[...])
        guard try reader.string() == type else {
            throw .invalid("its type is not the one named before it")
        }
        if Certificate.keyType(ofBlob: blob[...]) != nil {
            content = .certificate(try Certificate(blob: blob[...]))
        } else {
            content = .key(try PublicKey(blob: blob[...]))
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
}

extension PublicKeyFile {
    /// The key; for a certificate, the one that it is about.
    public var key: PublicKey {
        switch content {
        case .key(let key): key
        case .certificate(let certificate): certificate.publicKey
        }
    }
}
