// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto
public import Wire

/// A file of keys that must never be trusted (`RevokedHostKeys`): public keys, one a line, or a key
/// revocation list.
public struct RevokedKeys: Sendable {
    private let content: Content

    private enum Content {
        case list(KeyRevocationList)
        /// Keys and authorities by their blobs.
        case keys(Set<Bytes>)
    }

    /// Reads a file.
    ///
    /// - Throws: for one that cannot be relied on. Whoever asks for it then trusts no key.
    public init(_ file: Bytes, path: String) throws(SSHConfigError) {
        guard file.count <= ConfigurationLimits.revokedKeysBytes else {
            throw SSHConfigError(.limitExceeded, "\(path) is larger than 64 MiB")
        }
        if file.starts(with: KeyRevocationList.magic) {
            do {
                content = .list(try KeyRevocationList(file))
            } catch {
                throw SSHConfigError(.syntax, "\(path): \(error)")
            }
            return
        }
        var keys: Set<Bytes> = []
        for (number, line) in Lines(of: file) {
            let fields = line.split(maxSplits: 2, whereSeparator: isSeparator)
            guard let first = fields.first, first.first != UInt8(ascii: "#") else { continue }
            let location = ConfigurationLocation(file: path, line: number)
            guard fields.count >= 2, let blob = try? Base64.decode(fields[1]) else {
                throw SSHConfigError(.syntax, at: location, "not a public key")
            }
            keys.insert(blob[...])
        }
        content = .keys(keys)
    }

    /// Whether a key is revoked: by itself, by its certificate, or by who signed that.
    public func contains(_ key: PublicKey, certificate: Certificate? = nil) -> Bool {
        switch content {
        case .list(let list): list.revokes(key, certificate: certificate)
        case .keys(let keys):
            keys.contains(key.blob[...])
                || certificate.map {
                    keys.contains($0.blob[...]) || keys.contains($0.authority.blob[...])
                } ?? false
        }
    }
}
