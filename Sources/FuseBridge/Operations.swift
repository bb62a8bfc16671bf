// SPDX-License-Identifier: Apache-2.0

internal import CFuse
import EventLoop
import Glibc
import RemoteFS
import SFTPProtocol

/// The bridge that a request belongs to.
func bridge(of raw: OpaquePointer) -> FuseBridge {
    guard let context = unsafe fuse_req_userdata(raw) else {
        preconditionFailure("a session without its bridge")
    }
    return unsafe Unmanaged<FuseBridge>.fromOpaque(context).takeUnretainedValue()
}

/// Starts the operation that answers a request.
///
/// What libfuse lent for the call has been copied by now.
///
/// - Parameter what: what a trace is to say of the request.
func start(
    _ raw: OpaquePointer?, _ kind: FuseOperation, _ what: @autoclosure () -> String,
    _ operation: @escaping @Sendable (RemoteFS, FuseRequest) async throws(Errno) -> Void
) {
    guard let raw = unsafe raw else { preconditionFailure("an operation without a request") }
    let bridge = unsafe bridge(of: raw)
    let (session, fileSystem) = bridge.assumeIsolated { ($0.session, $0.fileSystem) }
    guard let session else { preconditionFailure("a request without its session") }
    guard let fileSystem else {
        // The server could not be reached.
        unsafe fuse_reply_err(raw, EIO)
        return
    }
    let request = unsafe FuseRequest(raw, kind, what, of: session, fileSystem, bridge)
    request.run(operation)
}

/// Has the file system take lookups back, if there is one.
private func forget(at bridge: FuseBridge, _ body: (isolated RemoteFS) -> Void) {
    bridge.assumeIsolated { $0.fileSystem }?.assumeIsolated(body)
}

/// Every operation that the kernel may ask for.
func operations() -> fuse_lowlevel_ops {
    var operations = fuse_lowlevel_ops()
    unsafe operations.`init` = { context, connection in
        guard let context = unsafe context, let connection = unsafe connection else { return }
        let bridge = unsafe Unmanaged<FuseBridge>.fromOpaque(context).takeUnretainedValue()
        unsafe configure(&connection.pointee, bridge.options)
    }
    addNodeOperations(to: &operations)
    addNameOperations(to: &operations)
    addFileOperations(to: &operations)
    addDirectoryOperations(to: &operations)
    return operations
}

/// What we want of the kernel.
private func configure(_ connection: inout fuse_conn_info, _ options: FuseBridgeOptions) {
    connection.max_write = options.maximumWrite
    connection.max_read = options.maximumRead
    connection.max_background = 128
    connection.time_gran = 1
    // Listings come with attributes, so every listing may as well give them to the kernel. Splicing
    // would only add pipes between the device and data that has to be encrypted.
    connection.want &= ~UInt32(
        FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE
            | FUSE_CAP_SPLICE_MOVE)
    let wanted = UInt32(
        FUSE_CAP_ASYNC_READ | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_READDIRPLUS
            | FUSE_CAP_ATOMIC_O_TRUNC)
    connection.want |= wanted & connection.capable
    // Whether pages are dropped where a file's size or time turns out to be another one.
    let invalidates = UInt32(FUSE_CAP_AUTO_INVAL_DATA) & connection.capable
    if options.pages == .kept {
        connection.want &= ~invalidates
    } else {
        connection.want |= invalidates
    }
}

private func addNodeOperations(to operations: inout fuse_lowlevel_ops) {
    unsafe operations.lookup = { raw, parent, name in
        let name = unsafe copyName(name)
        unsafe start(raw, .lookup, "lookup \(quoted(name)) in \(parent)") {
            (fileSystem, request) async throws(Errno) in
            switch try await fileSystem.lookup(name, in: parent, by: request.caller) {
            case .found(let entry): try await deliver(entry, fileSystem, request)
            case .absent(let validity): request.replyAbsent(validity: validity)
            }
        }
    }
    unsafe operations.forget = { raw, inode, count in
        guard let raw = unsafe raw else { return }
        let bridge = unsafe bridge(of: raw)
        forget(at: bridge) { $0.forget(inode, count: count) }
        bridge.trace?.note("forget \(inode)")
        unsafe fuse_reply_none(raw)
    }
    unsafe operations.forget_multi = { raw, count, items in
        guard let raw = unsafe raw else { return }
        let forgotten = unsafe Array(UnsafeBufferPointer(start: items, count: count))
        let bridge = unsafe bridge(of: raw)
        forget(at: bridge) { fileSystem in
            for item in forgotten { fileSystem.forget(item.ino, count: item.nlookup) }
        }
        for item in forgotten { bridge.trace?.note("forget \(item.ino)") }
        unsafe fuse_reply_none(raw)
    }
    unsafe operations.getattr = { raw, inode, info in
        let handle = unsafe info?.pointee.fh
        unsafe start(raw, .getattr, "getattr \(inode)") {
            (fileSystem, request) async throws(Errno) in
            let (status, validity) = try await fileSystem.getattr(
                inode, handle: handle, by: request.caller)
            request.reply(try await fileSystem.shown(status), validity: validity)
        }
    }
    unsafe operations.setattr = { raw, inode, attributes, toSet, info in
        guard let attributes = unsafe attributes?.pointee else { return }
        let changes = AttributeChanges(attributes, toSet: toSet)
        let handle = unsafe info?.pointee.fh
        unsafe start(raw, .setattr, "setattr \(inode): \(changes.text)") {
            (fileSystem, request) async throws(Errno) in
            let (status, validity) = try await fileSystem.setattr(
                inode, try await fileSystem.sent(changes), handle: handle)
            request.reply(try await fileSystem.shown(status), validity: validity)
        }
    }
    unsafe operations.readlink = { raw, inode in
        unsafe start(raw, .readlink, "readlink \(inode)") {
            (fileSystem, request) async throws(Errno) in
            request.reply(target: try await fileSystem.readlink(inode))
        }
    }
    unsafe operations.access = { raw, inode, mask in
        unsafe start(raw, .access, "access \(inode)") { (fileSystem, request) async throws(Errno) in
            try await fileSystem.access(inode, mask: UInt32(bitPattern: mask))
            request.succeed()
        }
    }
    unsafe operations.statfs = { raw, inode in
        unsafe start(raw, .statfs, "statfs \(inode)") { (fileSystem, request) async throws(Errno) in
            request.reply(try await fileSystem.statfs(inode == 0 ? rootInode : inode))
        }
    }
}

