// SPDX-License-Identifier: Apache-2.0

public import EventLoop
public import SFTPProtocol
public import Wire

/// The client's end of one SFTP connection.
///
/// Each operation is a call that suspends until the server has answered. Requests go out in the order
/// in which they are made, many at a time, and the replies may come in any order. When the connection
/// is lost, or the server breaks the protocol, everything that waits fails with the one reason, and so
/// does every later call.
///
/// Paths and names are bytes, without an encoding of their own. Payloads and names come back as slices
/// of the buffers they were received in: copy what is kept for long.
///
/// Cancelling a task ends its call at once with ``SFTPError/cancelled``. The server may carry the
/// request out all the same; a handle that it still opens is closed.
///
/// A connection stays alive until ``disconnect(reason:)`` or its end.
public actor SFTPClient: LoopActor {
    /// Which of several connections to a server, made one after the other, this is: the handles of one
    /// are not to be used on another.
    public nonisolated let generation: UInt64
    /// How much the server takes.
    public nonisolated let limits: TransferLimits
    /// The extensions that the server has, in the versions that we speak.
    public nonisolated let extensions: Set<SFTPExtension>
    /// Whether the server has `ExactExtension`: it tells what version 3 leaves out.
    public nonisolated let isExact: Bool
    /// What the server has said of this session and those before it; nil where it can't tell.
    public nonisolated let sessionAnswer: SessionAnswer?

    /// When the server was last heard of, in the loop's time.
    public private(set) var lastActivity: Duration
    /// What has come and gone.
    public internal(set) var traffic = Traffic()
    /// Why the connection has ended; nil while it is good.
    public private(set) var closeReason: SFTPError?

    let loop: any EventLoop
    let channel: any ByteChannel
    private var decoder: SFTPPacketDecoder
    private let closeWaiters: WaitQueue

    // What SFTPClient+Sending.swift keeps.

    /// The requests that have been sent and not answered, by id.
    var inFlight: [UInt32: any PendingRequest] = [:]
    var lastID: UInt32 = 0
    /// The payload bytes of ``inFlight``.
    var bytesInFlight = 0
    /// The requests for which there was no room in flight, oldest first.
    var backlog = Backlog()
    /// What is to be written to the channel, packet behind packet.
    var outgoing: [Bytes] = []
    /// Whether ``outgoing`` will be written without more ado: at the turn's end, or once there is room.
    var isSending = false

    /// The loop's.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Whether the caller is on the loop's thread.
    public nonisolated var isOnLoop: Bool { loop.isCurrent }

    private init(_ handshake: Handshake, generation: UInt64, loop: any EventLoop) {
        self.loop = loop
        self.generation = generation
        channel = handshake.channel
        decoder = handshake.decoder
        extensions = handshake.extensions
        limits = handshake.limits
        isExact = handshake.isExact
        sessionAnswer = handshake.sessionAnswer
        lastActivity = loop.now
        closeWaiters = WaitQueue(loop: loop)
    }

    /// Begins SFTP on a channel: agrees on the version, and learns the server's limits.
    ///
    /// It has no deadline of its own: cancel the task, or close the channel.
    ///
    /// - Parameters:
    ///   - channel: from now on the client's, which closes it in the end, and when this throws.
    ///   - generation: which of several connections made one after the other this is.
    ///   - session: the session's name, and those that are to have ended; nil for one without.
    ///   - loop: the loop of the client and of the channel.
    /// - Throws: ``SFTPError/connectionLost(reason:)``, ``SFTPError/protocolViolation(reason:)`` or
    ///   ``SFTPError/cancelled``.
    public static func open(
        over channel: any ByteChannel, generation: UInt64 = 0, session: SessionRequest? = nil,
        loop: any EventLoop
    ) async throws(SFTPError) -> SFTPClient {
        var handshake = Handshake(channel: channel, session: session)
        do {
            try await handshake.run()
        } catch {
            await channel.close()
            throw error
        }
        let client = SFTPClient(handshake, generation: generation, loop: loop)
        await client.startReceiving()
        return client
    }

    /// Ends the connection at once: everything that waits fails, and what isn't sent yet never is.
    ///
    /// - Parameter reason: what it fails with.
    public func disconnect(reason: String = "closed on this side") {
        end(.connectionLost(reason: reason))
    }

    /// Waits until the connection has ended, for whatever reason.
    ///
    /// - Returns: ``closeReason``.
    public func waitUntilClosed() async throws(CancellationError) -> SFTPError {
        while true {
            if let closeReason { return closeReason }
            do {
                try await closeWaiters.wait()
            } catch {
                throw CancellationError()
            }
        }
    }

    /// Ends the connection for a reason, which everything that waits is told.
    func end(_ reason: SFTPError) {
        guard closeReason == nil else { return }
        closeReason = reason
        failRequests(reason)
        closeWaiters.wakeAll()
        loop.spawn { [channel] in await channel.close() }
    }

    // MARK: Receiving

    /// Takes the packets that are there, and then whatever comes.
    private func startReceiving() {
        // What came with the handshake is looked at before anything is read.
        acceptPackets()
        loop.spawn { await self.channel.deliver(to: self) }
    }

    private func accept(_ pieces: [Bytes]) {
        guard closeReason == nil else { return }
        let now = loop.now
        lastActivity = now
        traffic.received.add(pieces.byteCount, now: now)
        for piece in pieces { decoder.append(piece) }
        acceptPackets()
    }

    private func acceptPackets() {
        do {
            try takePackets()
        } catch let error as SFTPError {
            end(error)
        } catch {
            end(.protocolViolation(reason: "\(error)"))
        }
    }

    private var endOfStreamReason: String {
        decoder.isBetweenPackets
            ? "the server closed the connection"
            : "the server closed the connection in the middle of a packet"
    }

    private func takePackets() throws {
        while closeReason == nil, let frame = try decoder.next() {
            guard case .reply(let id, let reply) = try SFTPServerMessage(decoding: frame) else {
                throw SFTPError.protocolViolation(reason: "VERSION in the middle of a connection")
            }
            guard let pending = removeFromFlight(id) else {
                throw SFTPError.protocolViolation(reason: "a reply to no request (id \(id))")
            }
            try pending.receive(reply, in: self)
            if pending.isAbandoned(in: self), case .handle(let bytes) = reply {
                // Whoever wanted it has given up.
                startClose(SFTPHandle(bytes, generation: generation))
            }
            sendBacklog()
        }
    }
}

extension SFTPClient: ByteReceiver {
    /// Takes what has come from the server.
    public nonisolated func receive(_ bytes: Bytes) { receive([bytes]) }

    /// Takes what has come from the server, all at once.
    public nonisolated func receive(_ pieces: [Bytes]) { assumeIsolated { $0.accept(pieces) } }

    /// Ends the connection: nothing more will come.
    public nonisolated func receiveEnd(_ error: (any Error)?) {
        assumeIsolated { client in
            let reason = error.map { "\($0)" } ?? client.endOfStreamReason
            client.end(.connectionLost(reason: reason))
        }
    }
}
