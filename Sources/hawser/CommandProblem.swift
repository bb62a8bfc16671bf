// SPDX-License-Identifier: Apache-2.0

import Wire

/// What is wrong with what a command was given, where parsing could not tell: one line for a person.
struct CommandProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = TerminalText.line(description, limit: .max)
    }
}
