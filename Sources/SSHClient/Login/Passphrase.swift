// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto

/// Asks for the passphrase of a private key file, as often as passwords may be asked for.
struct Passphrase {
    private let name: String
    private let context: ConnectContext

    init(_ name: String, _ context: ConnectContext) {
        self.name = name
        self.context = context
    }

    /// The key; nil where nobody gives its passphrase, or it is of no use with it.
    func unlock(_ file: PrivateKeyFile) async -> PrivateKey? {
        guard !context.options.batchMode else {
            context.show("\(name): the key is encrypted, and BatchMode asks nobody", level: .info)
            return nil
        }
        for _ in 0..<context.options.numberOfPasswordPrompts {
            guard let phrase = await context.askSecret("Enter passphrase for key '\(name)': "),
                phrase.count > 0
            else {
                context.show("\(name): no passphrase was given", level: .verbose)
                return nil
            }
            do {
                // Deriving a key from a passphrase takes long on purpose.
                return try await context.loop.offload {
                    try phrase.withBytes { bytes throws(KeyError) in
                        try file.privateKey(passphrase: bytes)
                    }
                }
            } catch KeyError.wrongPassphrase {
                context.show("\(name): wrong passphrase", level: .verbose)
            } catch {
                context.show("\(name): \(error)", level: .info)
                return nil
            }
        }
        return nil
    }
}
