// SPDX-License-Identifier: Apache-2.0

public import EventLoop
public import SSHProtocol

/// What a client needs of the machine it runs on; tests bring one of their own.
public protocol ClientWorld: Sendable {
    /// Connects to the server that the options name.
    ///
    /// - Throws: ``DialError``, or `CancellationError`.
    func dial(_ request: DialRequest) async throws -> DialedConnection

    /// Connects to an agent's socket.
    ///
    /// - Throws: `SystemError`.
    func connectAgent(_ path: String) async throws -> any ByteChannel

    /// Reads a whole file; nil where there is none. May block: called on a helper thread.
    ///
    /// - Parameter limit: a larger file is an error.
    func readFile(_ path: String, limit: Int) throws(FileProblem) -> FileContent?

    /// Appends a line to a known_hosts file, which is made if needed. May block: called on a helper
    /// thread.
    func appendLine(_ line: String, to path: String) throws(FileProblem)

    /// Replaces a file's content as a whole, or not at all; the old content is kept beside it, with
    /// `.old` behind its name. May block: called on a helper thread.
    func replaceFile(_ path: String, _ content: [UInt8]) throws(FileProblem)

    /// The present, in seconds since 1970: certificates expire.
    var secondsSince1970: UInt64 { get }

    /// Gives random bytes; a simulation's are always the same.
    var random: RandomSource { get }

    /// The environment variables that `SendEnv` chooses from.
    var environment: [String: String] { get }
}

/// A connection that stands.
public struct DialedConnection: Sendable {
    /// Its bytes.
    public let channel: any ByteChannel
    /// Whether it goes to this machine itself.
    public let isLoopback: Bool

    /// Is called when the login is done: from then on it is bulk data that it carries.
    public let carriesBulkData: @Sendable () -> Void

    /// Describes a connection.
    public init(
        channel: any ByteChannel, isLoopback: Bool = false,
        carriesBulkData: @escaping @Sendable () -> Void = {}
    ) {
        self.channel = channel
        self.isLoopback = isLoopback
        self.carriesBulkData = carriesBulkData
    }
}

/// Why no connection came about.
public enum DialError: Error, Equatable, Sendable {
    /// The name stands for no address; the text is the resolver's.
    case unknownHost(String)
    /// The address to connect from cannot be used.
    case badLocalAddress(String)
    /// `ProxyCommand` gave no connection; the text says why.
    case proxy(String)
    /// No address took the connection: each that was tried, and its error.
    case notConnected([Failure])

    /// One address that was tried in vain.
    public struct Failure: Equatable, Sendable {
        /// The address in numbers.
        public let address: String
        /// What the system said.
        public let error: SystemError

        /// Describes a failure.
        public init(address: String, error: SystemError) {
            self.address = address
            self.error = error
        }
    }
}

/// A file that is there but cannot be used; the text says why.
public struct FileProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// The system's words, or ours.
    public let description: String

    /// Describes a problem.
    public init(_ description: String) { self.description = description }
}
