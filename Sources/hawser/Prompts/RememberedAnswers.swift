// SPDX-License-Identifier: Apache-2.0

import SSHClient
import SSHConfig
import SSHCrypto
import Synchronization

/// Hands questions on to the user, and keeps the passwords and passphrases that come back, in memory
/// alone, to log in by them again when the connection is lost.
final class RememberedAnswers: Prompter {
    private let user: any Prompter
    private let secrets = Mutex<[Question: Secret]>([:])

    init(user: any Prompter) {
        self.user = user
    }

    func answer(to question: Question) async -> Secret? {
        let answer = await user.answer(to: question)
        if question.hasLastingAnswer { secrets.withLock { $0[question] = answer } }
        return answer
    }

    func show(_ message: String, level: LogLevel) { user.show(message, level: level) }

    /// Answers the same questions once more, each only once, and nobody else is asked.
    ///
    /// What is wrong now must not be sent until the account is locked.
    var again: any Prompter { Again(user: user, secrets: secrets.withLock { $0 }) }

    private final class Again: Prompter {
        private let user: any Prompter
        private let secrets: Mutex<[Question: Secret]>

        init(user: any Prompter, secrets: [Question: Secret]) {
            self.user = user
            self.secrets = Mutex(secrets)
        }

        func answer(to question: Question) async -> Secret? {
            secrets.withLock { $0.removeValue(forKey: question) }
        }

        /// What went wrong is told once, by who wants the connection; the rest has been told before.
        func show(_ message: String, level: LogLevel) {
            if level >= .verbose { user.show(message, level: level) }
        }
    }
}

extension Question {
    /// Whether the same answer is right the next time: a code from a list or a token is not.
    fileprivate var hasLastingAnswer: Bool {
        let text = text.lowercased()
        return kind == .secret && (text.contains("password") || text.contains("passphrase"))
    }
}
