// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto
public import Wire

/// A way for a client to authenticate its user.
public enum AuthenticationMethod: Sendable {
    /// By a key (RFC 4252 section 7), host-bound where the server takes it.
    ///
    /// The blob is a key's or, where the algorithm says so, a certificate's.
    /// With `probesFirst` the server is asked whether the key would do before anybody has to sign.
    case publicKey(blob: Bytes, algorithm: PublicKeyAlgorithm, probesFirst: Bool)
    /// By a password (RFC 4252 section 8), in UTF-8.
    case password(Secret)
    /// By a password that is changed at once (RFC 4252 section 8), where the server asks for that.
    case passwordChange(old: Secret, new: Secret)
    /// By questions and answers (RFC 4256); `submethods` is a hint, mostly empty.
    case keyboardInteractive(submethods: String)
}

/// How authentication stands when a method may be tried.
public struct AuthenticationStatus: Equatable, Sendable {
    /// The methods that the server takes next.
    public let methods: [String]
    /// Whether the last method succeeded, but more is wanted.
    public let partialSuccess: Bool
    /// What came before.
    public let cause: Cause

    /// What came before a method may be tried.
    public enum Cause: Equatable, Sendable {
        /// Nothing: the server told its methods.
        case start
        /// The server's answer to the last method: a refusal, or success that is not enough.
        case answered
        /// Nothing was sent: our owner did not sign, or what it gave is longer than any server
        /// takes (a key of 64 KiB, a signature of 16 KiB, a password or an answer of 4 KiB).
        case declined
        /// The server wants the password to be changed, or does not like the new one.
        ///
        /// The text is the server's, unescaped: answer with
        /// ``AuthenticationMethod/passwordChange(old:new:)``, or try something else.
        case passwordExpired(prompt: String)
    }
}

/// What has to be signed to prove that the user holds a key.
public struct SignatureRequest: Equatable, Sendable {
    /// What the signature has to cover.
    public let data: Bytes
    /// How it has to be made.
    public let algorithm: SignatureAlgorithm
    /// The key that has to make it.
    public let publicKey: Bytes
}

/// A round of keyboard-interactive (RFC 4256 section 3.2).
///
/// All texts are the server's, unescaped.
public struct AuthenticationQuestions: Equatable, Sendable {
    /// A title; may be empty.
    public let name: String
    /// A text to be shown before the prompts; may be empty.
    public let instruction: String
    /// The questions; there may be none.
    public let prompts: [AuthenticationPrompt]

    /// A round of questions.
    public init(name: String = "", instruction: String = "", prompts: [AuthenticationPrompt]) {
        self.name = name
        self.instruction = instruction
        self.prompts = prompts
    }
}
