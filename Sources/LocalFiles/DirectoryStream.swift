// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
public import SFTPProtocol
public import Wire

/// An open directory that is being listed, closed at the end of its life or by ``close()``.
@safe
public struct DirectoryStream: ~Copyable {
    private let stream: OpaquePointer

    /// Opens a directory.
    public init(opening path: Bytes) throws(Errno) {
        unsafe stream = try withPathPointer(path) { path throws(Errno) in
            guard let stream = unsafe opendir(path) else { throw .last }
            return unsafe stream
        }
    }

    /// Takes the open descriptor of a directory over.
    init(owning descriptor: Int32) throws(Errno) {
        guard let stream = unsafe fdopendir(descriptor) else {
            let failure = Errno.last
            Glibc.close(descriptor)
            throw failure
        }
        unsafe self.stream = unsafe stream
    }

    deinit { _ = unsafe closedir(stream) }

    /// Closes the directory.
    public consuming func close() throws(Errno) {
        let stream = unsafe stream
        discard self
        try check(unsafe closedir(stream))
    }

    /// The next name, `.` and `..` among them; `nil` at the end.
    public func next() throws(Errno) -> Bytes? {
        errno = 0
        if let name = unsafe clinux_readdir_name(stream) { return unsafe bytes(of: name) }
        if errno != 0 { throw .last }
        return nil
    }

    /// What is known of the directory.
    public func status() throws(Errno) -> FileStatus {
        var status = stat()
        try check(unsafe fstat(dirfd(stream), &status))
        return FileStatus(status)
    }

    /// What is known of an entry itself, wherever the directory has been moved meanwhile.
    public func status(of name: Bytes) throws(Errno) -> FileStatus {
        var status = stat()
        let descriptor = unsafe dirfd(stream)
        try unsafe withPath(name) { name in
            unsafe fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW)
        }
        return FileStatus(status)
    }
}
