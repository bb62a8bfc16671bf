// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import LocalFiles
public import SFTPProtocol
public import Wire

/// What a new file's owner may do in any case, as with scp: only a server makes a file that is read-only.
private let ownerWrites: UInt32 = 0o200

/// The files of this machine; whatever may block runs on helper threads.
public struct LocalStore: FileStore {
    private let loop: any EventLoop

    /// This machine's files.
    public init(loop: any EventLoop) {
        self.loop = loop
    }

    /// Whether the other side is this machine, too.
    public func isSame(as other: any FileStore) -> Bool { other is LocalStore }

    /// What stat(2) tells.
    public func status(of path: Bytes) async throws -> FileAttributes {
        try await loop.offload {
            try LocalFiles.status(of: path, followingLink: true).attributes(isExact: true)
        }
    }

    /// Opens a directory.
    public func folder(at path: Bytes) async throws -> any Folder {
        let folder = try await loop.offload { try LocalDirectory(opening: path) }
        return OpenLocalFolder(folder: folder, path: path, loop: loop)
    }

    /// The path without links; its last part need not be there.
    public func canonicalPath(of path: Bytes) async throws -> Bytes {
        try await loop.offload { try LocalFiles.canonicalPath(of: path) }
    }
}

private struct OpenLocalFolder: Folder {
    let folder: LocalDirectory
    let path: Bytes
    let loop: any EventLoop

    var canReplace: Bool { true }

    func waitForConnection() async throws {}

    func status(of name: Bytes, followingLink: Bool) async throws -> FileAttributes {
        try await loop.offload {
            try folder.status(of: name, followingLink: followingLink).attributes(isExact: true)
        }
    }

    func list() async throws -> any Listing {
        try await loop.offload { OpenLocalListing(try folder.list(), loop: loop) }
    }

    func folder(named name: Bytes, followingLink: Bool) async throws -> any Folder {
        let inner = try await loop.offload {
            try folder.folder(named: name, followingLink: followingLink)
        }
        return OpenLocalFolder(folder: inner, path: join(path, name), loop: loop)
    }

    func target(ofLink name: Bytes) async throws -> Bytes {
        try await loop.offload { try folder.target(ofLink: name) }
    }

    func openSource(_ name: Bytes) async throws -> any SourceFile {
        try await loop.offload {
            OpenLocalFile(
                try folder.openFile(named: name, flags: .read, followingLink: true), loop: loop)
        }
    }

    func openTarget(_ name: Bytes, _ way: TargetWay) async throws -> any TargetFile {
        try await loop.offload {
            let file =
                switch way {
                case .new(let permissions):
                    try folder.openFile(
                        named: name, flags: [.write, .create, .exclusive],
                        permissions: permissions | ownerWrites, followingLink: false)
                case .inPlace(let permissions):
                    try folder.openFile(
                        named: name, flags: [.write, .create],
                        permissions: permissions | ownerWrites, followingLink: true)
                case .again:
                    try folder.openFile(named: name, flags: .write, followingLink: false)
                case .stream:
                    try folder.openFile(
                        named: name, flags: [.write, .append], followingLink: true, waits: true)
                }
            return OpenLocalFile(file, loop: loop)
        }
    }

    func makeFolder(_ name: Bytes, permissions: UInt32) async throws {
        try await loop.offload { try folder.makeDirectory(name, permissions: permissions) }
    }

    func makeLink(_ name: Bytes, to target: Bytes) async throws {
        try await loop.offload { try folder.makeSymbolicLink(name, to: target) }
    }

    func remove(_ name: Bytes) async throws {
        try await loop.offload { try folder.remove(name) }
    }

    func removeFolder(_ name: Bytes) async throws {
        try await loop.offload { try folder.removeDirectory(name) }
    }

    func makeHardLink(_ name: Bytes, to folder: any Folder, _ file: Bytes) async throws {
        guard let folder = folder as? OpenLocalFolder else { throw Errno.EXDEV }
        try await loop.offload {
            try self.folder.makeHardLink(name, to: folder.folder, file)
        }
    }

    func rename(_ name: Bytes, to newName: Bytes) async throws {
        try await loop.offload { try folder.rename(name, replacing: newName) }
    }

    func set(_ attributes: FileAttributes) async throws {
        try await loop.offload {
            if let times = attributes.wantedTimes { try folder.setTimes(times) }
            if let owner = attributes.owner { try folder.setOwner(owner) }
            if let permissions = attributes.permissions { try folder.setPermissions(permissions) }
        }
    }
}

/// Unchecked: a stream of the C library is used by one thread at a time, which its one reader awaits.
private final class OpenLocalListing: Listing, @unchecked Sendable {
    /// How many entries one step reads.
    private static let entriesAtOnce = 512

    private let directory: DirectoryStream
    private let loop: any EventLoop

    init(_ directory: consuming DirectoryStream, loop: any EventLoop) {
        self.directory = directory
        self.loop = loop
    }

    func next() async throws -> [NameEntry]? {
        try await loop.offload { try self.read() }
    }

    private func read() throws -> [NameEntry]? {
        var entries: [NameEntry] = []
        while entries.count < Self.entriesAtOnce, let name = try directory.next() {
            guard isSafeComponent(name) else { continue }
            // Gone meanwhile, it was never there.
            guard let status = try? directory.status(of: name) else { continue }
            entries.append(
                NameEntry(
                    filename: name, longname: [], attributes: status.attributes(isExact: true)))
        }
        return entries.isEmpty ? nil : entries
    }

    func close() async {}
}

private final class OpenLocalFile: SourceFile, TargetFile {
    private let file: LocalFile
    private let loop: any EventLoop

    init(_ file: consuming LocalFile, loop: any EventLoop) {
        self.file = file
        self.loop = loop
    }

    var chunkBytes: Int { SFTPLimits.transferBytes }

    func startRead(at offset: UInt64, count: Int) async throws -> Deferred<[Bytes]?> {
        Deferred { [self] in
            try await loop.offload {
                let data = try self.file.read(upTo: count, at: offset, behind: 0)
                return data.isEmpty ? nil : [data[...]]
            }
        }
    }

    func close() async {}

    func status() async throws -> FileAttributes {
        try await loop.offload { try self.file.status().attributes(isExact: true) }
    }

    func startWrite(_ data: [Bytes], at offset: UInt64) async throws -> Deferred<Void> {
        try await loop.offload { try self.file.write(data, at: offset) }
        return Deferred(isDone: { true }) {}
    }

    func copy(from source: any SourceFile, at offset: UInt64, count: UInt64) async throws -> UInt64
    {
        guard let source = source as? OpenLocalFile else { return 0 }
        return try await loop.offload {
            try self.file.copy(from: source.file, at: offset, count: count, to: offset)
        }
    }

    func set(_ attributes: FileAttributes) async throws {
        try await loop.offload { try self.setNow(attributes) }
    }

    private func setNow(_ attributes: FileAttributes) throws {
        if let size = attributes.size { try file.truncate(to: size) }
        if let owner = attributes.owner { try file.setOwner(owner) }
        if let permissions = attributes.permissions { try file.setPermissions(permissions) }
        if let times = attributes.wantedTimes { try file.setTimes(times) }
    }

    func finish(_ attributes: FileAttributes) async throws {
        try await loop.offload {
            try self.setNow(attributes)
            try self.file.reportDelayedErrors()
        }
    }

    func abandon() async {}
}
