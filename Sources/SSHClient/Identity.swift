// SPDX-License-Identifier: Apache-2.0

import SSHCrypto

/// A key that the user may be let in by.
struct Identity: Sendable {
    /// Where it comes from, for messages.
    let name: String
    let publicKey: PublicKey
    let signer: Signer

    /// Who holds the private half.
    enum Signer: Sendable {
        /// We do.
        case file(PrivateKey)
        /// The agent does.
        case agent
    }
}
