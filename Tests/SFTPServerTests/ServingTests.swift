// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import SFTPServer
import Synchronization
import Testing
import Wire

/// The session over a channel in memory, under virtual time.
@Suite struct ServingTests {
    let directory = TemporaryDirectory()
    let log = LogLines()

    private var configuration: SFTPSession.Configuration {
        let lines = log
        return SFTPSession.Configuration(
            log: ServerLog(level: .info) { lines.append($1) }, userName: bytes("root"),
            clientAddress: bytes("192.0.2.1"))
    }

    private static let initialize = joined(SFTPClientMessage.initialize(version: 3).encode())

    /// What a client has received and how its server has ended.
    private final class Result: Sendable {
        let received = Mutex<[UInt8]>([])
        let end = Mutex<SessionEnd?>(nil)
    }

    /// Sends a stream to a server, cut as told, and collects the answers until both have ended.
    private func serve(_ stream: [UInt8], readLimit: Int = .max) throws -> (
        messages: [SFTPServerMessage], end: SessionEnd?
    ) {
        let loop = SimulatedLoop()
        let (client, server) = InMemoryPipe.makePair(loop: loop, readLimit: readLimit)
        let result = Result()
        let configuration = configuration
        loop.spawn {
            let end = await ServedSession(configuration, over: server, loop: loop).serve()
            result.end.withLock { $0 = end }
        }
        loop.spawn {
            try? await client.write([stream[...]])
            try? await client.finishWriting()
        }
        loop.spawn {
            while let chunk = try? await client.read() {
                result.received.withLock { $0 += chunk }
            }
        }
        loop.runUntilIdle()
        var decoder = SFTPPacketDecoder()
        decoder.append(result.received.withLock { $0[...] })
        var messages: [SFTPServerMessage] = []
        while let frame = try decoder.next() {
            messages.append(try SFTPServerMessage(decoding: frame))
        }
        #expect(decoder.isBetweenPackets)
        return (messages, result.end.withLock { $0 })
    }

    private static func joined(_ pieces: [Bytes]) -> [UInt8] { pieces.flatMap { $0 } }

    @Test(arguments: [1, 7, .max])
    func pipelinedRequestsAreAnsweredInOrder(readLimit: Int) throws {
        let requests: [SFTPRequest] = [
            .mkdir(path: directory["d"], attributes: FileAttributes()),
            .unknown(type: 77, body: [1]), .mkdir(path: directory["d/e"], attributes: .init()),
            .rmdir(path: directory["d"]), .stat(path: directory["none"]),
        ]
        let stream = requests.enumerated().reduce(Self.initialize) {
            $0 + Self.joined($1.element.encode(id: UInt32($1.offset)))
        }
        let (messages, end) = try serve(stream, readLimit: readLimit)
        #expect(end == .endOfStream)
        let codes: [StatusCode] = messages.dropFirst().enumerated().compactMap { index, message in
            guard case .reply(UInt32(index), .status(let status)) = message else { return nil }
            return status.code
        }
        #expect(codes == [.ok, .operationUnsupported, .ok, .failure, .noSuchFile])
    }

    @Test func manyLargeReadsAllArrive() throws {
        directory.shell("head -c 2000000 /dev/urandom > f")
        let open = SFTPRequest.open(path: directory["f"], flags: .read, attributes: .init())
        // The first handle of a session.
        let handle = [UInt8](repeating: 0, count: 8)[...]
        var stream = Self.initialize + Self.joined(open.encode(id: 0))
        for index in 0..<UInt32(100) {
            let offset = UInt64(index % 8) * 250_000
            let read = SFTPRequest.read(handle: handle, offset: offset, length: 250_000)
            stream += Self.joined(read.encode(id: 1 + index))
        }
        let (messages, end) = try serve(stream)
        #expect(end == .endOfStream)
        let lengths = messages.dropFirst(2).map { message -> Int in
            guard case .reply(_, .data(let pieces)) = message else { return -1 }
            return pieces.reduce(0) { $0 + $1.count }
        }
        #expect(lengths == [Int](repeating: 250_000, count: 100))
    }

    @Test func requestsWaitWhileRepliesAreNotTaken() throws {
        directory.shell("head -c 250000 /dev/zero > f; mkdir d")
        let loop = SimulatedLoop()
        let (client, server) = InMemoryPipe.makePair(loop: loop)
        let configuration = configuration
        loop.spawn { _ = await ServedSession(configuration, over: server, loop: loop).serve() }
        let open = SFTPRequest.open(path: directory["f"], flags: .read, attributes: .init())
        var stream = Self.initialize + Self.joined(open.encode(id: 0))
        let read = SFTPRequest.read(
            handle: [UInt8](repeating: 0, count: 8)[...], offset: 0, length: 250_000)
        for _ in 0..<100 { stream += Self.joined(read.encode(id: 1)) }
        stream += Self.joined(SFTPRequest.rmdir(path: directory["d"]).encode(id: 2))
        let requests = stream[...]
        loop.spawn { try? await client.write([requests]) }
        loop.runUntilIdle()
        #expect(directory.shell("ls") == "d\nf\n")
        loop.spawn { while (try? await client.read()) != nil {} }
        loop.runUntilIdle()
        #expect(directory.shell("ls") == "f\n")
    }

