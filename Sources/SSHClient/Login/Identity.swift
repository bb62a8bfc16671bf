// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// A key that the user may be let in by.
struct Identity: Sendable {
    /// Where it comes from, for messages.
    let name: String
    /// The key; nil where only the passphrase of its file will tell.
    var publicKey: PublicKey?
    /// What an authority says about the key, to be offered in its place.
    var certificate: Certificate?
    var signer: Signer

    /// Who holds the private half.
    enum Signer: Sendable {
        /// We do.
        case key(PrivateKey)
        /// We do, once somebody gives the passphrase of this file.
        case locked(PrivateKeyFile)
        /// The agent does, under this blob.
        case agent(Bytes)
    }

    /// What is offered to the server; nil where the key is not known yet.
    var blob: Bytes? { (certificate?.blob ?? publicKey?.blob)?[...] }

    /// The key, or certificate, as people are told of it.
    var description: String {
        guard let publicKey else { return name }
        let kind = publicKey.kindName + (certificate == nil ? "" : "-CERT")
        return "\(name) \(kind) \(publicKey.fingerprint)"
    }
}
