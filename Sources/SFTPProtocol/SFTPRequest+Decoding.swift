// SPDX-License-Identifier: Apache-2.0

import Wire

extension SFTPRequest {
    init(decoding frame: SFTPFrame) throws(WireError) {
        var reader = frame.body
        switch frame.type {
        case .write:
            let handle = try reader.readString()
            let offset = try reader.readUInt64()
            let payload = try frame.readPayload(&reader)
            self = .write(handle: handle, offset: offset, data: payload.pieces)
        case .extended:
            self = try SFTPRequest(extendedFrom: &reader)
        case let type?:
            self = try SFTPRequest(type, from: &reader)
        case nil:
            self = .unknown(type: frame.typeByte, body: reader.readRemaining())
        }
    }

    private init(_ type: SFTPPacketType, from reader: inout WireReader) throws(WireError) {
        switch type {
        case .open:
            let path = try reader.readPath()
            let flags = OpenFlags(rawValue: try reader.readUInt32())
            self = .open(path: path, flags: flags, attributes: try FileAttributes(from: &reader))
        case .read:
            let handle = try reader.readString()
            let offset = try reader.readUInt64()
            self = .read(handle: handle, offset: offset, length: try reader.readUInt32())
        case .setstat:
            let path = try reader.readPath()
            self = .setstat(path: path, attributes: try FileAttributes(from: &reader))
        case .fsetstat:
            let handle = try reader.readString()
            self = .fsetstat(handle: handle, attributes: try FileAttributes(from: &reader))
        case .mkdir:
            let path = try reader.readPath()
            self = .mkdir(path: path, attributes: try FileAttributes(from: &reader))
        case .rename:
            let oldPath = try reader.readPath()
            self = .rename(oldPath: oldPath, newPath: try reader.readPath())
        case .symlink:
            let target = try reader.readPath()
            self = .symlink(target: target, linkPath: try reader.readPath())
        case .close: self = .close(handle: try reader.readString())
        case .fstat: self = .fstat(handle: try reader.readString())
        case .readdir: self = .readdir(handle: try reader.readString())
        case .lstat: self = .lstat(path: try reader.readPath())
        case .stat: self = .stat(path: try reader.readPath())
        case .opendir: self = .opendir(path: try reader.readPath())
        case .remove: self = .remove(path: try reader.readPath())
        case .rmdir: self = .rmdir(path: try reader.readPath())
        case .realpath: self = .realpath(path: try reader.readPath())
        case .readlink: self = .readlink(path: try reader.readPath())
        case .initialize, .version, .status, .handle, .data, .name, .attributes, .extendedReply,
            .write, .extended:
            // A reply where a request belongs; the other cases have been decoded by the caller.
            self = .unknown(type: type.rawValue, body: reader.readRemaining())
        }
    }
}
