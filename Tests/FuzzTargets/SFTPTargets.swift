// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

extension FuzzTarget {
    /// What a client sends to our SFTP server, as a stream of packets.
    static let sftpRequests = FuzzTarget(
        name: "sftp-requests",
        seeds: {
            streams(
                opening: SFTPClientMessage.initialize(
                    version: 3, extensions: [ExactExtension.pair]
                ).encode(),
                packets: sampleRequests.map { $0.encode(id: 7) })
        },
        run: { input in
            checkFraming(input) { frame throws(WireError) in
                try SFTPClientMessage(decoding: frame).encode()
            }
        })

    /// What a server sends to our SFTP client, as a stream of packets.
    static let sftpReplies = FuzzTarget(
        name: "sftp-replies",
        seeds: {
            let version = SFTPVersion(
                extensions: SFTPExtension.allCases.map { .init($0) } + [ExactExtension.pair])
            return streams(
                opening: SFTPServerMessage.version(version).encode(),
                packets: sampleReplies.map { $0.encode(id: 7) })
        },
        run: { input in
            checkFraming(input) { frame throws(WireError) in
                let message = try SFTPServerMessage(decoding: frame)
                if case .reply(_, let reply) = message { interpret(reply) }
                return message.encode()
            }
        })
}

/// Each packet alone, in large pieces; and the small ones in one stream, in pieces of each size.
private func streams(opening: [Bytes], packets: [[Bytes]]) -> [[UInt8]] {
    let alone = packets.map { Array($0.joined()) }
    let stream = Array(opening.joined()) + alone.filter { $0.count < 1_000 }.joined()
    return pieceSizes.indices.map { stream + [UInt8($0)] }
        + alone.map { $0 + [UInt8(pieceSizes.count - 2)] }
}

/// What a client does with a reply once it knows which request it answers.
private func interpret(_ reply: SFTPReply) {
    switch reply {
    case .status(let status):
        _ = status.exactErrno
    case .name(let entries):
        for entry in entries where isSafeComponent(entry.filename) {
            precondition(!entry.filename.contains(UInt8(ascii: "/")))
        }
    case .extended(let body):
        let readings = [
            try? FileSystemStatistics(decoding: body).reply,
            try? ServerLimits(decoding: body).reply, try? UserGroupNames(decoding: body).reply,
        ]
        for case .extended(let understood)? in readings {
            precondition(body.starts(with: understood))
        }
    case .handle, .data, .attributes:
        break
    }
}

/// Decodes a stream whole and in pieces, which has to come to the same, and every packet once more from
/// its own encoding, which has to reproduce itself.
private func checkFraming(_ input: Bytes, recode: (SFTPFrame) throws(WireError) -> [Bytes]) {
    let (stream, pieces) = cut(input)
    let whole = packets(in: [stream], recode: recode)
    precondition(whole == packets(in: pieces, recode: recode), "pieces change the meaning")
    for packet in whole {
        let again = packets(in: [packet], recode: recode)
        precondition(again == [packet], "an encoding does not reproduce itself")
    }
}

/// The packets of a stream, each as we would encode it; up to the first that is refused.
private func packets(
    in pieces: [Bytes], recode: (SFTPFrame) throws(WireError) -> [Bytes]
) -> [Bytes] {
    var decoder = SFTPPacketDecoder()
    var found: [Bytes] = []
    do {
        for piece in pieces {
            decoder.append(piece)
            while let frame = try decoder.next() {
                found.append(Array(try recode(frame).joined())[...])
            }
        }
    } catch {
        // Refused, as it should be; what came before it counts.
    }
    return found
}

private func bytes(_ text: String) -> Bytes { Array(text.utf8)[...] }

/// Large enough to arrive in several pieces that are not joined.
private let largePayload: Bytes = Array(repeating: 0x2A, count: 20_000)[...]

private let attributes = FileAttributes(
    size: 7, owner: .init(uid: 1, gid: 2), permissions: 0o100644, times: .init(atime: 3, mtime: 4))

