// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto
public import Wire

/// What a client brings to be authenticated as a user, for a server's owner to decide on.
public struct AuthenticationAttempt: Sendable {
    /// The user's name, the client's word.
    public let user: String
    /// What it brings.
    public let method: Method
    /// The certificate in which the key came; nil for a key by itself.
    ///
    /// Its authority's signature is right; whether that authority counts for anything is for the owner to
    /// say.
    public let certificate: Certificate?

    init(user: String, method: Method, certificate: Certificate? = nil) {
        self.user = user
        self.method = method
        self.certificate = certificate
    }

    /// What a client brings.
    public enum Method: Sendable {
        /// The question whether a signature by this key would do. It proves nothing.
        case publicKeyQuery(PublicKey, SignatureAlgorithm)
        /// A key, after the client has proved that it holds the private half.
        case publicKey(PublicKey, SignatureAlgorithm)
        /// A password, in UTF-8.
        case password(Bytes)
        /// A password and the one that is to take its place.
        case passwordChange(old: Bytes, new: Bytes)
        /// The wish to be asked questions (RFC 4256); `submethods` is a hint.
        case keyboardInteractive(submethods: String)
        /// The answers to the questions that were asked last, as many as there were prompts.
        case answers([Bytes])
    }
}
