// SPDX-License-Identifier: Apache-2.0

/// One question of keyboard-interactive authentication (RFC 4256 section 3.2).
public struct AuthenticationPrompt: Hashable, Sendable {
    /// The question, unescaped: escape it before it reaches a terminal.
    public var text: String
    /// Whether the answer may be shown while it is typed.
    public var echoes: Bool

    /// A question.
    public init(text: String, echoes: Bool) {
        self.text = text
        self.echoes = echoes
    }
}
