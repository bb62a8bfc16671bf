// SPDX-License-Identifier: Apache-2.0

public import SSHConfig

/// What a connection is wanted for.
public struct DialRequest: Sendable {
    /// Where to, and how.
    public let options: ClientOptions
    /// Until when, in the loop's time; nil for the system's limits.
    public let deadline: Duration?
    /// Tells the user something; texts of strangers are made harmless.
    public let say: @Sendable (_ message: String, _ level: LogLevel) -> Void

    /// Describes what is wanted.
    public init(
        options: ClientOptions, deadline: Duration?,
        say: @escaping @Sendable (_ message: String, _ level: LogLevel) -> Void
    ) {
        self.options = options
        self.deadline = deadline
        self.say = say
    }
}
