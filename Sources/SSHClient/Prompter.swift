// SPDX-License-Identifier: Apache-2.0

public import SSHConfig

/// The person in front of the screen, if there is one.
///
/// What it is given holds no control characters but newlines, so it can go to a terminal as it is.
public protocol Prompter: Sendable {
    /// Asks a question and waits for a line in answer.
    ///
    /// - Parameters:
    ///   - question: one or more lines; the last one has no newline.
    ///   - echoes: whether the answer may be seen while it is typed.
    /// - Returns: nil where nobody can be asked, or nobody wants to answer.
    func ask(_ question: String, echoes: Bool) async -> String?

    /// Tells something that needs no answer: one or more lines, without a newline at the end.
    func show(_ message: String, level: LogLevel)
}

/// Nobody: questions stay without an answer, messages without a reader.
public struct SilentPrompter: Prompter {
    /// Nobody.
    public init() {}

    /// Nil.
    public func ask(_ question: String, echoes: Bool) async -> String? { nil }

    /// Does nothing.
    public func show(_ message: String, level: LogLevel) {}
}
