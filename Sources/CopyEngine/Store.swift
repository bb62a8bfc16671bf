// SPDX-License-Identifier: Apache-2.0

public import SFTPProtocol
public import Wire

/// One side of a copy: a tree of files, here or on a server.
///
/// Paths are as the side takes them; a relative one begins at the working or the login directory.
public protocol FileStore: Sendable {
    /// Whether `other` is a view of the same files, as far as is known.
    func isSame(as other: any FileStore) -> Bool

    /// What is known of a file; links are followed.
    func status(of path: Bytes) async throws -> FileAttributes

    /// Opens a directory that the user has named: links are followed.
    func folder(at path: Bytes) async throws -> any Folder

    /// The absolute path without links.
    func canonicalPath(of path: Bytes) async throws -> Bytes
}

/// A directory of a side, in which things are done by name.
///
/// Names are single components, or `.` for the directory itself.
public protocol Folder: Sendable {
    /// Its path, for people.
    var path: Bytes { get }

    /// What is known of an entry.
    func status(of name: Bytes, followingLink: Bool) async throws -> FileAttributes

    /// Begins a listing.
    func list() async throws -> any Listing

    /// A directory in this one.
    func folder(named name: Bytes, followingLink: Bool) async throws -> any Folder

    /// What a symbolic link holds.
    func target(ofLink name: Bytes) async throws -> Bytes

    /// Opens a file to be read; links are followed.
    func openSource(_ name: Bytes) async throws -> any SourceFile

    /// Opens a file to be written.
    func openTarget(_ name: Bytes, _ way: TargetWay) async throws -> any TargetFile

    /// Makes a directory; the umask of that side applies.
    func makeFolder(_ name: Bytes, permissions: UInt32) async throws

    /// Makes a symbolic link.
    func makeLink(_ name: Bytes, to target: Bytes) async throws

    /// Removes a name that is not a directory's.
    func remove(_ name: Bytes) async throws

    /// Removes an empty directory.
    func removeFolder(_ name: Bytes) async throws

    /// Gives a file of a directory on the same side another name, in this one.
    func makeHardLink(_ name: Bytes, to folder: any Folder, _ file: Bytes) async throws

    /// Renames an entry; what has the new name is replaced.
    func rename(_ name: Bytes, to newName: Bytes) async throws

    /// Sets owner, permissions and times of the directory itself.
    func set(_ attributes: FileAttributes) async throws

    /// Whether ``rename(_:to:)`` replaces what is there, in one step.
    var canReplace: Bool { get }

    /// Returns once there is a connection to where the directory is; files that were open on an older one
    /// have to be opened again.
    ///
    /// - Throws: why there is none.
    func waitForConnection() async throws
}

/// How a file is opened to be written.
public enum TargetWay: Hashable, Sendable {
    /// It must not be there yet; its permissions before the umask.
    case new(permissions: UInt32)
    /// It may be there, and keeps what is not written over; a link is followed.
    case inPlace(permissions: UInt32)
    /// It is there, and keeps what is not written over; a link is not followed.
    case again
    /// A device, or what else has no offsets: written from front to back.
    case stream
}

/// A listing that is being read.
public protocol Listing: Sendable {
    /// The next entries, without `.` and `..`; nil at the end.
    func next() async throws -> [NameEntry]?

    /// Ends it.
    func close() async
}

/// A file that is read.
public protocol SourceFile: Sendable {
    /// The most bytes of one read.
    var chunkBytes: Int { get }

    /// Starts a read of at most `count` bytes; nil at the end of the file.
    func startRead(at offset: UInt64, count: Int) async throws -> Deferred<[Bytes]?>

    /// Ends it.
    func close() async
}

/// A file that is written.
public protocol TargetFile: Sendable {
    /// What is known of it.
    func status() async throws -> FileAttributes

    /// Starts a write behind all that were started before.
    func startWrite(_ data: [Bytes], at offset: UInt64) async throws -> Deferred<Void>

    /// Copies a range to the same place without taking it through this program, where both files are on
    /// a side that can.
    ///
    /// - Returns: how many bytes were copied: fewer at the end of the source, none where it can't.
    func copy(from source: any SourceFile, at offset: UInt64, count: UInt64) async throws -> UInt64

    /// Sets what is given of size, owner, permissions and times.
    func set(_ attributes: FileAttributes) async throws

    /// Sets what is given of size, owner, permissions and times, and ends it, once all writes are done.
    ///
    /// - Throws: also what a delayed write has failed with.
    func finish(_ attributes: FileAttributes) async throws

    /// Ends it, whatever has become of it.
    func abandon() async
}

/// What was started, and may still be on its way.
public struct Deferred<Value: Sendable>: Sendable {
    /// Whether it is known to have come to its end; on the loop.
    public let isDone: @Sendable () -> Bool
    /// Waits for it; to be called once.
    public let value: @Sendable () async throws -> Value

    /// Something on its way.
    public init(
        isDone: @escaping @Sendable () -> Bool = { false },
        _ value: @escaping @Sendable () async throws -> Value
    ) {
        self.isDone = isDone
        self.value = value
    }
}
