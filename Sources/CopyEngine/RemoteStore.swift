// SPDX-License-Identifier: Apache-2.0

public import SFTPClient
public import SFTPProtocol
public import Wire

/// The files of a server.
public struct RemoteStore: FileStore {
    private let link: RemoteLink

    /// The files that a way leads to.
    public init(link: RemoteLink) {
        self.link = link
    }

    /// The files that one connection leads to.
    public init(client: SFTPClient) {
        self.init(link: RemoteLink(only: client))
    }

    /// Whether the other side is at the end of the same way.
    public func isSame(as other: any FileStore) -> Bool {
        (other as? RemoteStore)?.link === link
    }

    /// What STAT tells.
    public func status(of path: Bytes) async throws -> FileAttributes {
        try await link.perform { client, _ in try await client.stat(path) }
    }

    /// A directory, which is not looked at.
    public func folder(at path: Bytes) async throws -> any Folder {
        RemoteFolder(link: link, path: path)
    }

    /// The path without links; its last part need not be there.
    public func canonicalPath(of path: Bytes) async throws -> Bytes {
        try await link.perform { client, _ in try await client.realpath(path) }
    }

    /// The path that the user means: nothing is the login directory, and so is `~`; `~name` is
    /// another user's.
    public func expand(_ path: Bytes) async throws -> Bytes {
        let slash = UInt8(ascii: "/")
        guard let first = path.first else { return [UInt8(ascii: ".")] }
        guard first == UInt8(ascii: "~") else { return path }
        let rest = path.dropFirst()
        guard rest.isEmpty || rest.first == slash else {
            return try await link.perform { client, _ in try await client.expandPath(path) }
        }
        let relative = rest.drop { $0 == slash }
        return relative.isEmpty ? [UInt8(ascii: ".")] : relative
    }
}

/// A directory of a server, by its path: SFTP knows no other way.
///
/// What has nothing to do with an open file is done once more if the connection is lost meanwhile.
struct RemoteFolder: Folder {
    let link: RemoteLink
    let path: Bytes

    var canReplace: Bool { link.client.extensions.contains(.posixRename) }

    func waitForConnection() async throws { try await link.waitForConnection() }

    private func path(of name: Bytes) -> Bytes { join(path, name) }

    func status(of name: Bytes, followingLink: Bool) async throws -> FileAttributes {
        let path = path(of: name)
        return try await link.perform { client, _ in
            followingLink ? try await client.stat(path) : try await client.lstat(path)
        }
    }

    func list() async throws -> any Listing {
        try await link.perform { client, _ in
            RemoteListing(client: client, handle: try await client.opendir(path))
        }
    }

    func folder(named name: Bytes, followingLink: Bool) async throws -> any Folder {
        RemoteFolder(link: link, path: path(of: name))
    }

    func target(ofLink name: Bytes) async throws -> Bytes {
        let path = path(of: name)
        return try await link.perform { client, _ in try await client.readlink(path) }
    }

    func openSource(_ name: Bytes) async throws -> any SourceFile {
        let client = link.client
        return RemoteFile(client: client, handle: try await client.open(path(of: name), .read))
    }

    func openTarget(_ name: Bytes, _ way: TargetWay) async throws -> any TargetFile {
        switch way {
        case .new(let permissions):
            target(at: name, try await open(name, [.write, .create, .exclusive], permissions))
        case .inPlace(let permissions):
            target(at: name, try await open(name, [.write, .create], permissions))
        case .again: target(at: name, try await openAgain(path(of: name)))
        case .stream: RemoteTarget(try await open(name, .write, nil))
        }
    }

    /// A file that may be written over further channels.
    private func target(at name: Bytes, _ file: RemoteFile) -> RemoteTarget {
        let channels = file.client === link.client ? link.furtherChannels : nil
        return RemoteTarget(file, path: path(of: name), furtherChannels: channels)
    }

    private func open(
        _ name: Bytes, _ flags: OpenFlags, _ permissions: UInt32?
    ) async throws -> RemoteFile {
        let client = link.client
        let handle = try await client.open(
            path(of: name), flags, attributes: FileAttributes(permissions: permissions))
        return RemoteFile(client: client, handle: handle)
    }

