// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPServer
import SSHProtocol
import Wire

/// What a connection, to which it belongs, knows of one session channel.
final class ServerChannelState {
    /// What a client can have on a channel.
    enum Program {
        case sftp
        /// Something else, which it is told that there is not.
        case refused
    }

    /// What the client has asked for; nil until then.
    var program: Program?
    /// The server on it, once that runs.
    var session: ServedSession?
    var incoming = PieceQueue()
    /// Whether the client sends no more.
    var hasEnded = false
    /// Whether nothing more can be sent.
    var isClosed = false
    let readers: WaitQueue
    let writers: WaitQueue

    init(loop: any EventLoop) {
        readers = WaitQueue(loop: loop)
        writers = WaitQueue(loop: loop)
    }

    /// Nothing comes or goes any more.
    func end() {
        hasEnded = true
        isClosed = true
        readers.wakeAll()
        writers.wakeAll()
    }
}

/// A session channel as its SFTP server has it.
struct ServerChannel: ByteChannel {
    let connection: ServerConnection
    let id: ChannelID

    func read() async throws -> Bytes? { try await connection.read(id) }

    func deliver(to receiver: any ByteReceiver) async {
        deliver(to: receiver, by: connection.loop)
    }

    func enqueue(_ pieces: [Bytes]) throws -> Bool {
        try connection.assumeIsolated { try $0.enqueue(pieces, id) }
    }

    func waitForRoom() async throws { try await connection.waitForRoom(id) }

    func finishWriting() async throws { await connection.finishWriting(id) }

    /// Ends reading; the connection closes the channel behind what is queued.
    func close() async { await connection.stopReading(id) }
}

extension ServerConnection {
    /// An SFTP server waits while more than this many bytes of its replies wait to be sealed.
    static let sendQueueLimit = 1 << 20

    func read(_ id: ChannelID) async throws -> Bytes? {
        while let state = channels[id] {
            if let bytes = state.incoming.popFirst() {
                if !hasEnded { ssh.consumed(bytes.count, on: id) }
                senders.wakeAll()
                return bytes
            }
            if state.hasEnded { return nil }
            try await state.readers.wait()
        }
        return nil
    }

    func enqueue(_ pieces: [Bytes], _ id: ChannelID) throws -> Bool {
        guard !hasEnded, channels[id]?.isClosed == false else { throw ChannelError.closedByPeer }
        ssh.send(pieces, on: id)
        senders.wakeAll()
        return ssh.queuedBytes(on: id) <= Self.sendQueueLimit
    }

    func waitForRoom(_ id: ChannelID) async throws {
        while !hasEnded, let state = channels[id], !state.isClosed {
            if ssh.queuedBytes(on: id) <= Self.sendQueueLimit { return }
            try await state.writers.wait()
        }
        throw ChannelError.closedByPeer
    }

    func finishWriting(_ id: ChannelID) {
        guard !hasEnded else { return }
        ssh.sendEndOfData(on: id)
        senders.wakeAll()
    }

    func stopReading(_ id: ChannelID) {
        guard let state = channels[id] else { return }
        state.hasEnded = true
        while let bytes = state.incoming.popFirst() {
            if !hasEnded { ssh.consumed(bytes.count, on: id) }
        }
    }

    /// Lets those go on whose replies have been sealed meanwhile.
    func releaseWriters() {
        guard !hasEnded else { return }
        for (id, state) in channels where !state.writers.isEmpty {
            if ssh.queuedBytes(on: id) <= Self.sendQueueLimit { state.writers.wakeAll() }
        }
    }
}
