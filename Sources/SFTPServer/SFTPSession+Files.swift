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
        let permissions = configuration.policy.modes.ofFile(
            asked: attributes.permissions ?? Self.defaultPermissions)
        log.log(
            .info,
            "open \(ServerLog.quoted(path)) flags \(flags.logText) mode \(permissions.octal)")
        guard handles.hasRoom else { throw .EMFILE }
        let file = try creating(makesFile(path, flags)) { () throws(Errno) in
            try files.open(
                path, flags: flags, permissions: permissions & LocalFiles.permissionBits)
        }
        // Asked now: later it could have to wait for the disk.
        let identity = try file.status().identity
        let isInMemory = memoryDevices[identity.device] ?? file.isInMemory
        memoryDevices[identity.device] = isInMemory
        return .handle(
            handles.insert(
                .file(OpenFile(file, path: path, identity: identity, isInMemory: isInMemory))))
    }

    func close(_ handle: Bytes) throws(Errno) -> SFTPReply {
        guard let content = handles.remove(handle) else {
            return .status(SFTPStatus(.noSuchFile, message: "Invalid handle"))
        }
        log.log(.info, content.closingLine)
        try content.close()
        return .ok
    }

    func write(_ handle: Bytes, offset: UInt64, data: [Bytes]) throws(Errno) -> SFTPReply {
        guard let file = file(handle) else { return .invalidHandle }
        let count = data.reduce(0) { $0 + $1.count }
        log.log(.debug1, "write \(ServerLog.quoted(file.path)) off \(offset) len \(count)")
        countWritten(count)
        try configuration.quota?.takeBytes(UInt64(count))
        try file.withFile { file throws(Errno) in try file.write(data, at: offset) }
        file.writtenCount &+= UInt64(count)
        return .ok
    }
}

extension OpenFlags {
    /// The flags as they stand in OpenSSH's log.
    var logText: String {
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
