// SPDX-License-Identifier: Apache-2.0

public import EventLoop
public import SSHConfig
public import SSHProtocol
public import Wire

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
    /// - Parameters:
    ///   - path: the file's path.
    ///   - limit: in bytes; a larger file is an error.
    func readFile(_ path: String, limit: Int) throws(FileProblem) -> FileContent?

    /// Hands over a file piece by piece, so that it never lies in memory as a whole; false where there
    /// is none. May block: called on a helper thread.
    func readFile(
        _ path: String, pieces body: (Bytes) throws(FileProblem) -> Void
    ) throws(FileProblem) -> Bool

    /// Runs a program to its end, and gives what it has written to its standard output.
    ///
    /// - Throws: ``CommandError``, or `CancellationError`.
    func output(of command: CommandRequest) async throws -> [UInt8]

    /// Asks the DNS for the fingerprints of a host's keys; there may be none.
    ///
    /// - Throws: ``LookupError``, or `CancellationError`.
    func fingerprintsInDNS(of host: String) async throws -> SSHFPRecords

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
    /// The server's address in numbers; nil where somebody else has made the connection.
    public let address: String?

    /// Is called when the login is done: from then on it is bulk data that it carries.
    public let carriesBulkData: @Sendable () -> Void

    /// Describes a connection.
    public init(
        channel: any ByteChannel, isLoopback: Bool = false, address: String? = nil,
        carriesBulkData: @escaping @Sendable () -> Void = {}
    ) {
        self.channel = channel
        self.isLoopback = isLoopback
        self.address = address
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

/// A program that is run for its output.
public struct CommandRequest: Sendable {
    /// What messages call it.
    public let name: String
    /// The program and its arguments; no shell is asked.
    public let arguments: [String]
    /// The most that it may write, in bytes.
    public let outputLimit: Int
    /// Until when it has to have ended, in the loop's time.
    public let deadline: Duration
    /// Tells the user a line that it writes to its standard error.
    public let say: @Sendable (String) -> Void

    /// Describes a program.
    public init(
        name: String, arguments: [String], outputLimit: Int, deadline: Duration,
        say: @escaping @Sendable (String) -> Void
    ) {
        self.name = name
        self.arguments = arguments
        self.outputLimit = outputLimit
        self.deadline = deadline
        self.say = say
    }
}

/// Why a program's output cannot be had, in a few words.
public enum CommandError: Error, Equatable, Sendable {
    /// It could not be started.
    case notStarted(String)
    /// It did not end well, or not in time, or wrote too much.
    case failed(String)
}

/// Why the DNS does not answer, in a few words.
public struct LookupError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The server, and what is wrong with it.
    public let description: String

    /// Describes a failure.
    public init(_ description: String) { self.description = description }
}

/// A file that is there but cannot be used; the text says why.
public struct FileProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// The system's words, or ours.
    public let description: String

    /// Describes a problem.
    public init(_ description: String) { self.description = description }
}
