// SPDX-License-Identifier: Apache-2.0

/// How a server lets users in.
public struct ServerAuthenticationParameters: Equatable, Sendable {
    /// The methods that are offered.
    public var methods: [Method]
    /// How many attempts may fail before the connection ends: OpenSSH's `MaxAuthTries`.
    public var maximumAttempts: Int
    /// A text that is shown to the user before.
    public var banner: String?

    /// A method; raw values are the names on the wire.
    public enum Method: String, CaseIterable, Sendable {
        /// RFC 4252 section 7, its host-bound form included.
        case publicKey = "publickey"
        /// RFC 4252 section 8.
        case password
        /// RFC 4256.
        case keyboardInteractive = "keyboard-interactive"
    }

    /// A choice of one's own.
    ///
    /// - Precondition: `maximumAttempts` is positive.
    public init(
        methods: [Method] = [.publicKey, .password], maximumAttempts: Int = 6, banner: String? = nil
    ) {
        precondition(maximumAttempts > 0, "a server that lets nobody try")
        self.methods = methods
        self.maximumAttempts = maximumAttempts
        self.banner = banner
    }
}
