// SPDX-License-Identifier: Apache-2.0

public import Wire

/// One end of a two-way stream in memory, for tests and for servers in the same process.
public actor InMemoryPipe: ByteChannel {
    /// A writer suspends while more than this many bytes wait for the other end to read them.
    public static let bufferLimit = 1 << 20

    /// One direction: what one end has written and the other has not read.
    private final class Stream: @unchecked Sendable {
        var pieces: [Bytes] = []
        var byteCount = 0
        var isFinished = false
        /// Whether the reading end has closed: it takes no more.
        var isAbandoned = false
        let readers: WaitQueue
        let writers: WaitQueue

        init(loop: any EventLoop) {
            readers = WaitQueue(loop: loop)
            writers = WaitQueue(loop: loop)
        }
    }

    private let loop: any EventLoop
    private let incoming: Stream
    private let outgoing: Stream
    private let readLimit: Int
    private var isClosed = false

    /// The loop: every call runs on its thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    private init(loop: any EventLoop, incoming: Stream, outgoing: Stream, readLimit: Int) {
        self.loop = loop
        self.incoming = incoming
        self.outgoing = outgoing
        self.readLimit = readLimit
    }

    /// The two ends of a new pipe.
    ///
    /// - Parameters:
    ///   - loop: the loop of both ends.
    ///   - readLimit: the most bytes that one read returns, to test that receivers do not depend on
    ///     how a stream is cut; 1 is byte by byte.
    public static func makePair(
        loop: any EventLoop, readLimit: Int = .max
    ) -> (InMemoryPipe, InMemoryPipe) {
        precondition(readLimit > 0, "reads would return nothing")
        let there = Stream(loop: loop)
        let back = Stream(loop: loop)
        return (
            InMemoryPipe(loop: loop, incoming: back, outgoing: there, readLimit: readLimit),
            InMemoryPipe(loop: loop, incoming: there, outgoing: back, readLimit: readLimit)
        )
    }

    /// Waits for bytes from the other end; nil once it has finished or closed.
    public func read() async throws -> Bytes? {
        while !isClosed {
            if let bytes = takeFirst() {
                if incoming.byteCount <= Self.bufferLimit { incoming.writers.wakeAll() }
                return bytes
            }
            if incoming.isFinished { return nil }
            try await incoming.readers.wait()
        }
        return nil
    }

    /// Reads in a task.
    public func deliver(to receiver: any ByteReceiver) { deliver(to: receiver, by: loop) }

    private func takeFirst() -> Bytes? {
        guard let first = incoming.pieces.first else { return nil }
        let taken = first.prefix(readLimit)
        if taken.count == first.count {
            incoming.pieces.removeFirst()
        } else {
            incoming.pieces[0] = first.dropFirst(taken.count)
        }
        incoming.byteCount -= taken.count
        return taken
    }

    /// Passes `pieces` to the other end.
    public nonisolated func enqueue(_ pieces: [Bytes]) throws -> Bool {
        try assumeIsolated { try $0.append(pieces) }
    }

    private func append(_ pieces: [Bytes]) throws(ChannelError) -> Bool {
        try requireWritable()
        guard !outgoing.isFinished else { throw ChannelError.closed }
        for piece in pieces where !piece.isEmpty {
            outgoing.pieces.append(piece)
            outgoing.byteCount += piece.count
        }
        outgoing.readers.wakeAll()
        return outgoing.byteCount <= Self.bufferLimit
    }

    /// Suspends while too much waits for the other end to read.
    public func waitForRoom() async throws {
        while outgoing.byteCount > Self.bufferLimit {
            try requireWritable()
            try await outgoing.writers.wait()
        }
        try requireWritable()
    }

    /// Ends the stream to the other end; what was written can still be read there.
    public func finishWriting() async throws {
        try requireWritable()
        outgoing.isFinished = true
        outgoing.readers.wakeAll()
    }

    private func requireWritable() throws(ChannelError) {
        if isClosed { throw .closed }
        if outgoing.isAbandoned { throw .closedByPeer }
    }

    /// Ends both directions; what was not read yet can still be read at the other end.
    public func close() async {
        isClosed = true
        outgoing.isFinished = true
        incoming.isAbandoned = true
        incoming.pieces = []
        incoming.byteCount = 0
        for stream in [incoming, outgoing] {
            stream.readers.wakeAll()
            stream.writers.wakeAll()
        }
    }
}
