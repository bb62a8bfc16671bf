// SPDX-License-Identifier: Apache-2.0

public import SSHConfig
public import SSHCrypto

/// The person in front of the screen, if there is one.
///
/// What it is given holds no control characters but newlines, so it can go to a terminal as it is.
public protocol Prompter: Sendable {
    /// Asks a question and waits for a line in answer.
    ///
    /// - Returns: nil where nobody can be asked, or nobody wants to answer.
    func answer(to question: Question) async -> Secret?

    /// Tells something that needs no answer: one or more lines, without a newline at the end.
    func show(_ message: String, level: LogLevel)
}

/// What a person is asked.
public struct Question: Hashable, Sendable {
    /// One or more lines; the last one has no newline.
    public let text: String
    /// What kind of answer is wanted.
    public let kind: Kind

    /// What kind of answer is wanted.
    public enum Kind: Hashable, Sendable {
        /// A line that nobody may see while it is typed: a password.
        case secret
        /// A line that may be seen.
        case visible
        /// Yes or no.
        case permission
    }

    /// Asks for something.
    public init(_ text: String, kind: Kind) {
        self.text = text
        self.kind = kind
    }
}

extension Prompter {
    /// Asks for something that is no secret.
    ///
    /// - Returns: nil where nobody can be asked, or nobody wants to answer.
    func ask(_ question: String, echoes: Bool) async -> String? {
        await answer(to: Question(question, kind: .visible))?.text
    }

    /// Asks whether something may be done; silence is no.
    func permits(_ question: String) async -> Bool {
        await answer(to: Question(question, kind: .permission))?.text.lowercased() == "yes"
    }
}

extension Secret {
    /// A copy as text, of what is no secret after all.
    fileprivate var text: String {
        withSpan { span in
            String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
        }
    }
}

/// Nobody: questions stay without an answer, messages without a reader.
public struct SilentPrompter: Prompter {
    /// Nobody.
    public init() {}

    /// Nil.
    public func answer(to question: Question) async -> Secret? { nil }

    /// Does nothing.
    public func show(_ message: String, level: LogLevel) {}
}
