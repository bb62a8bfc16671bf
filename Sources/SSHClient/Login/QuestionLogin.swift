// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto
import SSHProtocol
import Wire

/// Logging in by questions and answers, keyboard-interactive (RFC 4256), as often as passwords may be
/// asked for.
struct QuestionLogin {
    private var attemptsLeft: Int
    private let submethods: String
    private let isDistrusted: Bool
    private var hasBeenAsked = false
    private var hasAnswered = false
    private var hasTried = false

    init(_ options: ClientOptions, trust: HostKeyCheck.Trust) {
        isDistrusted = trust != .full
        let isWanted =
            trust == .full && options.kbdInteractiveAuthentication && !options.batchMode
        attemptsLeft = isWanted ? options.numberOfPasswordPrompts : 0
        submethods = options.kbdInteractiveDevices.joined(separator: ",")
    }

    /// The next attempt; nil when there is none left.
    mutating func nextAttempt() -> AuthenticationMethod? {
        // A server that has nothing to ask will not have it next time either.
        guard attemptsLeft > 0, hasBeenAsked || !hasTried else { return nil }
        attemptsLeft -= 1
        hasTried = true
        return .keyboardInteractive(submethods: submethods)
    }

    /// Asks the user; nil where nobody answers, and then there is no further attempt.
    mutating func answers(
        to questions: AuthenticationQuestions, _ context: ConnectContext
    ) async -> [Secret]? {
        hasBeenAsked = true
        for text in [questions.name, questions.instruction] where !text.isEmpty {
            context.show(text, level: .info)
        }
        var answers: [Secret] = []
        for prompt in questions.prompts {
            // Whoever is asked must be able to tell the server's questions from our own.
            let text = TerminalText.lines("(\(context.login)) \(prompt.text)")
            let question = Question(text, kind: prompt.echoes ? .visible : .secret)
            guard let answer = await context.prompter.answer(to: question) else {
                attemptsLeft = 0
                return nil
            }
            hasAnswered = true
            answers.append(answer)
        }
        return answers
    }
    /// What came of it.
    func summary(_ options: ClientOptions) -> String {
        if !options.kbdInteractiveAuthentication { return "KbdInteractiveAuthentication is no" }
        if options.batchMode { return "BatchMode allows no questions" }
        if isDistrusted { return "not sent to a host whose key has changed" }
        return hasAnswered ? "refused" : "nobody could be asked, or answered"
    }
}
