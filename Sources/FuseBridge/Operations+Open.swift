// SPDX-License-Identifier: Apache-2.0

internal import CFuse
internal import CLinux
import EventLoop
import Glibc
import RemoteFS
import SFTPProtocol

/// Operations on open files.
func addFileOperations(to operations: inout fuse_lowlevel_ops) {
    addOpenOperations(to: &operations)
    unsafe operations.read = { raw, _, size, offset, info in
        let handle = unsafe info?.pointee.fh ?? 0
        unsafe start(raw, .read, "read \(size) bytes at \(offset) of handle \(handle)") {
            (fileSystem, request) async throws(Errno) in
            request.reply(
                try await fileSystem.read(handle, offset: UInt64(clamping: offset), count: size))
        }
    }
    unsafe operations.write = { raw, _, data, size, offset, info in
        guard let raw = unsafe raw, let data = unsafe data else { return }
        let handle = unsafe info?.pointee.fh ?? 0
        // The flags are the file's present ones, which fcntl(2) may have changed since the open.
        let flags = unsafe info?.pointee.flags ?? 0
        let appends = flags & O_APPEND != 0
        let waits = flags & (O_SYNC | O_DSYNC | CInt(clinux_O_DIRECT)) != 0
        let isWriteback = unsafe info?.pointee.writepage == 1
        let address = UInt(bitPattern: data)
        let payload = unsafe bridge(of: raw).assumeIsolated {
            $0.takePayload(at: address, count: size)
        }
        unsafe start(raw, .write, "write \(size) bytes at \(offset) of handle \(handle)") {
            (fileSystem, request) async throws(Errno) in
            let kind: WriteKind = isWriteback ? .pages : appends ? .asOpened : .inPlace
            let count = try await fileSystem.write(
                handle, offset: UInt64(clamping: offset), data: payload, as: kind, waits: waits)
            request.reply(written: count)
        }
    }
    unsafe operations.fsync = { raw, _, _, info in
        let handle = unsafe info?.pointee.fh ?? 0
        unsafe start(raw, .fsync, "fsync handle \(handle)") {
            (fileSystem, request) async throws(Errno) in
            try await fileSystem.fsync(handle)
            request.succeed()
        }
    }
    unsafe operations.copy_file_range = {
        raw, _, sourceOffset, source, _, targetOffset, target, count, flags in
        let source = unsafe source?.pointee.fh ?? 0
        let target = unsafe target?.pointee.fh ?? 0
        unsafe start(
            raw, .copyFileRange,
            "copy \(count) bytes at \(sourceOffset) of handle \(source) to \(targetOffset) of handle \(target)"
        ) { (fileSystem, request) async throws(Errno) in
            guard flags == 0 else { throw .EINVAL }
            let copied = try await fileSystem.copyRange(
                from: source, at: UInt64(clamping: sourceOffset), to: target,
                at: UInt64(clamping: targetOffset), count: UInt64(count))
            request.reply(written: copied)
        }
    }
}

private func addOpenOperations(to operations: inout fuse_lowlevel_ops) {
    unsafe operations.open = { raw, inode, info in
        guard let raw = unsafe raw else { return }
        let flags = OpenFlags(kernel: unsafe info?.pointee.flags ?? 0)
        let pages = unsafe bridge(of: raw).options.pages
        unsafe start(raw, .open, "open \(inode): \(flags.text)") {
            (fileSystem, request) async throws(Errno) in
            let file = try await fileSystem.open(inode, flags, by: request.caller)
            if !request.reply(file, pages) {
                await fileSystem.release(file.handle)
            }
        }
    }
    unsafe operations.create = { raw, parent, name, mode, info in
        guard let raw = unsafe raw else { return }
        let name = unsafe copyName(name)
        let flags = OpenFlags(kernel: unsafe info?.pointee.flags ?? 0)
        let pages = unsafe bridge(of: raw).options.pages
        unsafe start(raw, .create, "create \(quoted(name)) in \(parent): \(flags.text)") {
            (fileSystem, request) async throws(Errno) in
            let (entry, file) = try await fileSystem.create(
                name, in: parent, permissions: mode, flags, by: request.caller)
            do throws(Errno) {
                if request.reply(try await fileSystem.shown(entry), file, pages) { return }
            } catch {
                request.fail(error)
            }
            await fileSystem.release(file.handle)
            await fileSystem.forget(entry.status.inode, count: 1)
        }
    }
    unsafe operations.flush = { raw, _, info in
        let handle = unsafe info?.pointee.fh ?? 0
        // Only now is known what has become of all that was written, and somebody waits for it (0012).
        unsafe start(raw, .flush, "flush handle \(handle)") {
            (fileSystem, request) async throws(Errno) in
            try await fileSystem.flush(handle)
            request.succeed()
        }
    }
    unsafe operations.release = { raw, _, info in
        let handle = unsafe info?.pointee.fh ?? 0
        unsafe start(raw, .release, "release handle \(handle)") {
            (fileSystem, request) async throws(Errno) in
            await fileSystem.release(handle)
            request.succeed()
        }
    }
}

/// Operations on open directories.
func addDirectoryOperations(to operations: inout fuse_lowlevel_ops) {
    unsafe operations.opendir = { raw, inode, _ in
        unsafe start(raw, .opendir, "opendir \(inode)") {
            (fileSystem, request) async throws(Errno) in
            let directory = try await fileSystem.opendir(inode)
            if !request.reply(directory) { await fileSystem.releasedir(directory.handle) }
        }
    }
    unsafe operations.readdir = { raw, _, size, offset, info in
        let handle = unsafe info?.pointee.fh ?? 0
        unsafe list(raw, handle, offset, size: size, withAttributes: false)
    }
    unsafe operations.readdirplus = { raw, _, size, offset, info in
        let handle = unsafe info?.pointee.fh ?? 0
        unsafe list(raw, handle, offset, size: size, withAttributes: true)
    }
    unsafe operations.releasedir = { raw, _, info in
        let handle = unsafe info?.pointee.fh ?? 0
        unsafe start(raw, .releasedir, "releasedir handle \(handle)") {
            (fileSystem, request) async throws(Errno) in
            await fileSystem.releasedir(handle)
            request.succeed()
        }
    }
    unsafe operations.fsyncdir = { raw, _, _, info in
        let handle = unsafe info?.pointee.fh ?? 0
        // SFTP can't sync a directory; its changes have been answered by the server.
        unsafe start(raw, .fsyncdir, "fsyncdir handle \(handle)") {
            (_, request) async throws(Errno) in
            request.succeed()
        }
    }
}

private func list(
    _ raw: OpaquePointer?, _ handle: HandleID, _ offset: off_t, size: Int, withAttributes: Bool
) {
    guard let raw = unsafe raw else { return }
    let overhead = unsafe ListedEntry.overhead(for: raw, withAttributes: withAttributes)
    unsafe start(
        raw, withAttributes ? .readdirplus : .readdir, "readdir handle \(handle) from \(offset)"
    ) {
        (fileSystem, request) async throws(Errno) in
        let entries = try await fileSystem.readdir(
            handle, offset: UInt64(bitPattern: Int64(offset)), room: size, overhead: overhead,
            attributes: withAttributes)
        let shown = try await fileSystem.shown(entries)
        if !request.reply(shown, size: size, withAttributes: withAttributes) {
            for entry in shown {
                if let inode = entry.entry?.status.inode {
                    await fileSystem.forget(inode, count: 1)
                }
            }
        }
    }
}
