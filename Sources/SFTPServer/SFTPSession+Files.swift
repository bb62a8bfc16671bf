// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import Wire

extension SFTPReply {
    /// Success.
    static let ok = SFTPReply.status(SFTPStatus(.ok))
    /// Nothing is left.
    static let eof = SFTPReply.status(SFTPStatus(.eof))
    /// The answer, as OpenSSH's, to a handle that is none, or is one of another kind.
    static let invalidHandle = SFTPReply.status(SFTPStatus(.failure, message: "Invalid handle"))
}

extension SFTPSession {
    private static let defaultPermissions: UInt32 = 0o666

    /// The open file of a handle.
    func file(_ handle: Bytes) -> OpenFile? {
        if case .file(let file)? = handles[handle] { file } else { nil }
    }

    func open(
        _ path: Bytes, _ flags: OpenFlags, _ attributes: FileAttributes
    ) throws(Errno) -> SFTPReply {
        let permissions = attributes.permissions ?? Self.defaultPermissions
        log.log(
            .info,
            "open \(ServerLog.quoted(path)) flags \(flags.logText) mode \(permissions.octal)")
        guard handles.hasRoom else { throw .EMFILE }
        let file = try files.open(
            path, flags: flags, permissions: permissions & LocalFiles.permissionBits)
        return .handle(handles.insert(.file(OpenFile(file, path: path))))
    }

    func close(_ handle: Bytes) throws(Errno) -> SFTPReply {
        guard let content = handles.remove(handle) else {
            return .status(SFTPStatus(.noSuchFile, message: "Invalid handle"))
        }
        log.log(.info, content.closingLine)
        try content.close()
        return .ok
    }

    func read(_ handle: Bytes, offset: UInt64, length: UInt32, id: UInt32) throws(Errno) {
        guard let file = file(handle) else { return send(.invalidHandle, id: id) }
        let count = min(Int(length), SFTPLimits.transferBytes)
        let buffer = try file.withFile { file throws(Errno) in
            try file.read(upTo: count, at: offset, behind: SFTPReply.dataHeaderBytes)
        }
        let readCount = buffer.count - SFTPReply.dataHeaderBytes
        log.log(
            .debug1,
            "request \(id): read \(ServerLog.quoted(file.path)) off \(offset) len \(length)")
        guard readCount > 0 || count == 0 else { return send(.eof, id: id) }
        file.readCount &+= UInt64(readCount)
        replies.appendData(buffer, id: id)
    }

    func write(_ handle: Bytes, offset: UInt64, data: [Bytes]) throws(Errno) -> SFTPReply {
        guard let file = file(handle) else { return .invalidHandle }
        let count = data.reduce(0) { $0 + $1.count }
        log.log(.debug1, "write \(ServerLog.quoted(file.path)) off \(offset) len \(count)")
        try file.withFile { file throws(Errno) in try file.write(data, at: offset) }
        file.writtenCount &+= UInt64(count)
        return .ok
    }

    func fsync(_ handle: Bytes) throws(Errno) -> SFTPReply {
        guard let file = file(handle) else {
            return .status(SFTPStatus(.noSuchFile, message: "Invalid handle"))
        }
        log.log(.verbose, "fsync \(ServerLog.quoted(file.path))")
        try file.withFile { file throws(Errno) in try file.synchronize() }
        return .ok
    }

    func copyData(
        from readHandle: Bytes, at readOffset: UInt64, length: UInt64, to writeHandle: Bytes,
        at writeOffset: UInt64
    ) throws(Errno) -> SFTPReply {
        guard let source = file(readHandle), let destination = file(writeHandle) else {
            return .invalidHandle
        }
        log.log(
            .debug1,
            "copy-data from \(ServerLog.quoted(source.path)) off \(readOffset) len \(length)"
                + " to \(ServerLog.quoted(destination.path)) off \(writeOffset)")
        let copied = try source.withFile { from throws(Errno) -> UInt64? in
            try destination.withFile { to throws(Errno) -> UInt64? in
                guard try !from.status().isSameFile(as: to.status()) else { return nil }
                return try to.copy(
                    from: from, at: readOffset, count: length == 0 ? .max : length, to: writeOffset)
            }
        }
        guard let copied else {
            let message = "Source and destination are the same file"
            return .status(SFTPStatus(.failure, message: message))
        }
        source.readCount &+= copied
        destination.writtenCount &+= copied
        return length == 0 || copied == length ? .ok : .eof
    }
}

extension OpenFlags {
    /// The flags as they stand in OpenSSH's log.
    fileprivate var logText: String {
        let names: [(OpenFlags, String)] = [
            (.read, "READ"), (.write, "WRITE"), (.append, "APPEND"), (.create, "CREATE"),
            (.truncate, "TRUNCATE"), (.exclusive, "EXCL"),
        ]
        return names.filter { contains($0.0) }.map(\.1).joined(separator: ",")
    }
}

extension UInt32 {
    /// The number in octal, with a leading zero.
    var octal: String { "0" + String(self, radix: 8) }
}
