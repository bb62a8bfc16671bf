// SPDX-License-Identifier: Apache-2.0

internal import CFuse
internal import CLinux
import EventLoop
import Glibc

/// A directory to mount on, or to unmount from, by its absolute path.
///
/// What these functions do may wait for a file system: never call them on a loop that serves one.
public struct MountPoint: Sendable {
    /// The absolute path, without links; or `/dev/fd/N` for a FUSE device that somebody has opened and
    /// mounted for us (mount.fuse3(8), `drop_privileges`).
    public let path: String
    /// Whether it is a device that is mounted already.
    private let isDevice: Bool

    /// Finds the path of a mount point without looking at what is mounted there, which may not
    /// answer: only its parent directory is looked at.
    ///
    /// - Throws: ``MountError``.
    public init(_ name: String) throws {
        let device = name.hasPrefix("/dev/fd/") ? CInt(name.dropFirst("/dev/fd/".count)) : nil
        isDevice = device != nil
        if let device {
            guard fcntl(device, F_GETFD) >= 0 else {
                throw MountError(SystemError.last(name).description)
            }
            path = name
            return
        }
        guard !name.isEmpty else { throw MountError("the name of the mount point is empty") }
        var parent = name
        while parent.count > 1, parent.hasSuffix("/") { parent.removeLast() }
        var last = ""
        if let slash = parent.lastIndex(of: "/") {
            last = String(parent[parent.index(after: slash)...])
            parent = slash == parent.startIndex ? "/" : String(parent[..<slash])
        } else {
            last = parent
            parent = "."
        }
        if last.isEmpty || last == "." || last == ".." { (parent, last) = (name, "") }
        guard let found = unsafe realpath(parent, nil) else {
            throw MountError(SystemError.last(name).description)
        }
        defer { unsafe free(found) }
        let directory = unsafe String(cString: found)
        if last.isEmpty {
            path = directory
        } else {
            path = directory == "/" ? "/\(last)" : "\(directory)/\(last)"
        }
    }

    /// Makes sure that the directory can be mounted on: removes what a killed mount of ours has left.
    ///
    /// - Returns: whether there was such a mount.
    /// - Throws: ``MountError``.
    public func prepare() throws -> Bool {
        if isDevice { return false }
        var status = stat()
        let found = unsafe stat(path, &status) == 0
        let error = errno
        if found {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw MountError("\(path): Not a directory")
            }
            return false
        }
        guard error == ENOTCONN else {
            throw MountError(SystemError(call: path, code: error).description)
        }
        guard let stale = MountTable.read().mount(at: path), stale.hasTypeOfOurs else {
            throw MountError("\(path) holds a dead mount that is not ours; unmount it first")
        }
        try unmount(lazily: true)
        return true
    }

    /// Unmounts, by fusermount3 where that needs privileges that we don't have.
    ///
    /// - Parameter lazily: detaches the file system even while it is in use.
    /// - Throws: ``MountError``.
    public func unmount(lazily: Bool) throws {
        if geteuid() != 0 { return try runFusermount(lazily: lazily) }
        guard unsafe clinux_unmount(path, lazily ? 1 : 0) == 0 else {
            throw MountError(SystemError.last(path).description)
        }
    }

    private func runFusermount(lazily: Bool) throws {
        let words = ["fusermount3", "-u"] + (lazily ? ["-z"] : []) + ["--", path]
        let process: CInt
        do {
            process = try Program(words, input: .inherited, output: .inherited).start()
        } catch {
            throw MountError(error.description)
        }
        var status: CInt = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        // It has said why on the standard error output.
        guard status == 0 else { throw MountError("\(path): not unmounted") }
    }
}
