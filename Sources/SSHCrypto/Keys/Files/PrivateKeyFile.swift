// SPDX-License-Identifier: Apache-2.0

/// A file that holds a private key, in any of the formats that ssh reads: OpenSSH's own (PROTOCOL.key),
/// and in PEM form PKCS#1 for RSA, SEC 1 for ECDSA, and PKCS#8 (RFC 5958), each encrypted or not.
///
/// It can be looked at without the passphrase; ``privateKey(passphrase:)`` may then be tried more than
/// once. Keys that are derived from passphrases on purpose take time: not to be done on a loop.
public final class PrivateKeyFile: Sendable {
    /// The public half, where it can be told without a passphrase.
    public let publicKey: PublicKey?
    /// Whether a passphrase is needed.
    public let isEncrypted: Bool

    private let content: Content

    private enum Content: ~Copyable, Sendable {
        case openSSH(OpenSSHKeyFile)
        case pem(PEMKeyFile)
    }

    /// Reads a file up to where a passphrase would be needed.
    ///
    /// What is copied out of `file` is wiped; `file` itself is the caller's to wipe.
    ///
    /// - Throws: `KeyError.unsupportedFormat` for a file of another kind, as a PuTTY key, and other
    ///   `KeyError`s for a damaged one.
    public init(_ file: Span<UInt8>) throws(KeyError) {
        guard file.count <= KeyLimits.keyFileBytes else {
            throw .invalid("a file of \(file.count) bytes")
        }
        switch KeyFileArmour.format(of: file) {
        case .openSSH:
            var bytes = try KeyFileArmour.content(of: file, label: KeyFileArmour.openSSHLabel)
            defer { wipe(&bytes) }
            let content = try OpenSSHKeyFile(bytes[...])
            publicKey = try content.publicKey
            isEncrypted = content.encryption != nil
            self.content = .openSSH(content)
        case .pem(let isEncrypted):
            let content = try PEMKeyFile(file)
            // A wrong key shows here already, as in a file of the other format.
            publicKey = isEncrypted ? nil : try content.privateKey().publicKey
            self.isEncrypted = isEncrypted
            self.content = .pem(content)
        case .other(let text): throw .unsupportedFormat(text)
        }
    }

    /// The key of a file that is not encrypted.
    ///
    /// - Throws: `KeyError.passphraseRequired` for one that is, and other `KeyError`s.
    public func privateKey() throws(KeyError) -> PrivateKey {
        guard !isEncrypted else { throw .passphraseRequired }
        switch content {
        case .openSSH(let file): return try file.privateKey()
        case .pem(let file): return try file.privateKey()
        }
    }

    /// The key of a file; for one that is not encrypted the passphrase does not matter.
    ///
    /// - Throws: `KeyError.wrongPassphrase`, and other `KeyError`s.
    public func privateKey(
        passphrase: borrowing SecretBytes
    ) throws(KeyError) -> PrivateKey {
        guard isEncrypted else { return try privateKey() }
        // Nobody encrypts with an empty one; ssh tries it first all the same.
        guard passphrase.count > 0 else { throw .wrongPassphrase }
        switch content {
        case .openSSH(let file): return try file.privateKey(passphrase: passphrase)
        case .pem(let file): return try file.privateKey(passphrase: passphrase)
        }
    }
}