    @Test func whatIsOpenAtTheEndIsClosedAndLogged() throws {
        let open = SFTPRequest.open(
            path: directory["f"], flags: [.write, .create], attributes: .init())
        _ = try serve(Self.initialize + Self.joined(open.encode(id: 0)))
        #expect(
            log.take() == [
                "session opened for local user root from [192.0.2.1]",
                "open \"\(directory.path)/f\" flags WRITE,CREATE mode 0666",
                "forced close \"\(directory.path)/f\" bytes read 0 written 0",
                "session closed for local user root from [192.0.2.1]",
            ])
    }

    @Test func packetOfImpossibleLengthEndsTheSession() throws {
        let (messages, end) = try serve(Self.initialize + [0, 4, 0, 1, 17])
        #expect(end == .unreadable(.limitExceeded(length: 262_145, limit: 262_144)))
        #expect(messages.count == 1)
        #expect(log.take().contains("bad message: length 262145 exceeds the limit of 262144"))
    }

    @Test func brokenOrderEndsTheSession() throws {
        #expect(
            try serve(Self.initialize + Self.initialize).end == .failed(.repeatedInitialization))
        #expect(
            try serve(Self.joined(SFTPRequest.limits.encode(id: 1))).end
                == .failed(.requestBeforeInitialization(type: 200)))
    }
}

/// The program: its command line and its exit status, which are OpenSSH's.
@Suite struct ProgramTests {
    private static func status(_ arguments: String, input: String = "") -> Int32 {
        let result = run("printf '\(input)' | '\(ServerProcess.ours)' \(arguments)")
        return result.status >> 8
    }

    @Test(arguments: [
        ("-h", 1), ("-z", 1), ("-Q requests", 0), ("-Q other", 1), ("-l bogus", 1), ("-f bogus", 1),
        ("-u 1000", 255), ("-u 8", 255), ("-u -1", 255), ("-P a -P b", 255), ("-p a -p b", 255),
        ("-e -d %x", 255), ("-e -d ~no-such-user", 255), ("-e -d /no/such/directory", 0), ("", 0),
        ("-- host sftp", 0), ("-e -l info -f local7 -u 077 -P read -p stat -R -d / operand", 0),
        ("-c 'ls -l'", 0), ("-e -c -z", 0),
    ])
    func exitStatusIsOpenSSHs(arguments: String, status: Int32) {
        #expect(Self.status(arguments) == status)
    }

    @Test(arguments: [
        (#"\000\000\000\005\001\000\000\000\003"#, 0), (#"\377\377\377\377\001"#, 11),
        (#"\000\000\000\000"#, 11), (#"\000\000\000\005\021\000\000\000\003"#, 255),
    ])
    func inputDecidesExitStatus(input: String, status: Int32) {
        #expect(Self.status("", input: input) == status)
    }

    @Test func repliesThatCannotBeWrittenAreAFailure() {
        let result = run(
            #"printf '\000\000\000\005\001\000\000\000\003' | '\#(ServerProcess.ours)' -e >/dev/full"#
        )
        #expect(result.status >> 8 == 1)
        #expect(result.output == "write: No space left on device\r\n")
    }

    @Test func queryListsWhatOpenSSHLists() {
        #expect(
            run("'\(ServerProcess.ours)' -Q requests").output
                == SFTPOperation.allCases.map { $0.rawValue + "\n" }.joined())
        if ServerProcess.isOpenSSHInstalled {
            #expect(
                run("'\(ServerProcess.ours)' -Q requests").output
                    == run("'\(ServerProcess.openSSH)' -Q requests").output)
        }
    }

    @Test func optionsReachTheSession() throws {
        let directory = TemporaryDirectory()
        directory.shell("mkdir sub")
        let server = try ServerProcess(
            ServerProcess.ours, in: directory.path, arguments: "-d sub -u 027 -P rmdir 2>log -e")
        _ = try server.initialize()
        let real = directory.shell("pwd -P").dropLast() + "/sub"
        guard case .name(let entries) = try server.ask(.realpath(path: bytes("."))) else {
            Issue.record("no path")
            return
        }
        #expect(text(entries[0].filename) == real)
        #expect(
            try server.ask(.mkdir(path: bytes("d"), attributes: FileAttributes()))
                == .status(SFTPStatus(.ok)))
        #expect(directory.shell("stat -c %a sub/d") == "750\n")
        #expect(
            try server.ask(.rmdir(path: bytes("d"))) == .status(SFTPStatus(.permissionDenied)))
    }

    @Test func logGoesToStandardErrorWithTheClientsAddress() {
        let lines = run(
            "SSH_CONNECTION='192.0.2.7 1 2 3' '\(ServerProcess.ours)' -e -l INFO </dev/null"
        )
        .output.split(separator: "\r\n").map { $0.drop { $0 == "\n" } }
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.hasSuffix(" from [192.0.2.7]") })
    }

    @Test func closedStandardDescriptorsAreNotTakenByOthers() {
        #expect(run("'\(ServerProcess.ours)' <&- >&- 2>&-").status == 0)
    }
}
