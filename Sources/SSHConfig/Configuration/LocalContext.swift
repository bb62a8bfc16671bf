// SPDX-License-Identifier: Apache-2.0

public import Wire

/// What a configuration needs to know of this machine, and how it reaches other files.
///
/// The closures are called during ``SSHConfiguration/effective(host:user:port:)``, on its thread;
/// they may block.
public struct LocalContext: Sendable {
    /// The local user's name (`%u`), and the remote one where nothing says otherwise.
    public var userName: String
    /// The local user's number (`%i`).
    public var userID: UInt32
    /// The local user's home directory (`~`, `%d`), without a slash at its end.
    public var homeDirectory: String
    /// This machine's name as gethostname(3) gives it (`%l`; `%L` is its part before the first dot).
    public var hostName: String
    /// The environment variables.
    public var environment: [String: String]
    /// Finds the home directory of another user (`~name`).
    public var homeDirectoryOfUser: @Sendable (_ name: String) -> String?
    /// Reads a configuration file: a regular one only, except where the user has named it himself.
    public var readFile: @Sendable (ConfigurationFileRequest) -> ConfigurationFileContents
    /// Finds the paths that match a glob(7) pattern, sorted; none where nothing matches.
    public var expandGlob: @Sendable (_ pattern: String) -> [String]
    /// Runs a command by the user's shell, without input and output (`Match exec`).
    public var runCommand: @Sendable (_ command: String) -> CommandOutcome
    /// The addresses of this machine's network interfaces, of 4 or 16 bytes each
    /// (`Match localnetwork`).
    public var interfaceAddresses: @Sendable () -> [[UInt8]]
    /// An address in numbers as the system writes it, such as `127.0.0.1` for `127.1`; nil for a
    /// name.
    public var numericAddress: @Sendable (_ text: String) -> String?
    /// Asks the system's resolver for a host; nil where there is none (`CanonicalizeHostname`).
    public var lookUp: @Sendable (_ name: String, AddressFamily) -> HostLookup?

    /// Describes a machine; without closures it has no files, no other users and no network.
    public init(
        userName: String, userID: UInt32, homeDirectory: String, hostName: String = "localhost",
        environment: [String: String] = [:]
    ) {
        self.userName = userName
        self.userID = userID
        self.homeDirectory = homeDirectory
        self.hostName = hostName
        self.environment = environment
        homeDirectoryOfUser = { _ in nil }
        readFile = { _ in .missing }
        expandGlob = { _ in [] }
        runCommand = { _ in .broken("there is no shell") }
        interfaceAddresses = { [] }
        numericAddress = { _ in nil }
        lookUp = { _, _ in nil }
    }
}

/// How a command ended.
public enum CommandOutcome: Equatable, Sendable {
    /// By itself, with this status; 0 says yes.
    case exited(status: Int)
    /// In another way, or it never began: why, in words.
    case broken(String)
}

/// A host that the resolver knows.
public struct HostLookup: Equatable, Sendable {
    /// The name for which the host's own is an alias; nil where the resolver names none.
    public var canonicalName: String?

    /// Describes a host.
    public init(canonicalName: String?) { self.canonicalName = canonicalName }
}

/// A configuration file that is wanted.
public struct ConfigurationFileRequest: Equatable, Sendable {
    /// The path; relative ones start from the working directory.
    public var path: String
    /// Whether the file must belong to the user or to root, and be writable by its owner only.
    ///
    /// Whoever else may write to it could choose commands that run as the user.
    public var requiresTrustedOwner: Bool
    /// Whether the file may be a pipe, which can be read only once: the user has named it himself.
    public var mayBePipe: Bool
    /// The largest size that is accepted, in bytes; the reader need not go on beyond it.
    public var byteLimit: Int

    /// Describes a wanted file.
    public init(
        path: String, requiresTrustedOwner: Bool, mayBePipe: Bool = false,
        byteLimit: Int = ConfigurationLimits.fileBytes
    ) {
        self.path = path
        self.requiresTrustedOwner = requiresTrustedOwner
        self.mayBePipe = mayBePipe
        self.byteLimit = byteLimit
    }
}

/// What came of reading a configuration file.
public enum ConfigurationFileContents: Equatable, Sendable {
    /// The whole file; or more bytes than the limit, which is then reported.
    case bytes(Bytes)
    /// There is no such file.
    case missing
    /// The file is there, but cannot or must not be read: why, in words.
    case unreadable(String)
}
