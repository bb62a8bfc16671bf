// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Testing
import Wire

@testable import SFTPClient

/// A request of each kind, by the reply it takes.
enum Asked: CaseIterable, Sendable {
    case status, handle, data, names, path, attributes, statistics

    /// Makes the request and forgets the answer.
    func make(_ client: SFTPClient) async throws(SFTPError) {
        switch self {
        case .status: try await client.remove("x")
        case .handle: _ = try await client.open("x", .read)
        case .data: _ = try await client.startRead(.any, offset: 0, length: 10).value
        case .names: _ = try await client.readdir(.any)
        case .path: _ = try await client.realpath("x")
        case .attributes: _ = try await client.lstat("x")
        case .statistics: _ = try await client.statvfs("x")
        }
    }

    /// What answers it well.
    var reply: SFTPReply {
        switch self {
        case .status: .status(.ok)
        case .handle: .handle("handle")
        case .data: .data(["data"])
        case .names: .name([NameEntry(path: "a"), NameEntry(path: "b")])
        case .path: .name([NameEntry(path: "/x")])
        case .attributes: .attributes(FileAttributes(size: 1))
        case .statistics: FileSystemStatistics().reply
        }
    }

    func accepts(_ other: Asked) -> Bool {
        // One path is a list of names, too.
        self == other || (self == .names && other == .path)
    }
}

/// Servers that break the protocol: the connection ends with one clear reason, for everybody.
@Suite struct HostileReplyTests {
    /// Lets `script` answer one request of two, and tells why both and all later ones fail.
    private func failure(
        _ asked: Asked = .attributes,
        _ script: @escaping @Sendable (ScriptedServer, _ id: UInt32) async throws -> Void
    ) throws -> SFTPError? {
        try simulate(extensions: [.statvfs]) { server in
            let (id, _) = try await server.next()
            _ = try await server.next()
            try await script(server, id)
        } client: { client, loop in
            async let bystander = #expect(throws: SFTPError.self) { try await client.lstat("y") }
            let error = await #expect(throws: SFTPError.self) { try await asked.make(client) }
            let others = await [
                bystander, #expect(throws: SFTPError.self) { try await client.lstat("z") },
                client.closeReason, try client.waitUntilClosed(),
            ]
            #expect(others.allSatisfy { $0 == error }, "\(others)")
            let rest = try await client.channel.read()
            #expect(rest == nil, "the channel is to be closed")
            return error
        }
    }

