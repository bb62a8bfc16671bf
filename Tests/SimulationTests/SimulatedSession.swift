// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// One SFTP session over a tree: its handles end with it.
final class SimulatedSession {
    private enum Handle {
        case file(SimulatedTree.Node, OpenFlags)
        case directory([NameEntry])
    }

    static let extensions: [SFTPExtension] = [.posixRename, .statvfs, .fsync, .lsetstat]

    private let tree: SimulatedTree
    private let number: UInt32
    private let numbers: SeededNumbers
    private let faults: RequestFaults
    private let note: (String) -> Void
    private var handles: [UInt32: Handle] = [:]
    private var lastHandle: UInt32 = 0

    /// - Parameters:
    ///   - number: which of the server's sessions this is.
    ///   - note: takes what must never happen.
    init(
        _ tree: SimulatedTree, number: UInt32, _ faults: RequestFaults, _ numbers: SeededNumbers,
        note: @escaping (String) -> Void
    ) {
        self.tree = tree
        self.number = number
        self.faults = faults
        self.numbers = numbers
        self.note = note
    }

    /// How many handles are open.
    var handleCount: Int { handles.count }

    /// Carries a request out.
    ///
    /// - Parameter isLate: whether the connection that it came by has ended meanwhile.
    func reply(to request: SFTPRequest, isLate: Bool) -> SFTPReply {
        do throws(Errno) {
            if case .close = request {
            } else if numbers.oneIn(faults.anyErrors) {
                throw numbers.pick([.EACCES, .EIO, .ENOSPC])
            }
            tree.isLate = isLate
            defer { tree.isLate = false }
            return try carryOut(request)
        } catch {
            return .status(SFTPStatus(errno: error))
        }
    }

    private func carryOut(_ request: SFTPRequest) throws(Errno) -> SFTPReply {
        let done = SFTPReply.status(SFTPStatus(.ok))
        switch request {
        case .open(let path, let flags, let attributes):
            let node = try tree.open(path, flags, permissions: attributes.permissions ?? 0o666)
            return .handle(add(.file(node, flags)))
        case .close(let handle):
            let id = try id(of: handle)
            guard handles.removeValue(forKey: id) != nil else { throw .EBADF }
            return done
        case .read(let handle, let offset, let length):
            return try read(handle, offset, length)
        case .write(let handle, let offset, let data):
            try write(handle, offset, data.flatMap { $0 })
            return done
        case .lstat(let path), .stat(let path):
            return .attributes(try tree.node(path).attributes)
        case .fstat(let handle): return .attributes(try file(handle).node.attributes)
        case .setstat(let path, let attributes), .lsetstat(let path, let attributes):
            try tree.setAttributes(attributes, of: try tree.node(path))
            return done
        case .fsetstat(let handle, let attributes):
            try tree.setAttributes(attributes, of: try file(handle).node)
            return done
        case .opendir(let path): return .handle(add(.directory(try list(path))))
        case .readdir(let handle): return try nextNames(handle)
        case .remove(let path):
            try tree.remove(path, directory: false)
            return done
        case .mkdir(let path, let attributes):
            try tree.makeDirectory(path, permissions: attributes.permissions ?? 0o777)
            return done
        case .rmdir(let path):
            try tree.remove(path, directory: true)
            return done
        case .posixRename(let old, let new):
            try tree.rename(old, new)
            return done
        case .fsync(let handle):
            _ = try file(handle)
            return done
        case .realpath: return .name([NameEntry(path: [UInt8(ascii: "/")])])
        default: return .status(SFTPStatus(.operationUnsupported))
        }
    }

    // MARK: Files

    private func read(
        _ handle: Bytes, _ offset: UInt64, _ length: UInt32
    ) throws(Errno) -> SFTPReply {
        let (node, _) = try file(handle)
        if numbers.oneIn(faults.readErrors) {
            throw .EIO
        }
        guard offset < node.content.count else { return .status(SFTPStatus(.eof)) }
        var count = min(Int(length), node.content.count - Int(offset))
        if numbers.oneIn(faults.shortReads) { count = 1 + numbers.below(count) }
        return .data([node.content[Int(offset)..<Int(offset) + count]])
    }

    private func write(_ handle: Bytes, _ offset: UInt64, _ data: [UInt8]) throws(Errno) {
        let (node, flags) = try file(handle)
        guard flags.contains(.write) else { throw .EBADF }
        if numbers.oneIn(faults.fullDisk) {
            throw .ENOSPC
        }
        let start = flags.contains(.append) ? UInt64(node.content.count) : offset
        try tree.write(data, at: start, to: node)
    }

    // MARK: Directories

    private func list(_ path: Bytes) throws(Errno) -> [NameEntry] {
        let node = try tree.node(path)
        guard node.isDirectory else { throw .ENOTDIR }
        return node.children.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
            NameEntry(filename: $0.key[...], longname: [], attributes: $0.value.attributes)
        }
    }

    private func nextNames(_ handle: Bytes) throws(Errno) -> SFTPReply {
        let id = try id(of: handle)
        guard case .directory(let entries) = handles[id] else { throw .EBADF }
        guard !entries.isEmpty else { return .status(SFTPStatus(.eof)) }
        let count = 1 + numbers.below(entries.count)
        handles[id] = .directory(Array(entries.dropFirst(count)))
        return .name(Array(entries.prefix(count)))
    }

    // MARK: Handles

    private func add(_ handle: Handle) -> Bytes {
        lastHandle += 1
        handles[lastHandle] = handle
        var writer = WireWriter()
        writer.write(number)
        writer.write(lastHandle)
        return writer.bytes[...]
    }

    private func id(of handle: Bytes) throws(Errno) -> UInt32 {
        var reader = WireReader(handle)
        guard let session = try? reader.readUInt32(), let id = try? reader.readUInt32() else {
            note("a handle that no session has given")
            throw .EBADF
        }
        guard session == number else {
            note("a handle of session \(session) came to session \(number)")
            throw .EBADF
        }
        return id
    }

    private func file(
        _ handle: Bytes
    ) throws(Errno) -> (node: SimulatedTree.Node, flags: OpenFlags) {
        guard case .file(let node, let flags) = handles[try id(of: handle)] else { throw .EBADF }
        return (node, flags)
    }
}
