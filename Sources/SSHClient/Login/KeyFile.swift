// SPDX-License-Identifier: Apache-2.0

package import SSHConfig
package import SSHCrypto

/// What an `IdentityFile` turned out to be, with the public half and the certificate beside it.
package struct KeyFile: Sendable {
    /// Where it is.
    package let path: String
    /// Whether the path is one of the defaults: then nobody expects the file to be there.
    package let isDefault: Bool
    /// What it turned out to be.
    package let content: Content
    /// From the file itself, or from the `.pub` file beside it.
    let publicKey: PublicKey?
    /// From the `-cert.pub` file beside it.
    let certificate: Certificate?

    /// What the file itself holds.
    package enum Content: Sendable {
        case missing
        /// The public half only: the agent may have the other.
        case publicKey
        case key(PrivateKey)
        /// A private key with a passphrase.
        case locked(PrivateKeyFile)
        /// A private key that others may read.
        case exposed(permissions: UInt32)
        /// Anything else; the text says why.
        case unusable(String)
    }

    /// Reads the files, which may block.
    package init(_ file: IdentityFile, _ world: any ClientWorld) {
        path = file.path
        isDefault = file.isDefault
        var publicFile = PublicKeyFile(at: path, world)
        if publicFile != nil {
            content = .publicKey
        } else {
            content = Self.privateContent(path, world)
            publicFile = PublicKeyFile(at: path + ".pub", world)
        }
        publicKey =
            switch content {
            case .key(let key): key.publicKey
            case .locked(let file): file.publicKey ?? publicFile?.key
            case .missing, .publicKey, .exposed, .unusable: publicFile?.key
            }
        certificate = PublicKeyFile(at: path + "-cert.pub", world)?.certificate
    }

    /// Reads the private half, and wipes what was read.
    private static func privateContent(_ path: String, _ world: any ClientWorld) -> Content {
        do {
            guard var file = try world.readFile(path, limit: KeyLimits.keyFileBytes) else {
                return .missing
            }
            defer { file.wipe() }
            if file.isExposed { return .exposed(permissions: file.permissions) }
            let keyFile = try PrivateKeyFile(file.bytes.span)
            if keyFile.publicKey?.type.isSecurityKey == true { throw KeyError.heldBySecurityKey }
            return keyFile.isEncrypted ? .locked(keyFile) : .key(try keyFile.privateKey())
        } catch {
            return .unusable("\(error)")
        }
    }
}

extension PublicKeyFile {
    /// Reads a `.pub` file, if there is one; may block.
    init?(at path: String, _ world: any ClientWorld) {
        guard let file = try? world.readFile(path, limit: KeyLimits.keyFileBytes),
            let publicFile = try? PublicKeyFile(file.bytes[...])
        else { return nil }
        self = publicFile
    }

    /// The certificate, where it is one for users.
    var certificate: Certificate? {
        switch content {
        case .key: nil
        case .certificate(let certificate): certificate.kind == .user ? certificate : nil
        }
    }
}
