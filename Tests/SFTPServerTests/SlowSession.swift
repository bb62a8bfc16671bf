// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Testing
import Wire

@testable import SFTPServer

/// A session whose disk is never ready, and whose slow work is done when a test says so.
final class SlowSession {
    let session: SFTPSession
    /// What has been answered, by request.
    private(set) var replies: [UInt32: SFTPReply] = [:]
    private(set) var jobs: [SlowJob] = []
    private var lastID: UInt32 = 0

    init() throws {
        session = SFTPSession(
            SFTPSession.Configuration(
                log: ServerLog(level: .quiet) { _, _ in }, userName: bytes("me"),
                clientAddress: bytes("192.0.2.1")))
        try send(SFTPClientMessage.initialize(version: 3).encode())
        session.diskIsNeverReady = true
        session.startJob = { [unowned self] job in jobs.append(job) }
    }

    private func send(_ packet: [Bytes]) throws {
        try session.receive(SFTPFrame(packet.flatMap { $0 }.dropFirst(4)))
        try collect()
    }

    private func collect() throws {
        var decoder = SFTPPacketDecoder()
        for piece in session.takeReplies() {
            decoder.append(piece)
            while let frame = try decoder.next() {
                guard case .reply(let id, let reply) = try SFTPServerMessage(decoding: frame) else {
                    continue
                }
                #expect(replies[id] == nil, "answered twice")
                replies[id] = reply
            }
        }
    }

    /// Sends a request, and returns its number.
    func ask(_ request: SFTPRequest) throws -> UInt32 {
        lastID += 1
        try send(request.encode(id: lastID))
        return lastID
    }

    func open(_ path: Bytes, _ flags: OpenFlags) throws -> Bytes {
        let id = try ask(.open(path: path, flags: flags, attributes: FileAttributes()))
        guard case .handle(let handle)? = replies[id] else { throw Unexpected("no handle") }
        return handle
    }

    /// Does one of the jobs that have been begun.
    func finish(_ index: Int) {
        let job = jobs.remove(at: index)
        session.finish(job.number, job.work())
        do { try collect() } catch { Issue.record(error) }
    }

    /// Does all that there is to be done.
    func finishAll() {
        while !jobs.isEmpty { finish(0) }
    }
}
