// SPDX-License-Identifier: Apache-2.0

import SSHCrypto

/// What an `IdentityFile` turned out to be.
enum KeyFile: Sendable {
    case missing
    /// The public half only: the agent may have the other.
    case publicKey(PublicKey)
    case privateKey(PrivateKey)
    /// A private key that others may read.
    case exposed(permissions: UInt32)
    /// Anything else; the text says why.
    case unusable(String)

    /// Reads a file, which may block, and wipes what was read.
    init(_ path: String, _ world: any ClientWorld) {
        do {
            guard var file = try world.readFile(path, limit: KeyLimits.keyFileBytes) else {
                self = .missing
                return
            }
            defer { file.wipe() }
            if let publicFile = try? PublicKeyFile(file.bytes[...]) {
                self = .publicKey(publicFile.key)
            } else if file.isExposed {
                self = .exposed(permissions: file.permissions)
            } else {
                self = .privateKey(try PrivateKeyFile(file.bytes.span).privateKey())
            }
        } catch {
            self = .unusable("\(error)")
        }
    }
}

extension PublicKey {
    /// Reads a `.pub` file, if there is one; may block.
    init?(fileAt path: String, _ world: any ClientWorld) {
        guard let file = try? world.readFile(path, limit: KeyLimits.keyFileBytes),
            let publicFile = try? PublicKeyFile(file.bytes[...])
        else { return nil }
        self = publicFile.key
    }
}
