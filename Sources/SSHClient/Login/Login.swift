// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto
import SSHProtocol
import Wire

/// The ways to be let in that are left, and the order in which they are tried: ssh's.
struct Login {
    /// How many proofs a server may want, one after the other: none wants more than a few.
    ///
    /// Each of them lets keys be tried again, so that without a limit a server could go on for ever.
    private static let mostProofs = 16

    private var keys: KeyLogin
    private var passwords: PasswordLogin
    private var questions: QuestionLogin
    private var proofs = 0
    /// What was tried last, for messages.
    private(set) var lastMethod = "none"

    init(
        identities: [Identity], agent: AgentClient?, options: ClientOptions,
        trust: HostKeyCheck.Trust
    ) throws(SSHConfigError) {
        keys = try KeyLogin(identities: identities, agent: agent, options: options)
        passwords = PasswordLogin(options, trust: trust)
        questions = QuestionLogin(options, trust: trust)
    }

    /// The next way to try; nil when none is left that the server takes.
    ///
    /// - Parameter serverAlgorithms: the signature algorithms that the server says it takes.
    mutating func nextAttempt(
        _ status: AuthenticationStatus, serverAlgorithms: [String]?, _ context: ConnectContext
    ) async -> AuthenticationMethod? {
        context.trace(
            "Authentications that can continue: \(status.methods.joined(separator: ","))")
        if status.partialSuccess {
            proofs += 1
            guard proofs <= Self.mostProofs else { return nil }
            keys.reset()
        }
        // A change of password goes on with what was begun.
        if case .passwordExpired = status.cause {
            if let attempt = await passwords.nextAttempt(status, context) { return attempt }
        }
        for method in context.options.preferredAuthentications
        where status.methods.contains(method) {
            let attempt: AuthenticationMethod? =
                switch method {
                case "publickey": await keys.nextAttempt(serverAlgorithms, context)
                case "keyboard-interactive": questions.nextAttempt()
                case "password" where status.cause.isExpiry: nil
                case "password": await passwords.nextAttempt(status, context)
                default: nil
                }
            if let attempt {
                context.trace("Next authentication method: \(method)", level: .debug2)
                lastMethod = method
                return attempt
            }
        }
        return nil
    }

    /// Makes the signature that was asked for; nil where it cannot be had.
    mutating func sign(_ request: SignatureRequest, _ context: ConnectContext) async -> Bytes? {
        await keys.sign(request, context)
    }

    /// Answers the server's questions; nil where nobody does.
    mutating func answers(
        to questions: AuthenticationQuestions, _ context: ConnectContext
    ) async -> [Secret]? {
        await self.questions.answers(to: questions, context)
    }

    /// What came of each of the server's methods, for the message that none of them was enough.
    func summary(_ methods: [String], _ options: ClientOptions) -> String {
        if proofs > Self.mostProofs {
            return "the server wants more than \(Self.mostProofs) proofs"
        }
        let known = ["publickey", "keyboard-interactive", "password"].filter(methods.contains)
        var parts = known.map { method in
            guard options.preferredAuthentications.contains(method) else {
                return "\(method): not among PreferredAuthentications"
            }
            return switch method {
            case "publickey": keys.summary
            case "password": "password: \(passwords.summary(options))"
            default: "keyboard-interactive: \(questions.summary(options))"
            }
        }
        if options.gssapiAuthentication, methods.contains("gssapi-with-mic") {
            parts.append("gssapi-with-mic: this program does not have it")
        }
        return parts.isEmpty
            ? "the server takes no method that we have" : parts.joined(separator: "; ")
    }
}

extension AuthenticationStatus.Cause {
    fileprivate var isExpiry: Bool {
        if case .passwordExpired = self { true } else { false }
    }
}
