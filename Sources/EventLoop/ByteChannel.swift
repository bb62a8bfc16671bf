// SPDX-License-Identifier: Apache-2.0

public import Wire

/// A two-way stream of bytes: a socket, standard input and output, an SSH channel, a pipe in memory.
///
/// Reading and writing are independent: a read never waits for a write or the other way round.
public protocol ByteChannel: Sendable {
    /// Waits for bytes and returns some of them, one at least; nil is the stream's clean end.
    ///
    /// One read at a time. Cancelling the task ends the wait with `CancellationError` and loses
    /// nothing.
    func read() async throws -> Bytes?

    /// Hands over everything that comes, in the turn in which it comes, instead of ``read()``.
    ///
    /// For a receiver that takes whatever there is: nothing holds the sender back but what it was
    /// promised (a window, the requests in flight). It costs no task switch for each piece.
    ///
    /// - Precondition: nobody reads, now or later.
    func deliver(to receiver: any ByteReceiver) async

    /// Queues `pieces` to be sent whole, in order, behind everything queued before; on the loop.
    ///
    /// - Returns: whether the queue is within its limit. If it is not, wait with
    ///   ``waitForRoom()`` before more is queued.
    /// - Throws: ``ChannelError``, or what else has ended the channel.
    func enqueue(_ pieces: [Bytes]) throws -> Bool

    /// Suspends while more is queued than the limit.
    ///
    /// - Throws: as ``enqueue(_:)``; `CancellationError`, and what is queued stays so.
    func waitForRoom() async throws

    /// Ends the outgoing stream behind everything written before; reading goes on.
    func finishWriting() async throws

    /// Ends both directions at once and drops what has not been sent. Closing twice is harmless.
    ///
    /// A pending read returns nil, pending writes throw ``ChannelError/closed``.
    func close() async

    /// Closes, and has the system drop what it has taken over and not delivered.
    ///
    /// For a peer that is not heard of any more: what it gets now, it could get long after its
    /// successor's bytes.
    func abort() async
}

/// Who takes everything that comes over a channel; called on the loop.
public protocol ByteReceiver: AnyObject, Sendable {
    /// Takes the next bytes, one at least.
    ///
    /// Their buffer is used again where nobody keeps it: what is kept for long is to be copied.
    func receive(_ bytes: Bytes)

    /// Takes what has come together, in order; no piece is empty.
    func receive(_ pieces: [Bytes])

    /// Nothing more will come.
    ///
    /// - Parameter error: why the stream broke; nil for its clean end, and after a close.
    func receiveEnd(_ error: (any Error)?)
}

extension ByteReceiver {
    /// Takes the pieces one by one.
    public func receive(_ pieces: [Bytes]) {
        for piece in pieces { receive(piece) }
    }
}

extension ByteChannel {
    /// Closes: nothing is on its way that could be dropped.
    public func abort() async { await close() }

    /// Queues `pieces`, and suspends while more is queued than the limit.
    public nonisolated(nonsending) func write(_ pieces: [Bytes]) async throws {
        if try !enqueue(pieces) { try await waitForRoom() }
    }

    /// Reads in a task of its own, for channels that have nothing better.
    public func deliver(to receiver: any ByteReceiver, by loop: any EventLoop) {
        loop.spawn {
            do {
                while let bytes = try await read() { receiver.receive(bytes) }
                receiver.receiveEnd(nil)
            } catch {
                receiver.receiveEnd(error)
            }
        }
    }
}

/// Why a channel takes or gives no more bytes.
public enum ChannelError: Error, Equatable, Sendable {
    /// This side has closed the channel, or has finished writing and writes again.
    case closed
    /// The other side has gone away and takes no more bytes.
    case closedByPeer
    /// A system call failed.
    case system(SystemError)
}

extension ChannelError: CustomStringConvertible {
    /// One line that says what happened.
    public var description: String {
        switch self {
        case .closed: "the channel is closed"
        case .closedByPeer: "the other side has closed the channel"
        case .system(let error): error.description
        }
    }
}