private func addNameOperations(to operations: inout fuse_lowlevel_ops) {
    unsafe operations.mknod = { raw, parent, name, mode, _ in
        let name = unsafe copyName(name)
        unsafe start(raw, .mknod, "mknod \(quoted(name)) in \(parent)") {
            (fileSystem, request) async throws(Errno) in
            let entry = try await fileSystem.mknod(name, in: parent, mode: mode)
            try await deliver(entry, fileSystem, request)
        }
    }
    unsafe operations.mkdir = { raw, parent, name, mode in
        let name = unsafe copyName(name)
        unsafe start(raw, .mkdir, "mkdir \(quoted(name)) in \(parent)") {
            (fileSystem, request) async throws(Errno) in
            let entry = try await fileSystem.mkdir(name, in: parent, permissions: mode)
            try await deliver(entry, fileSystem, request)
        }
    }
    unsafe operations.symlink = { raw, target, parent, name in
        let target = unsafe copyName(target)
        let name = unsafe copyName(name)
        unsafe start(raw, .symlink, "symlink \(quoted(name)) in \(parent) to \(quoted(target))") {
            (fileSystem, request) async throws(Errno) in
            let entry = try await fileSystem.symlink(name, in: parent, target: target)
            try await deliver(entry, fileSystem, request)
        }
    }
    unsafe operations.link = { raw, inode, parent, name in
        let name = unsafe copyName(name)
        unsafe start(raw, .link, "link \(inode) as \(quoted(name)) in \(parent)") {
            (fileSystem, request) async throws(Errno) in
            let entry = try await fileSystem.link(inode, as: name, in: parent)
            try await deliver(entry, fileSystem, request)
        }
    }
    unsafe operations.unlink = { raw, parent, name in
        let name = unsafe copyName(name)
        unsafe start(raw, .unlink, "unlink \(quoted(name)) in \(parent)") {
            (fileSystem, request) async throws(Errno) in
            try await fileSystem.unlink(name, in: parent)
            request.succeed()
        }
    }
    unsafe operations.rmdir = { raw, parent, name in
        let name = unsafe copyName(name)
        unsafe start(raw, .rmdir, "rmdir \(quoted(name)) in \(parent)") {
            (fileSystem, request) async throws(Errno) in
            try await fileSystem.rmdir(name, in: parent)
            request.succeed()
        }
    }
    unsafe operations.rename = { raw, parent, name, newParent, newName, flags in
        let rename = Rename(
            oldParent: parent, oldName: unsafe copyName(name), newParent: newParent,
            newName: unsafe copyName(newName), mayReplace: flags & renameNoReplace == 0)
        unsafe start(raw, .rename, rename.text) { (fileSystem, request) async throws(Errno) in
            guard flags & ~renameNoReplace == 0 else { throw .EINVAL }
            try await fileSystem.rename(rename)
            request.succeed()
        }
    }
}

/// `RENAME_NOREPLACE` of renameat2(2); its header is not part of the C library's module.
private let renameNoReplace: UInt32 = 1

/// Answers with a node, and takes the lookup back where the kernel does not take the answer.
private func deliver(
    _ entry: Entry, _ fileSystem: RemoteFS, _ request: FuseRequest
) async throws(Errno) {
    do throws(Errno) {
        if request.reply(try await fileSystem.shown(entry)) { return }
    } catch {
        await fileSystem.forget(entry.status.inode, count: 1)
        throw error
    }
    await fileSystem.forget(entry.status.inode, count: 1)
}
