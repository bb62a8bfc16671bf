// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHProtocol
import Wire

/// What a session, to which it belongs, knows of one channel.
final class ChannelState {
    enum Phase {
        case opening
        case open
        /// Nothing comes or goes any more; the text says why if that is not our own wish.
        case closed(String?)
    }

    var phase = Phase.opening
    /// Answers to requests, in their order.
    var answers: [Bool] = []
    var hasEnded = false
    var isFinished = false
    /// Read by us, not yet reported to the state machine.
    var unreported = 0
    var shownErrorBytes = 0
    /// What messages call what runs at the other end: how it ended comes behind the end of its data;
    /// nil for a tunnel, where nothing runs.
    var program: String?
    /// How the program has failed, in words.
    var programFailure: String?

    /// Whether it is closed once nothing has come or gone for long.
    var idle: IdleWatch?

    /// For what is asked of the server: opening, requests.
    let replies: WaitQueue
    let readers: WaitQueue
    let writers: WaitQueue
    /// Who is handed what comes, instead of reading it.
    var receiver: (any ByteReceiver)?

    private var incoming: [Bytes] = []
    private var head = 0
    /// Whether the last piece is an array of its own, which others can be added to.
    private var isLastJoined = false

    init(loop: any EventLoop) {
        replies = WaitQueue(loop: loop)
        readers = WaitQueue(loop: loop)
        writers = WaitQueue(loop: loop)
    }

    /// Pieces up to this size are joined, in bytes.
    ///
    /// Each piece keeps its packet's buffer, so a server that sends single bytes could otherwise
    /// make a window of them take many times its size.
    private static let smallPiece = 2048

    func append(_ bytes: Bytes) {
        if bytes.count <= Self.smallPiece {
            if let last = incoming.indices.last, last >= head, isLastJoined,
                incoming[last].count <= Self.smallPiece
            {
                incoming[last] += bytes
            } else {
                incoming.append(Array(bytes)[...])
            }
            isLastJoined = true
        } else {
            incoming.append(bytes)
            isLastJoined = false
        }
    }

    func popFirst() -> Bytes? {
        guard head < incoming.count else { return nil }
        let bytes = incoming[head]
        incoming[head] = []
        head += 1
        if head == incoming.count {
            removeAllIncoming()
        } else if head == 1024 {
            // A reader that never catches up quite would otherwise let the array grow for ever.
            incoming.removeFirst(head)
            head = 0
        }
        return bytes
    }

    func removeAllIncoming() {
        incoming.removeAll(keepingCapacity: true)
        head = 0
    }

    func wakeAll() {
        replies.wakeAll()
        readers.wakeAll()
        writers.wakeAll()
    }
}
