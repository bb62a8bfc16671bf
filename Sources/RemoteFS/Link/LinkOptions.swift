// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol

/// How a link is kept up.
public struct LinkOptions: Sendable {
    /// For how long operations wait for a link that was last known to be alive so long ago; nil for
    /// ever.
    public var timeout: Duration? = .seconds(60)
    /// Random numbers, so that many clients of one server don't come back all at once.
    public var random: @Sendable () -> UInt32
    /// Where a line goes when the connection is lost, and when there is another one.
    public var log: @Sendable (String) -> Void

    /// The defaults.
    public init(
        random: @escaping @Sendable () -> UInt32, log: @escaping @Sendable (String) -> Void
    ) {
        self.random = random
        self.log = log
    }

    /// After how long a silence the server is asked for a sign of life, while an operation waits.
    var askAfter: Duration { timeout.map { min(.seconds(5), $0 / 4) } ?? .seconds(5) }

    /// For how long an SFTP server may answer nothing over a connection that is alive, while an
    /// operation waits.
    var muteTime: Duration { timeout ?? .seconds(60) }

    /// After how long a silence, the question included, the connection is lost, while an operation
    /// waits.
    var silence: Duration { timeout.map { min(.seconds(15), $0 * 3 / 4) } ?? .seconds(15) }
}

/// Why no connection could be made.
public struct LinkFailure: Error, Sendable, CustomStringConvertible {
    /// What is to be done about it.
    public enum Kind: Sendable {
        /// There was no connection to a server at all, which costs nobody anything: soon again.
        case unreachable
        /// A server was there, and something failed: servers lock those out who come too often.
        case refused
        /// The server's key is another one: nothing before somebody says that it is right.
        case hostKey
        /// There is nothing to log in by: nothing before there is.
        case login
    }

    /// What is to be done about it.
    public let kind: Kind
    /// One line for the user.
    public let description: String

    /// Describes a failure.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// What operations fail with that can't wait for it to pass.
    var errno: Errno {
        switch kind {
        case .hostKey: .EKEYREJECTED
        case .login: .EACCES
        case .unreachable, .refused: .ETIMEDOUT
        }
    }
}

/// How long to wait before the next attempt to connect.
struct BackOff {
    /// The longest pause.
    static let longest = Duration.seconds(15)
    private static let afterUnreachable: [Duration] = [
        .milliseconds(200), .milliseconds(400), .milliseconds(700), .seconds(1),
    ]

    private var unreachable = 0
    private var refusals = 0

    /// After there was nobody: some tenths of a second, and never more than one.
    mutating func afterUnreachable(_ random: UInt32) -> Duration {
        defer { unreachable += 1 }
        return Self.jittered(
            Self.afterUnreachable[min(unreachable, Self.afterUnreachable.count - 1)], random)
    }

    /// After a server was there and something failed: longer each time.
    mutating func afterRefusal(_ random: UInt32) -> Duration {
        defer { refusals = min(refusals + 1, 4) }
        return min(Self.jittered(.seconds(1) * (1 << refusals), random), Self.longest)
    }

    /// Three quarters of a pause to the whole of it.
    private static func jittered(_ pause: Duration, _ random: UInt32) -> Duration {
        pause * 3 / 4 + pause * Int(random % 256) / 1024
    }
}
