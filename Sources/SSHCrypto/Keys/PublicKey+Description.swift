// SPDX-License-Identifier: Apache-2.0

internal import Wire

// What people are shown of a key.
extension PublicKey {
    /// The key's name as `ssh-keygen -l` prints it: `SHA256:` and unpadded base64.
    public var fingerprint: String { fingerprint(.sha256) }

    /// The key's name by a hash, as `ssh-keygen -l -E` prints it: unpadded base64, and for MD5 bytes in
    /// hexadecimal with colons between.
    public func fingerprint(_ hash: HashAlgorithm) -> String {
        let digest = hash.digest(of: blob[...])
        guard hash == .md5 else {
            return "\(hash.name):" + Base64.encode(digest).prefix { $0 != "=" }
        }
        let pairs = digest.map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return "\(hash.name):" + pairs.joined(separator: ":")
    }

    /// The kind of key: `ED25519`, `ECDSA`, `RSA`, and so on.
    public var kindName: String { type.kindName }

    /// The length of an RSA key in bits; nil for other types.
    public var rsaBits: Int? { type == .rsa ? bits : nil }

    /// The length of the key in bits.
    public var bits: Int {
        switch type {
        case .ed25519, .securityKeyEd25519, .ecdsaP256, .securityKeyECDSA: 256
        case .ecdsaP384: 384
        case .ecdsaP521: 521
        case .rsa: handle.bitCount
        }
    }

    /// The key as a picture, in which a change shows better than in a fingerprint: the path of a
    /// bishop over a board, moved by the bits of the hash, as OpenSSH draws it (`VisualHostKey`).
    public func picture(_ hash: HashAlgorithm = .sha256) -> String {
        // How often a square was visited; the last two are where the path begins and ends.
        let symbols = Array(" .o+=*BOX@%&#/^SE")
        let (width, height) = (17, 9)
        var visits = [Int](repeating: 0, count: width * height)
        var (column, row) = (width / 2, height / 2)
        for byte in hash.digest(of: blob[...]) {
            for shift in stride(from: UInt8(0), to: 8, by: 2) {
                column = min(max(column + (byte >> shift & 1 == 1 ? 1 : -1), 0), width - 1)
                row = min(max(row + (byte >> shift & 2 == 2 ? 1 : -1), 0), height - 1)
                let square = row * width + column
                visits[square] = min(visits[square] + 1, symbols.count - 3)
            }
        }
        visits[height / 2 * width + width / 2] = symbols.count - 2
        visits[row * width + column] = symbols.count - 1
        func border(_ title: String) -> String {
            let left = String(repeating: "-", count: (width - title.count) / 2)
            let right = String(repeating: "-", count: width - left.count - title.count)
            return "+\(left)\(title)\(right)+"
        }
        let title = "[\(kindName) \(bits)]"
        let rows = (0..<height).map { row in
            "|" + String((0..<width).map { symbols[visits[row * width + $0]] }) + "|"
        }
        let lines =
            [border(title.count <= width ? title : "[\(kindName)]")] + rows + [
                border("[\(hash.name)]")
            ]
        return lines.joined(separator: "\n")
    }
}

extension KeyType {
    /// The kind of key as people are told it: `ED25519`, `ECDSA`, `RSA`, and so on.
    public var kindName: String {
        switch self {
        case .ed25519: "ED25519"
        case .ecdsaP256, .ecdsaP384, .ecdsaP521: "ECDSA"
        case .rsa: "RSA"
        case .securityKeyEd25519: "ED25519-SK"
        case .securityKeyECDSA: "ECDSA-SK"
        }
    }
}