/// Every request at least once, as a client makes them: what is open has the handles that our server gives.
private let sampleRequests: [SFTPRequest] = [
    .open(path: bytes("file"), flags: [.read, .write, .create], attributes: attributes),
    .open(path: bytes("b"), flags: [.write, .create, .exclusive], attributes: FileAttributes()),
    .write(handle: handle(0), offset: 1, data: [bytes("data")]),
    .write(handle: handle(0), offset: 1, data: [largePayload]),
    .read(handle: handle(0), offset: 0, length: 100),
    .read(handle: handle(0), offset: 1 << 40, length: 1),
    .fstat(handle: handle(0)),
    .fsetstat(handle: handle(0), attributes: attributes),
    .setstat(
        path: bytes("file"),
        attributes: FileAttributes(
            timeChanges: TimeChanges(atime: .now, mtime: .at(FileTime(nanoseconds: -1))))),
    .fstatvfs(handle: handle(0)),
    .fsync(handle: handle(0)),
    .copyData(
        readHandle: handle(0), readOffset: 0, length: 9, writeHandle: handle(1), writeOffset: 2),
    .opendir(path: bytes("/")),
    .readdir(handle: handle(2)),
    .readdir(handle: handle(2)),
    .close(handle: handle(1)),
    .close(handle: handle(2)),
    .lstat(path: bytes("file")),
    .stat(path: bytes("file")),
    .setstat(path: bytes("file"), attributes: attributes),
    .rename(oldPath: bytes("file"), newPath: bytes("b")),
    .posixRename(oldPath: bytes("b"), newPath: bytes("a")),
    .hardlink(oldPath: bytes("a"), newPath: bytes("c")),
    .symlink(target: bytes("a"), linkPath: bytes("l")),
    .lsetstat(path: bytes("l"), attributes: attributes),
    .readlink(path: bytes("l")),
    .remove(path: bytes("a")),
    .mkdir(path: bytes("d"), attributes: attributes),
    .rmdir(path: bytes("d")),
    .realpath(path: bytes("..")),
    .statvfs(path: bytes("/")),
    .limits,
    .expandPath(path: bytes("~/x")),
    .homeDirectory(user: bytes("root")),
    .usersGroupsByID(uids: [0, 1], gids: [0]),
    .unknownExtension(name: bytes("vendor@example.com"), data: [1, 2, 3]),
    .unknown(type: 99, body: [1, 2, 3]),
    .close(handle: handle(0)),
]

/// The handle that our server gives to what is opened as the nth thing.
private func handle(_ index: UInt8) -> Bytes { [0, 0, 0, index, 0, 0, 0, 0] }

/// Every kind of reply.
private let exactAttributes = FileAttributes(
    permissions: 0o100644,
    exact: ExactAttributes(
        identity: .init(device: 1, inode: 2), linkCount: 2, blocks: 8,
        atime: FileTime(nanoseconds: 0), mtime: FileTime(nanoseconds: -1),
        ctime: FileTime(nanoseconds: .max)))

private let sampleReplies: [SFTPReply] = [
    .status(SFTPStatus(.failure)),
    .status(SFTPStatus(errno: .ENOSPC)),
    .status(SFTPStatus(errno: .EACCES, isReported: true)),
    .handle([0, 0, 0, 1]),
    .data([bytes("data")]),
    .data([largePayload]),
    .name([
        NameEntry(filename: bytes("a"), longname: bytes("-rw"), attributes: attributes),
        NameEntry(filename: bytes(".."), longname: bytes(""), attributes: FileAttributes()),
    ]),
    .attributes(attributes),
    .attributes(exactAttributes),
    FileSystemStatistics().reply,
    ServerLimits(maxPacketLength: 1, maxReadLength: 2, maxWriteLength: 3, maxOpenHandles: 4).reply,
    UserGroupNames(users: [bytes("root")], groups: [bytes("wheel"), bytes("")]).reply,
]
