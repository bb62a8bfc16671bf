// SPDX-License-Identifier: Apache-2.0

internal import CFuse
import Glibc
import RemoteFS
import Synchronization

/// Owns a session of libfuse.
///
/// Used by one thread at a time, but for ``invalidateAttributes(of:)``.
@safe
final class Session: @unchecked Sendable {
    private let session: OpaquePointer
    /// Locked by who needs the device to stay open meanwhile.
    private let isMounted = Mutex(false)
    /// Whether fusermount3 is to unmount when this process dies (`auto_unmount`).
    private let isWatched: Bool
    /// The device once more, where fusermount3 watches.
    private var secondDescriptor: CInt = -1

    /// A session that is not mounted yet.
    ///
    /// - Parameters:
    ///   - options: mount options by their names.
    ///   - context: handed to every operation; must stay valid while the session lives.
    init(
        options: [String], operations: fuse_lowlevel_ops, context: UnsafeMutableRawPointer
    ) throws {
        LibfuseLog.capture()
        isWatched = options.contains("auto_unmount")
        var arguments = unsafe fuse_args()
        defer { unsafe fuse_opt_free_args(&arguments) }
        unsafe fuse_opt_add_arg(&arguments, "hawser")
        for option in options {
            unsafe fuse_opt_add_arg(&arguments, "-o")
            unsafe fuse_opt_add_arg(&arguments, Self.escape(option))
        }
        var operations = operations
        let size = MemoryLayout<fuse_lowlevel_ops>.size
        guard let session = unsafe fuse_session_new(&arguments, &operations, size, context) else {
            throw MountError("libfuse refuses the mount options\(LibfuseLog.takeReason())")
        }
        unsafe self.session = session
    }

    deinit {
        unsafe fuse_session_destroy(session)
    }

    /// A value's commas and backslashes, as libfuse wants them in a list of options.
    private static func escape(_ option: String) -> String {
        option.reduce(into: "") { text, character in
            if character == "," || character == "\\" { text.append("\\") }
            text.append(character)
        }
    }

    func mount(at mountPoint: String) throws {
        guard unsafe fuse_session_mount(session, mountPoint) == 0 else {
            throw MountError("cannot mount on \(mountPoint)\(LibfuseLog.takeReason())")
        }
        isMounted.withLock { $0 = true }
        let descriptor = descriptor
        // fusermount3 learns of our end by a socket, and looks then whether the device is closed. The kernel
        // releases what a dying process had open from the highest number down, and the socket's is higher
        // than the device's: without this, fusermount3 may look too early and leave the mount.
        if isWatched { secondDescriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, descriptor + 1) }
        guard fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0 else {
            unmount()
            throw MountError("the FUSE device can't be read without waiting")
        }
    }

    /// Closes the device first, which fails what still waits, and so never waits for an answer.
    func unmount() {
        isMounted.withLock { isMounted in
            if secondDescriptor >= 0 { close(secondDescriptor) }
            secondDescriptor = -1
            if isMounted { unsafe fuse_session_unmount(session) }
            isMounted = false
        }
    }

    /// Tells the kernel that what it knows of a node's attributes is not true any more.
    ///
    /// On a thread of its own: it may wait for the kernel, which may wait for an answer of ours. Pages
    /// are left alone, and with them what locks them.
    func invalidateAttributes(of inode: InodeNumber) {
        isMounted.withLock { isMounted in
            guard isMounted else { return }
            // Fails where the kernel has forgotten the node: then there is nothing to tell.
            _ = unsafe fuse_lowlevel_notify_inval_inode(session, inode, -1, 0)
        }
    }

    /// Has the kernel drop a name, and what it leads to unless that is in use.
    ///
    /// On a thread of its own: it waits for the directory's lock, and so for answers of ours. The
    /// session must not be unmounted meanwhile.
    func drop(_ name: KnownName) {
        // libfuse passes the zero byte behind the name on, though it is told the name's length.
        let text = name.name.map(CChar.init(bitPattern:)) + [0]
        // Fails where the kernel has forgotten the name: then there is nothing to drop.
        _ = unsafe fuse_lowlevel_notify_inval_entry(session, name.parent, text, text.count - 1)
    }

    var descriptor: CInt { unsafe fuse_session_fd(session) }

    /// Takes a request apart and calls its operation.
    func process(_ bytes: UnsafeRawBufferPointer, count: Int) {
        var buffer = unsafe fuse_buf()
        unsafe buffer.size = count
        unsafe buffer.mem = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        unsafe fuse_session_process_buf(session, &buffer)
    }
}
