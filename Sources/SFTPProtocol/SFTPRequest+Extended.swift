// SPDX-License-Identifier: Apache-2.0

import Wire

extension SFTPRequest {
    /// Reads the body of EXTENDED, from the name of the extension on.
    init(extendedFrom reader: inout WireReader) throws(WireError) {
        let name = try reader.readString()
        guard let known = SFTPExtension(rawValue: String(decoding: name, as: UTF8.self)) else {
            self = .unknownExtension(name: name, data: reader.readRemaining())
            return
        }
        switch known {
        case .posixRename:
            let oldPath = try reader.readPath()
            self = .posixRename(oldPath: oldPath, newPath: try reader.readPath())
        case .hardlink:
            let oldPath = try reader.readPath()
            self = .hardlink(oldPath: oldPath, newPath: try reader.readPath())
        case .statvfs: self = .statvfs(path: try reader.readPath())
        case .fstatvfs: self = .fstatvfs(handle: try reader.readString())
        case .fsync: self = .fsync(handle: try reader.readString())
        case .lsetstat:
            let path = try reader.readPath()
            self = .lsetstat(path: path, attributes: try FileAttributes(from: &reader))
        case .limits: self = .limits
        case .expandPath: self = .expandPath(path: try reader.readPath())
        case .copyData: self = try Self.readCopyData(&reader)
        case .homeDirectory: self = .homeDirectory(user: try reader.readPath())
        case .usersGroupsByID:
            let uids = try Self.readNumbers(&reader)
            self = .usersGroupsByID(uids: uids, gids: try Self.readNumbers(&reader))
        }
    }

    private static func readCopyData(_ reader: inout WireReader) throws(WireError) -> SFTPRequest {
        let readHandle = try reader.readString()
        let readOffset = try reader.readUInt64()
        let length = try reader.readUInt64()
        let writeHandle = try reader.readString()
        return .copyData(
            readHandle: readHandle, readOffset: readOffset, length: length,
            writeHandle: writeHandle, writeOffset: try reader.readUInt64())
    }

    /// Reads a `string` that is packed with `uint32`s.
    private static func readNumbers(_ reader: inout WireReader) throws(WireError) -> [UInt32] {
        var packed = WireReader(try reader.readString())
        var numbers: [UInt32] = []
        numbers.reserveCapacity(packed.remainingCount / 4)
        while !packed.isAtEnd { numbers.append(try packed.readUInt32()) }
        return numbers
    }

    /// Writes the body of EXTENDED, from the name of the extension on.
    func writeExtended(to writer: inout WireWriter) {
        switch self {
        case .posixRename(let oldPath, let newPath):
            Self.write(.posixRename, oldPath, newPath, to: &writer)
        case .hardlink(let oldPath, let newPath):
            Self.write(.hardlink, oldPath, newPath, to: &writer)
        case .statvfs(let path): Self.write(.statvfs, path, to: &writer)
        case .fstatvfs(let handle): Self.write(.fstatvfs, handle, to: &writer)
        case .fsync(let handle): Self.write(.fsync, handle, to: &writer)
        case .lsetstat(let path, let attributes):
            Self.write(.lsetstat, path, to: &writer)
            attributes.write(to: &writer)
        case .limits: Self.write(.limits, to: &writer)
        case .expandPath(let path): Self.write(.expandPath, path, to: &writer)
        case .copyData(let readHandle, let readOffset, let length, let writeHandle, let writeOffset):
            Self.write(.copyData, readHandle, to: &writer)
            writer.write(readOffset)
            writer.write(length)
            writer.writeString(writeHandle)
            writer.write(writeOffset)
        case .homeDirectory(let user): Self.write(.homeDirectory, user, to: &writer)
        case .usersGroupsByID(let uids, let gids):
            Self.write(.usersGroupsByID, to: &writer)
            for numbers in [uids, gids] {
                writer.write(UInt32(numbers.count * 4))
                for number in numbers { writer.write(number) }
            }
        case .unknownExtension(let name, let data):
            writer.writeString(name)
            writer.writeBytes(data)
        case .open, .close, .read, .write, .lstat, .stat, .fstat, .setstat, .fsetstat, .opendir,
            .readdir, .remove, .mkdir, .rmdir, .realpath, .rename, .readlink, .symlink, .unknown:
            preconditionFailure("not an extension")
        }
    }

    private static func write(
        _ name: SFTPExtension, _ strings: Bytes..., to writer: inout WireWriter
    ) {
        writer.writeString(name.rawValue)
        for string in strings { writer.writeString(string) }
    }
}
