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

    /// Sends `pieces` whole, in order, behind everything written before.
    ///
    /// Returns once they are queued and the queue is within its limit; until then it suspends.
    func write(_ pieces: [Bytes]) async throws

    /// Ends the outgoing stream behind everything written before; reading goes on.
    func finishWriting() async throws

    /// Ends both directions at once and drops what has not been sent. Closing twice is harmless.
    ///
    /// A pending read returns nil, pending writes throw ``ChannelError/closed``.
    func close() async
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