    @Test(arguments: Asked.allCases, Asked.allCases)
    func aReplyMustBeOfItsRequestsKind(asked: Asked, answered: Asked) throws {
        guard !asked.accepts(answered) else {
            try simulate(extensions: [.statvfs]) { server in
                try await server.answerNext(answered.reply)
            } client: { client, _ in
                try await asked.make(client)
            }
            return
        }
        let error = try failure(asked) { try await $0.send(answered.reply, to: $1) }
        guard case .protocolViolation = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: Asked.allCases)
    func everyRequestMayBeRefused(asked: Asked) throws {
        try simulate(extensions: [.statvfs]) { server in
            try await server.answerNext(.status(.permissionDenied))
        } client: { client, _ in
            await #expect(throws: SFTPError.status(SFTPStatus(.permissionDenied))) {
                try await asked.make(client)
            }
            #expect(await client.closeReason == nil)
        }
    }

    @Test func rejectsAReplyToNoRequest() throws {
        let error = try failure { try await $0.send(.status(.ok), to: $1 &+ 100) }
        #expect(error?.description.contains("a reply to no request (id 10") == true)
    }

    @Test func rejectsASecondReply() throws {
        try simulate { server in
            let (id, _) = try await server.next()
            try await server.send(.attributes(FileAttributes()), to: id)
            try await server.send(.attributes(FileAttributes()), to: id)
        } client: { client, _ in
            _ = try await client.lstat("x")
            let reason = try await client.waitUntilClosed()
            #expect(reason.description.contains("a reply to no request"))
        }
    }

    @Test func rejectsASecondVersion() throws {
        let version = SFTPServerMessage.version(SFTPVersion(extensions: [])).encode()[0]
        let error = try failure { server, _ in try await server.send(raw: version) }
        #expect(error?.description.contains("VERSION in the middle") == true)
    }

    @Test func aFloodOfUnsolicitedRepliesEndsAtTheFirst() throws {
        let error = try failure { server, id in
            for number in 0..<100_000 as Range<UInt32> {
                try await server.send(.data([Bytes(repeating: 0, count: 1000)]), to: number &+ 500)
            }
        }
        #expect(error?.description.contains("(id 500)") == true)
    }

    @Test(
        arguments: [
            // A length of almost 4 GiB, one just above the limit, one without room for an id.
            [0xFF, 0xFF, 0xFF, 0xFF, 105], [0, 4, 0, 1, 105], [0, 0, 0, 4, 105, 0, 0, 0],
        ] as [Bytes])
    func rejectsALengthOutOfBounds(start: Bytes) throws {
        let error = try failure { server, _ in try await server.send(raw: start) }
        #expect(error?.description.hasPrefix("SFTP protocol violation") == true)
    }

    @Test(
        arguments: [
            // NAME with 2^32 - 1 entries, STATUS without a code, ATTRS that lack what their flags say,
            // HANDLE and DATA and a message longer than the packet, an unknown type.
            (104, [0xFF, 0xFF, 0xFF, 0xFF]), (101, [0, 0]), (105, [0, 0, 0, 1, 0]),
            (102, [0, 0, 0, 9, 1]), (103, [0, 0, 0, 9, 1]),
            (101, [0, 0, 0, 4, 0xFF, 0xFF, 0xFF, 0xFF]), (99, []),
            (104, [0, 0, 0, 1, 0, 0, 0, 1, 65, 0, 0, 0, 0, 0, 0, 0]),
        ] as [(UInt8, [UInt8])])
    func rejectsBadlyFormedReplies(type: UInt8, body: [UInt8]) throws {
        let error = try failure { server, id in
            var writer = WireWriter()
            writer.write(UInt32(5 + body.count))
            writer.write(type)
            writer.write(id)
            writer.writeBytes(body)
            try await server.send(raw: writer.bytes[...])
        }
        guard case .protocolViolation = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func rejectsLongHandles() throws {
        let error = try failure(.handle) { server, id in
            try await server.send(.handle(Bytes(repeating: 1, count: 257)), to: id)
        }
        #expect(error == .protocolViolation(reason: "a handle of 257 bytes"))
        try simulate { server in
            try await server.answerNext(.handle(Bytes(repeating: 1, count: 256)))
        } client: { client, _ in
            let handle = try await client.open("x", .read)
            #expect(handle.bytes.count == 256)
        }
    }

    @Test func rejectsMoreDataThanWasAskedFor() throws {
        let error = try failure(.data) { server, id in
            try await server.send(.data([Bytes(repeating: 1, count: 11)]), to: id)
        }
        #expect(error == .protocolViolation(reason: "11 bytes of data where 10 were asked for"))
    }

    @Test(arguments: [[], [NameEntry(path: "a"), NameEntry(path: "b")]])
    func rejectsNoPathAndSeveral(entries: [NameEntry]) throws {
        let error = try failure(.path) { try await $0.send(.name(entries), to: $1) }
        #expect(
            error == .protocolViolation(reason: "\(entries.count) paths where one was asked for"))
    }

    @Test func rejectsNamesOfOthers() throws {
        try simulate(extensions: [.usersGroupsByID]) { server in
            try await server.answerNext(UserGroupNames(users: ["a", "b"], groups: []).reply)
        } client: { client, _ in
            let error = await #expect(throws: SFTPError.self) {
                try await client.usersGroupsByID(uids: [1], gids: [])
            }
            #expect(error?.endsConnection == true)
            #expect(await client.closeReason == error)
        }
    }

    @Test func anEmptyListOfNamesEndsADirectory() throws {
        try simulate { server in
            try await server.answerNext(.name([]))
        } client: { client, _ in
            let entries = try await client.readdir(.any)
            #expect(entries == nil)
        }
    }

    @Test func theStreamMayEndAtAnyByte() throws {
        let replies: [SFTPReply] = [
            .attributes(FileAttributes(size: 5)), .data([Bytes(repeating: 7, count: 10)]),
            .status(.ok),
        ]
        let packets = replies.enumerated().map { Array($1.encode(id: UInt32($0 + 1)).joined()) }
        let stream = Array(packets.joined())
        for count in 0...stream.count {
            let answered = packets.indices.filter { packets[...$0].joined().count <= count }.count
            try simulate { server in
                _ = try await server.next(3)
                try await server.send(raw: stream[..<count])
                try await server.end()
            } client: { client, _ in
                let attributes = try await client.startLstat("x")
                let data = try await client.startRead(.any, offset: 0, length: 10)
                let done = try await client.startWrite(.any, offset: 0, data: ["x"])
                let reason = try await client.waitUntilClosed()
                let isCut = count != packets[..<answered].joined().count
                #expect(
                    reason
                        == .connectionLost(
                            reason: "the server closed the connection"
                                + (isCut ? " in the middle of a packet" : "")))
                var successes = 0
                if let value = try? await attributes.value, value.size == 5 { successes += 1 }
                if let value = try? await data.value, value.byteCount == 10 { successes += 1 }
                if (try? await done.value) != nil { successes += 1 }
                #expect(successes == answered, "after \(count) bytes")
            }
        }
    }

    @Test func theServersWordsAreEscaped() throws {
        try simulate { server in
            try await server.answerNext(
                .status(SFTPStatus(.failure, message: "\u{1B}[2Jno\u{202E} größer\n")))
        } client: { client, _ in
            let error = await #expect(throws: SFTPError.self) { try await client.lstat("x") }
            #expect(error?.description == "\\u{1B}[2Jno\\u{202E} größer\\u{A}")
        }
    }
}
