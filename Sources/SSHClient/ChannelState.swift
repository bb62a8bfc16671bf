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

    /// What has come and waits to be read.
    var incoming = PieceQueue()

    init(loop: any EventLoop) {
        replies = WaitQueue(loop: loop)
        readers = WaitQueue(loop: loop)
        writers = WaitQueue(loop: loop)
    }

    func wakeAll() {
        replies.wakeAll()
        readers.wakeAll()
        writers.wakeAll()
    }
}