    /// Opens a file that may have been made read-only.
    private func openAgain(_ path: Bytes) async throws -> RemoteFile {
        let client = link.client
        do {
            return RemoteFile(client: client, handle: try await client.open(path, .write))
        } catch  where errno(of: error) == .EACCES {
            let found = try await client.lstat(path)
            guard found.kind == .file, let permissions = found.permissions,
                permissions & 0o200 == 0
            else { throw error }
            let bits = permissions & 0o7777
            try await client.setstat(path, FileAttributes(permissions: bits | 0o200))
            let handle = try await client.open(path, .write)
            try await client.fsetstat(handle, FileAttributes(permissions: bits))
            return RemoteFile(client: client, handle: handle)
        }
    }

    func makeFolder(_ name: Bytes, permissions: UInt32) async throws {
        let path = path(of: name)
        try await link.perform { client, _ in
            try await client.mkdir(path, attributes: FileAttributes(permissions: permissions))
        }
    }

    func makeLink(_ name: Bytes, to target: Bytes) async throws {
        let path = path(of: name)
        try await link.perform { client, isAgain in
            if isAgain, let found = try? await client.readlink(path), found == target { return }
            try await client.symlink(at: path, to: target)
        }
    }

    func remove(_ name: Bytes) async throws {
        let path = path(of: name)
        try await link.perform { client, isAgain in
            do {
                try await client.remove(path)
            } catch  where isAgain && errno(of: error) == .ENOENT {
                // It was removed the first time.
            }
        }
    }

    func removeFolder(_ name: Bytes) async throws {
        let path = path(of: name)
        try await link.perform { client, isAgain in
            do {
                try await client.rmdir(path)
            } catch  where isAgain && errno(of: error) == .ENOENT {
                // It was removed the first time.
            }
        }
    }

    func makeHardLink(_ name: Bytes, to folder: any Folder, _ file: Bytes) async throws {
        guard let folder = folder as? RemoteFolder, folder.link === link else { throw Errno.EXDEV }
        let (old, new) = (folder.path(of: file), path(of: name))
        try await link.perform { client, _ in try await client.hardlink(from: old, to: new) }
    }

    func rename(_ name: Bytes, to newName: Bytes) async throws {
        let (from, to) = (path(of: name), path(of: newName))
        try await link.perform { client, isAgain in
            do {
                if canReplace {
                    try await client.posixRename(from: from, to: to)
                } else {
                    try await client.rename(from: from, to: to)
                }
            } catch  where isAgain && errno(of: error) == .ENOENT {
                // It was renamed the first time, if the new name is there.
                _ = try await client.lstat(to)
            }
        }
    }

    func set(_ attributes: FileAttributes) async throws {
        try await link.perform { client, _ in
            try await client.setstat(path, attributes.understood(by: client))
        }
    }
}

private struct RemoteListing: Listing {
    let client: SFTPClient
    let handle: SFTPHandle

    func next() async throws -> [NameEntry]? {
        guard let entries = try await client.readdir(handle) else { return nil }
        return entries.filter { !$0.isSelfOrParent }
    }

    func close() async { await client.startClose(handle) }
}

/// A file that is open on a server.
struct RemoteFile: SourceFile {
    let client: SFTPClient
    let handle: SFTPHandle

    var chunkBytes: Int { client.limits.readBytes }

    func startRead(at offset: UInt64, count: Int) async throws -> Deferred<[Bytes]?> {
        let reply = try await client.startRead(
            handle, offset: offset, length: min(count, client.limits.readBytes))
        return Deferred { try await reply.value }
    }

    func close() async { await client.startClose(handle) }

    func status() async throws -> FileAttributes { try await client.fstat(handle) }
}

extension FileAttributes {
    /// Without what only our own server knows, for others.
    func understood(by client: SFTPClient) -> FileAttributes {
        var result = self
        if !client.isExact { result.timeChanges = nil }
        return result
    }
}

extension NameEntry {
    fileprivate var isSelfOrParent: Bool {
        filename.elementsEqual([UInt8(ascii: ".")])
            || filename.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")])
    }
}
