// SPDX-License-Identifier: Apache-2.0

public import Wire

extension SFTPRequest {
    /// The packet with its length field: header fields in one piece, then a WRITE's payload as it is.
    ///
    /// - Precondition: the packet is not longer than ``SFTPLimits/packetBytes``.
    public func encode(id: UInt32) -> [Bytes] {
        guard case .write(_, _, let data) = self else {
            return [encodePacket(typeByte, id: id, fields: writeFields)]
        }
        let count = data.reduce(0) { $0 + $1.count }
        return [encodePacket(typeByte, id: id, payloadCount: count, fields: writeFields)] + data
    }

    private var typeByte: UInt8 {
        if case .unknown(let type, _) = self { return type }
        let type: SFTPPacketType =
            switch self {
            case .open: .open
            case .close: .close
            case .read: .read
            case .write: .write
            case .lstat: .lstat
            case .stat: .stat
            case .fstat: .fstat
            case .setstat: .setstat
            case .fsetstat: .fsetstat
            case .opendir: .opendir
            case .readdir: .readdir
            case .remove: .remove
            case .mkdir: .mkdir
            case .rmdir: .rmdir
            case .realpath: .realpath
            case .rename: .rename
            case .readlink: .readlink
            case .symlink: .symlink
            case .posixRename, .statvfs, .fstatvfs, .hardlink, .fsync, .lsetstat, .limits,
                .expandPath, .copyData, .homeDirectory, .usersGroupsByID, .unknownExtension,
                .unknown:
                .extended
            }
        return type.rawValue
    }

    private func writeFields(to writer: inout WireWriter) {
        switch self {
        case .open(let path, let flags, let attributes):
            writer.writeString(path)
            writer.write(flags.rawValue)
            attributes.write(to: &writer)
        case .close(let string), .fstat(let string), .readdir(let string), .lstat(let string),
            .stat(let string), .opendir(let string), .remove(let string), .rmdir(let string),
            .realpath(let string), .readlink(let string):
            writer.writeString(string)
        case .read(let handle, let offset, let length):
            writer.writeString(handle)
            writer.write(offset)
            writer.write(length)
        case .write(let handle, let offset, let data):
            writer.writeString(handle)
            writer.write(offset)
            writer.write(UInt32(data.reduce(0) { $0 + $1.count }))
        case .setstat(let string, let attributes), .fsetstat(let string, let attributes),
            .mkdir(let string, let attributes):
            writer.writeString(string)
            attributes.write(to: &writer)
        case .rename(let first, let second), .symlink(let first, let second):
            writer.writeString(first)
            writer.writeString(second)
        case .unknown(_, let body):
            writer.writeBytes(body)
        case .posixRename, .statvfs, .fstatvfs, .hardlink, .fsync, .lsetstat, .limits, .expandPath,
            .copyData, .homeDirectory, .usersGroupsByID, .unknownExtension:
            writeExtended(to: &writer)
        }
    }
}
