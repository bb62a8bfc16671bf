// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

extension FuzzTarget {
    /// What a server sends to our SFTP client while that makes each of its calls, one after another.
    ///
    /// Whatever comes, every call has to end, and the client with it.
    static let sftpClient = FuzzTarget(
        name: "sftp-client",
        seeds: { [recordReplies(failing: false), recordReplies(failing: true)] },
        run: { input in
            let loop = SimulatedLoop()
            let (ours, theirs) = InMemoryPipe.makePair(loop: loop)
            let answers = Answers(input)
            loop.spawn { await answers.serve(theirs) }
            do {
                try loop.run { await exerciseClient(over: ours, loop: loop) }
            } catch {
                preconditionFailure("a call never ends: \(error)")
            }
        })
}

/// An input as a server's side: one packet of it answers one request, whatever that was.
private struct Answers {
    /// Packets with their length fields; the last may be anything.
    private var packets: [Bytes] = []
    /// The size of the pieces in which they are sent.
    private let pieceSize: Int

    init(_ input: Bytes) {
        let choice = input.last ?? 0
        pieceSize = pieceSizes[Int(choice) % pieceSizes.count]
        var rest = input.dropLast()
        while !rest.isEmpty {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            packets.append(rest.prefix(4 + length))
            rest = rest.dropFirst(4 + length)
        }
    }

    func serve(_ pipe: InMemoryPipe) async {
        var decoder = SFTPPacketDecoder()
        var next = packets.startIndex
        do {
            while next < packets.endIndex, let bytes = try await pipe.read() {
                decoder.append(bytes)
                while next < packets.endIndex, try decoder.next() != nil {
                    try await send(packets[next], to: pipe)
                    next += 1
                }
            }
            try await pipe.finishWriting()
            while try await pipe.read() != nil {}
        } catch {
            // The client has closed.
        }
    }

    private func send(_ packet: Bytes, to pipe: InMemoryPipe) async throws {
        for start in stride(from: packet.startIndex, to: packet.endIndex, by: pieceSize) {
            try await pipe.write([packet[start..<min(start + pieceSize, packet.endIndex)]])
        }
    }
}

/// Makes each call once; errors are what a bad server gets.
private func exerciseClient(over channel: InMemoryPipe, loop: SimulatedLoop) async {
    guard let client = try? await SFTPClient.open(over: channel, loop: loop) else { return }
    let path: Bytes = Array("file".utf8)[...]
    if let directory = try? await client.opendir(path) {
        while let names = try? await client.readdir(directory), !names.isEmpty {}
        try? await client.close(directory)
    }
    if let file = try? await client.open(path, [.read, .write]) {
        await exercise(file, of: client)
    }
    _ = try? await client.stat(path)
    _ = try? await client.lstat(path)
    try? await client.setstat(path, FileAttributes(size: 1))
    try? await client.lsetstat(path, FileAttributes(permissions: 0o600))
    try? await client.mkdir(path)
    try? await client.rmdir(path)
    try? await client.remove(path)
    try? await client.rename(from: path, to: path)
    try? await client.posixRename(from: path, to: path)
    try? await client.hardlink(from: path, to: path)
    try? await client.symlink(at: path, to: path)
    _ = try? await client.readlink(path)
    _ = try? await client.realpath(path)
    _ = try? await client.expandPath(path)
    _ = try? await client.homeDirectory()
    _ = try? await client.statvfs(path)
    _ = try? await client.serverLimits()
    _ = try? await client.usersGroupsByID(uids: [0, 1], gids: [0])
    await client.disconnect()
}

private func exercise(_ file: SFTPHandle, of client: SFTPClient) async {
    _ = try? await client.fstat(file)
    try? await client.fsetstat(file, FileAttributes(size: 7))
    let read = try? await client.read(file, offset: 5, length: 2_500)
    precondition((read ?? []).reduce(0) { $0 + $1.count } <= 2_500, "more than was asked for")
    try? await client.write(file, offset: 9, data: [Array(repeating: 1, count: 2_500)[...]])
    try? await client.fsync(file)
    _ = try? await client.fstatvfs(file)
    try? await client.copyData(from: file, offset: 0, length: 3, to: file, at: 9)
    try? await client.close(file)
}

/// What a sound server would send, or one that fails every request.
private func recordReplies(failing: Bool) -> [UInt8] {
    let loop = SimulatedLoop()
    let (ours, theirs) = InMemoryPipe.makePair(loop: loop)
    do {
        return try loop.run {
            loop.spawn { await exerciseClient(over: ours, loop: loop) }
            var recorded: [UInt8] = []
            var decoder = SFTPPacketDecoder()
            var readdirCount = 0
            while let bytes = try await theirs.read() {
                decoder.append(bytes)
                while let frame = try decoder.next() {
                    let answer = reply(
                        to: try SFTPClientMessage(decoding: frame), failing: failing, &readdirCount)
                    recorded += answer.joined()
                    try await theirs.write(answer)
                }
            }
            return recorded + [5]
        }
    } catch {
        preconditionFailure("the recording stopped: \(error)")
    }
}

private func reply(
    to message: SFTPClientMessage, failing: Bool, _ readdirCount: inout Int
) -> [Bytes] {
    guard case .request(let id, let request) = message else {
        let version = SFTPVersion(extensions: SFTPExtension.allCases.map { .init($0) })
        return SFTPServerMessage.version(version).encode()
    }
    let name: Bytes = Array("name".utf8)[...]
    let attributes = FileAttributes(size: 2_500, permissions: 0o100644)
    if failing { return SFTPReply.status(SFTPStatus(.failure)).encode(id: id) }
    let reply: SFTPReply =
        switch request {
        case .open, .opendir: .handle([0, 0, 0, 1])
        case .read(_, _, let length):
            .data([Array(repeating: 2, count: min(Int(length), 1_000))[...]])
        case .readdir:
            if readdirCount == 0 {
                .name([NameEntry(filename: name, longname: name, attributes: attributes)])
            } else {
                .status(SFTPStatus(.eof))
            }
        case .stat, .lstat, .fstat: .attributes(attributes)
        case .readlink, .realpath, .expandPath, .homeDirectory: .name([NameEntry(path: name)])
        case .statvfs, .fstatvfs: FileSystemStatistics().reply
        case .limits:
            ServerLimits(
                maxPacketLength: 262_144, maxReadLength: 1_000, maxWriteLength: 1_000,
                maxOpenHandles: 0
            ).reply
        case .usersGroupsByID: UserGroupNames(users: [name, name], groups: [name]).reply
        default: .status(SFTPStatus(.ok))
        }
    if case .readdir = request { readdirCount += 1 }
    return reply.encode(id: id)
}
