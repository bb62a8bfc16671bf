// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto
import SSHProtocol
import Wire

/// Logging in by a password (RFC 4252 section 8), which is asked for a few times.
struct PasswordLogin {
    private var promptsLeft: Int
    private let isDistrusted: Bool
    private var hasSent = false
    /// How often a server may demand a change: whoever types a new password each time wants to stop.
    private var changesLeft = 10

    init(_ options: ClientOptions, trust: HostKeyCheck.Trust) {
        isDistrusted = trust != .full
        let isWanted =
            trust == .full && options.passwordAuthentication && !options.batchMode
        promptsLeft = isWanted ? options.numberOfPasswordPrompts : 0
    }

    /// The next attempt; nil when there is none left, or nobody answers.
    mutating func nextAttempt(
        _ status: AuthenticationStatus, _ context: ConnectContext
    ) async -> AuthenticationMethod? {
        if case .passwordExpired(let prompt) = status.cause {
            return await nextChange(prompt, context)
        }
        guard promptsLeft > 0 else { return nil }
        if hasSent, status.cause == .answered, !status.partialSuccess {
            context.show("Permission denied, please try again.", level: .error)
        }
        promptsLeft -= 1
        guard let password = await context.askSecret("\(context.login)'s password: ") else {
            promptsLeft = 0
            return nil
        }
        hasSent = true
        return .password(password)
    }

    /// Has the user choose another password, as the server demands.
    private mutating func nextChange(
        _ prompt: String, _ context: ConnectContext
    ) async -> AuthenticationMethod? {
        guard changesLeft > 0 else { return nil }
        changesLeft -= 1
        if !prompt.isEmpty { context.show(prompt, level: .error) }
        guard let old = await context.askSecret("Enter \(context.login)'s old password: ")
        else { return nil }
        for _ in 0..<10 {
            guard
                let new = await context.askSecret("Enter \(context.login)'s new password: "),
                let again = await context.askSecret("Retype \(context.login)'s new password: ")
            else { return nil }
            if new == again { return .passwordChange(old: old, new: new) }
            context.show("The two differ; try again.", level: .error)
        }
        return nil
    }
    /// What came of it.
    func summary(_ options: ClientOptions) -> String {
        if !options.passwordAuthentication { return "PasswordAuthentication is no" }
        if options.batchMode { return "BatchMode allows no questions" }
        if isDistrusted { return "not sent to a host whose key has changed" }
        return hasSent ? "refused" : "nobody could be asked, or answered"
    }
}

extension ConnectContext {
    /// Who logs in where, as the user has named it: what questions are about.
    var login: String { "\(options.user)@\(options.originalHost)" }

    /// Asks for something secret; texts of strangers are made harmless.
    func askSecret(_ question: String) async -> Secret? {
        await prompter.answer(to: Question(TerminalText.lines(question), kind: .secret))
    }
}
