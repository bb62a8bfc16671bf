// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
import SFTPProtocol
import Wire

private let slash = UInt8(ascii: "/")

/// The directory that a confined ``FileTree`` begins at, open for as long as anybody uses it.
final class RootDirectory: Sendable {
    private let descriptor: Int32

    /// How often a path is looked up anew because somebody moved directories on the way.
    private static let attempts = 128

    init(_ path: Bytes) throws(Errno) {
        var descriptor: Int32 = -1
        try unsafe withPath(path) { path in
            descriptor = unsafe Glibc.open(path, CInt(clinux_O_PATH) | O_DIRECTORY | O_CLOEXEC)
            return descriptor
        }
        self.descriptor = descriptor
    }

    deinit { _ = Glibc.close(descriptor) }

    /// As open(2), for a path that begins here; nothing on the way leads above.
    func open(_ path: UnsafePointer<CChar>, _ flags: Int32, _ permissions: UInt32) -> Int32 {
        var opened: Int32 = -1
        for _ in 0..<Self.attempts {
            opened = unsafe clinux_open_in_root(descriptor, path, flags, permissions)
            guard opened < 0, errno == EAGAIN else { break }
        }
        return opened
    }

    /// Calls `body` with the descriptor, which is a place only (`O_PATH`).
    func withDescriptor(_ body: (Int32) throws(Errno) -> Void) throws(Errno) {
        try body(descriptor)
    }

    /// The file that a path leads to; the caller closes it.
    func place(of path: Bytes, isDirectory: Bool = false) throws(Errno) -> Place {
        let flags = CInt(clinux_O_PATH) | O_CLOEXEC | (isDirectory ? O_DIRECTORY : 0)
        var descriptor: Int32 = -1
        try unsafe withPath(path) { path in
            descriptor = unsafe open(path, flags, 0)
            return descriptor
        }
        return Place(descriptor: descriptor)
    }
}

/// A file that is open as a place only (`O_PATH`).
struct Place {
    let descriptor: Int32

    /// A path that leads to this very file, whatever becomes of its names.
    var path: Bytes { Array("/proc/self/fd/\(descriptor)".utf8)[...] }

    func close() { _ = Glibc.close(descriptor) }
}

/// A client's path as a directory's and a name in it.
private struct Name {
    let directory: Bytes
    /// Nothing for the root, `.` and `..`, which are names of something that has a proper one.
    let name: Bytes?
    let endsInSlash: Bool

    init(_ path: Bytes) throws(Errno) {
        guard !path.isEmpty else { throw .ENOENT }
        let end = path.lastIndex { $0 != slash }.map { $0 + 1 } ?? path.startIndex
        let trimmed = path[..<end]
        endsInSlash = end < path.endIndex
        let start = trimmed.lastIndex(of: slash).map { $0 + 1 } ?? trimmed.startIndex
        let last = trimmed[start...]
        directory = start == trimmed.startIndex ? [UInt8(ascii: ".")] : trimmed[..<start]
        let isProper = ![[], Array(".".utf8), Array("..".utf8)].contains(Array(last))
        name = isProper ? last : nil
    }
}

// Each calls its body with a path for the functions of ``LocalFiles``: the client's own where the tree
// is whole; else one that begins at a descriptor, and holds no name that could lead elsewhere.
extension FileTree {
    /// For what follows links.
    func withFile<Result>(
        _ path: Bytes, _ body: (Bytes) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        guard let root else { return try body(path) }
        let place = try root.place(of: path)
        defer { place.close() }
        return try body(place.path)
    }

    /// For what does not follow links, with a path that must be a directory's.
    private func withDirectory<Result>(
        _ path: Bytes, _ body: (Bytes) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        guard let root else { return try body(path) }
        let place = try root.place(of: path, isDirectory: true)
        defer { place.close() }
        // The place's own path is a link: it says where on this machine the directory is.
        return try body(place.path + Array("/.".utf8))
    }

    /// For what is about a file, or about a link itself.
    func withPath<Result>(
        _ path: Bytes, followingLink: Bool, _ body: (Bytes) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        guard !followingLink, isConfined else { return try withFile(path, body) }
        let name = try Name(path)
        // As for the kernel: a slash behind a link has it followed.
        guard name.name != nil, !name.endsInSlash else { return try withDirectory(path, body) }
        return try withName(path, body)
    }

    /// For what is done to a name; a link there is not followed.
    ///
    /// - Parameter isNew: whether the name is to be made.
    func withName<Result>(
        _ path: Bytes, isNew: Bool = false, _ body: (Bytes) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        guard let root else { return try body(path) }
        let entry = try Name(path)
        guard let name = entry.name else { throw isNew ? .EEXIST : .EBUSY }
        let place = try root.place(of: entry.directory, isDirectory: true)
        defer { place.close() }
        let path = place.path + [slash] + name
        // With the slash a link would be followed, and out of the tree.
        if entry.endsInSlash, let status = try? LocalFiles.status(of: path, followingLink: false),
            !status.isDirectory
        {
            throw .ENOTDIR
        }
        return try body(path)
    }

    /// For what is done to two names.
    func withNames(
        _ first: Bytes, _ second: Bytes, isNew: Bool = false,
        _ body: (Bytes, Bytes) throws(Errno) -> Void
    ) throws(Errno) {
        try withName(first) { first throws(Errno) in
            try withName(second, isNew: isNew) { second throws(Errno) in try body(first, second) }
        }
    }
}
