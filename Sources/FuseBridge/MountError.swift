// SPDX-License-Identifier: Apache-2.0

/// Mounting or unmounting failed.
public struct MountError: Error, CustomStringConvertible {
    /// What failed, and why: one line.
    public let description: String

    /// Says what failed.
    public init(_ description: String) {
        self.description = description
    }
}
