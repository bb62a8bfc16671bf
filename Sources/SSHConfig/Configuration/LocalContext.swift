// SPDX-License-Identifier: Apache-2.0

public import Wire

/// What a configuration needs to know of this machine, and how it reaches other files.
///
/// The closures are called during ``SSHConfiguration/resolve(host:user:port:)``, on its thread; they
/// may block.
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
    /// Reads a configuration file: a regular one only, since others may never end or answer.
    public var readFile: @Sendable (ConfigurationFileRequest) -> ConfigurationFileContents
    /// Finds the paths that match a glob(7) pattern, sorted; none where nothing matches.
    public var expandGlob: @Sendable (_ pattern: String) -> [String]

    /// Describes a machine; without closures it has no files and no other users.
    public init(
        userName: String, userID: UInt32, homeDirectory: String, hostName: String = "localhost",
        environment: [String: String] = [:],
        homeDirectoryOfUser: @escaping @Sendable (_ name: String) -> String? = { _ in nil },
        readFile: @escaping @Sendable (ConfigurationFileRequest) -> ConfigurationFileContents = {
            _ in .missing
        },
        expandGlob: @escaping @Sendable (_ pattern: String) -> [String] = { _ in [] }
    ) {
        self.userName = userName
        self.userID = userID
        self.homeDirectory = homeDirectory
        self.hostName = hostName
        self.environment = environment
        self.homeDirectoryOfUser = homeDirectoryOfUser
        self.readFile = readFile
        self.expandGlob = expandGlob
    }
}

/// A configuration file that is wanted.
public struct ConfigurationFileRequest: Equatable, Sendable {
    /// The path; relative ones start from the working directory.
    public var path: String
    /// Whether the file must belong to the user or to root, and be writable by its owner only.
    ///
    /// Whoever else may write to it could choose commands that run as the user.
    public var requiresTrustedOwner: Bool
    /// The largest size that is accepted, in bytes; the reader need not go on beyond it.
    public var byteLimit: Int

    /// Describes a wanted file.
    public init(
        path: String, requiresTrustedOwner: Bool, byteLimit: Int = ConfigurationLimits.fileBytes
    ) {
        self.path = path
        self.requiresTrustedOwner = requiresTrustedOwner
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
