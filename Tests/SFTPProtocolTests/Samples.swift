// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

func bytes(_ text: String) -> Bytes { Array(text.utf8)[...] }

let allAttributes = FileAttributes(
    size: 0x1_0000_0001, owner: .init(uid: 1000, gid: 0xFFFF_FFFF), permissions: 0o100644,
    times: .init(atime: 1, mtime: 0xFFFF_FFFF))

let exactAttributes = FileAttributes(
    size: 1,
    exact: ExactAttributes(
        identity: .init(device: .max, inode: 1), linkCount: 2, blocks: 8,
        atime: FileTime(nanoseconds: .min), mtime: FileTime(nanoseconds: -1),
        ctime: FileTime(nanoseconds: .max)),
    timeChanges: TimeChanges(atime: .omit, mtime: .at(FileTime(nanoseconds: 3))))

let someAttributes: [FileAttributes] = [
    exactAttributes,
    FileAttributes(), allAttributes, FileAttributes(size: 7), FileAttributes(permissions: 0o755),
    FileAttributes(owner: .init(uid: 1, gid: 2)), FileAttributes(times: .init(atime: 3, mtime: 4)),
]

/// Every request at least once.
let sampleRequests: [SFTPRequest] =
    [
        .open(path: bytes("a b"), flags: [.read, .create], attributes: allAttributes),
        .close(handle: [1, 2, 3, 4]),
        .read(handle: [0], offset: .max, length: .max),
        .write(handle: [0, 0, 0, 9], offset: 5, data: [bytes("some data to write")]),
        .write(handle: bytes(""), offset: 0, data: []),
        .lstat(path: bytes("/l")),
        .stat(path: bytes("")),
        .fstat(handle: [9]),
        .fsetstat(handle: [7], attributes: allAttributes),
        .opendir(path: bytes("d")),
        .readdir(handle: [3]),
        .remove(path: bytes("x")),
        .mkdir(path: bytes("m"), attributes: FileAttributes(permissions: 0o700)),
        .rmdir(path: bytes("r")),
        .realpath(path: bytes(".")),
        .rename(oldPath: bytes("old"), newPath: bytes("new")),
        .readlink(path: bytes("link")),
        .symlink(target: bytes("target"), linkPath: bytes("link")),
        .posixRename(oldPath: bytes("old"), newPath: bytes("new")),
        .statvfs(path: bytes("/")),
        .fstatvfs(handle: [1]),
        .hardlink(oldPath: bytes("old"), newPath: bytes("new")),
        .fsync(handle: [2]),
        .lsetstat(path: bytes("l"), attributes: allAttributes),
        .limits,
        .expandPath(path: bytes("~/x")),
        .copyData(
            readHandle: [1], readOffset: 2, length: 0, writeHandle: [4, 4], writeOffset: .max),
        .homeDirectory(user: bytes("root")),
        .usersGroupsByID(uids: [0, 1000, .max], gids: []),
    ] + someAttributes.map { .setstat(path: bytes("s"), attributes: $0) }

/// Requests that we don't know: their bodies have no form that could be checked.
let unknownRequests: [SFTPRequest] = [
    .unknownExtension(name: bytes("vendor@example.com"), data: [1, 2, 3]),
    .unknown(type: 99, body: [1, 2, 3]),
    .unknown(type: 105, body: []),
]

let sampleStatistics: FileSystemStatistics = {
    var statistics = FileSystemStatistics()
    statistics.bsize = 4096
    statistics.frsize = 512
    statistics.blocks = .max
    statistics.bfree = 3
    statistics.bavail = 2
    statistics.files = 10
    statistics.ffree = 9
    statistics.favail = 8
    statistics.fsid = 77
    statistics.flag = FileSystemStatistics.readOnly
    statistics.namemax = 255
    return statistics
}()

let sampleLimits = ServerLimits(
    maxPacketLength: 1, maxReadLength: 2, maxWriteLength: 3, maxOpenHandles: .max)

let sampleNames = UserGroupNames(
    users: [bytes("root"), bytes(""), bytes("nobody")], groups: [bytes("wheel")])

/// Every reply at least once, but for those with fields of free form.
let sampleReplies: [SFTPReply] = [
    .handle([0, 0, 0, 1]),
    .data([bytes("some data that has been read")]),
    .data([]),
    .name([
        NameEntry(filename: bytes("a"), longname: bytes("-rw"), attributes: allAttributes),
        NameEntry(path: bytes("/")),
    ]),
    .name([]),
    .attributes(allAttributes),
    .attributes(exactAttributes),
]

/// Replies of which a shorter one may be well-formed too.
let freeReplies: [SFTPReply] = [
    .status(SFTPStatus(.ok)),
    .status(SFTPStatus(StatusCode(rawValue: 31), message: "naïve")),
    .status(SFTPStatus(errno: .ENOTEMPTY, isReported: true)),
    sampleLimits.reply, sampleStatistics.reply, sampleNames.reply,
]

/// A packet as it stands in the stream.
func joined(_ pieces: [Bytes]) -> [UInt8] { pieces.flatMap { $0 } }

/// The packet without its length field.
func frame(_ pieces: [Bytes]) throws -> SFTPFrame { try SFTPFrame(joined(pieces).dropFirst(4)) }
