// SPDX-License-Identifier: Apache-2.0

import Wire

/// Mounting or unmounting failed.
public struct MountError: Error, CustomStringConvertible {
    /// What failed, and why: one line.
    public let description: String

    /// Says what failed; what cannot be shown is escaped.
    public init(_ description: String) {
        self.description = TerminalText.line(description, limit: .max)
    }
}
