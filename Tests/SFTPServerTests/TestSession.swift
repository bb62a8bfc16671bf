// SPDX-License-Identifier: Apache-2.0

import Glibc
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import SFTPServer

func bytes(_ text: String) -> Bytes { Array(text.utf8)[...] }

func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

/// A directory of a test's own, removed with what is in it.
final class TemporaryDirectory {
    let path: String

    init() {
        var template = Array((P_tmpdir + "/hawser-test-XXXXXX").utf8CString)
        precondition(unsafe mkdtemp(&template) != nil, "no temporary directory")
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { run("chmod -R u+rwx '\(path)'; rm -rf '\(path)'") }

    /// The path of something in it.
    subscript(name: String) -> Bytes { bytes("\(path)/\(name)") }

    /// Runs a shell command in it; traps if it fails, since then the test's stage isn't set.
    @discardableResult
    func shell(_ command: String) -> String {
        let result = run("cd '\(path)' && \(command)")
        precondition(result.status == 0, "\(command): \(result.output)")
        return result.output
    }
}

/// Runs a shell command; its wait status and what it wrote.
@discardableResult
func run(_ command: String) -> (status: Int32, output: String) {
    guard let stream = unsafe popen("exec 2>&1; " + command, "r") else { return (-1, "") }
    var output: [UInt8] = []
    while case let byte = unsafe fgetc(stream), byte != EOF {
        output.append(UInt8(truncatingIfNeeded: byte))
    }
    let status = unsafe pclose(stream)
    return (status, text(output))
}

/// What a session logged.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    func append(_ line: String) { lines.withLock { $0.append(line) } }

    /// The lines since the last call.
    func take() -> [String] {
        lines.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }
}

/// A session that is asked directly, packet by packet, and its log.
final class TestSession {
    let session: SFTPSession
    let log = LogLines()
    private var lastID: UInt32 = 0

    init(
        policy: RequestPolicy = RequestPolicy(), level: LogLevel = .info,
        format: LogFormat = .text, quota: Quota? = nil, rates: RateLimits = RateLimits(),
        handleLimit: UInt64? = SFTPSession.handleLimitOfProcess, isInitialized: Bool = true
    ) throws {
        let lines = log
        session = SFTPSession(
            SFTPSession.Configuration(
                policy: policy, log: ServerLog(level: level, format: format) { lines.append($1) },
                userName: bytes("root"), clientAddress: bytes("192.0.2.1"),
                handleLimit: handleLimit,
                quota: quota, rates: rates))
        if isInitialized {
            _ = try send(SFTPClientMessage.initialize(version: 3).encode())
            _ = log.take()
        }
    }

    /// Feeds one packet, and decodes all that is answered.
    func send(_ packet: [Bytes]) throws -> [SFTPServerMessage] {
        try session.receive(SFTPFrame(packet.flatMap { $0 }.dropFirst(4)))
        var decoder = SFTPPacketDecoder()
        var messages: [SFTPServerMessage] = []
        for piece in session.takeReplies() {
            decoder.append(piece)
            while let frame = try decoder.next() {
                messages.append(try SFTPServerMessage(decoding: frame))
            }
        }
        #expect(decoder.isBetweenPackets)
        return messages
    }

    /// The only reply to a request.
    func ask(_ request: SFTPRequest) throws -> SFTPReply {
        lastID += 1
        let messages = try send(request.encode(id: lastID))
        guard messages.count == 1, case .reply(lastID, let reply) = messages[0] else {
            throw Unexpected("\(messages) for \(request)")
        }
        return reply
    }

    /// The status that a request is answered with.
    func status(_ request: SFTPRequest) throws -> SFTPStatus {
        guard case .status(let status) = try ask(request) else {
            throw Unexpected("no status for \(request)")
        }
        return status
    }

    func open(_ path: Bytes, _ flags: OpenFlags, permissions: UInt32? = nil) throws -> Bytes {
        let attributes = FileAttributes(permissions: permissions)
        return try handle(.open(path: path, flags: flags, attributes: attributes))
    }

    /// The handle that a request is answered with.
    func handle(_ request: SFTPRequest) throws -> Bytes {
        guard case .handle(let handle) = try ask(request) else {
            throw Unexpected("no handle for \(request)")
        }
        return handle
    }

    func attributes(_ request: SFTPRequest) throws -> FileAttributes {
        guard case .attributes(let attributes) = try ask(request) else {
            throw Unexpected("no attributes for \(request)")
        }
        return attributes
    }

    /// The data that a READ is answered with; `nil` at the end of the file.
    func data(_ handle: Bytes, at offset: UInt64, length: UInt32) throws -> [UInt8]? {
        switch try ask(.read(handle: handle, offset: offset, length: length)) {
        case .data(let pieces): return pieces.flatMap { $0 }
        case .status(let status) where status.code == .eof: return nil
        case let reply: throw Unexpected("\(reply)")
        }
    }

    /// The only path of a NAME reply.
    func path(_ request: SFTPRequest) throws -> String {
        guard case .name(let entries) = try ask(request), entries.count == 1 else {
            throw Unexpected("no path for \(request)")
        }
        return text(entries[0].filename)
    }

    /// All entries of a directory, and how many each reply had.
    func list(_ path: Bytes) throws -> (entries: [NameEntry], batches: [Int]) {
        let handle = try handle(.opendir(path: path))
        var entries: [NameEntry] = []
        var batches: [Int] = []
        while case .name(let batch) = try ask(.readdir(handle: handle)) {
            entries += batch
            batches.append(batch.count)
        }
        #expect(try status(.close(handle: handle)).code == .ok)
        return (entries, batches)
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
