// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol

/// The writes of a file that programs need not wait for, while there are any.
final class FileWrites {
    /// The most bytes of a file that wait or have no answer; a write that begins below it is taken whole.
    ///
    /// More than a fast link to the other side of the world holds in OpenSSH's channel window (2 MiB).
    static let fileBytes = 8 << 20
    /// The same for all files together.
    static let mountBytes = 32 << 20

    /// For how long data that the next write may add to wait for it.
    ///
    /// Long enough for a program that writes one block after the other to fill a request, and nothing beside
    /// what a disk takes; who waits for them sends them at once.
    static let gatheringTime = Duration.milliseconds(2)

    /// What has been written.
    var pending = PendingWrites()
    /// The answers to come to what has been sent, in the same order, and the channels they come on.
    var replies: [(reply: PendingReply<Void>, lane: Int)] = []
    /// The channels that the data go over.
    var lanes = WriteLanes()
    /// Whose they are, but for the file's own, while there are any.
    var furtherChannels: FurtherChannels?
    /// What has been sent without a pause.
    var stream = Stream(number: 0, start: .zero)
    /// The connection that they come on.
    var generation: UInt64 = 0
    /// The open file that was written to last.
    var writer: HandleID = 0
    /// Since when data have waited to be sent.
    var waitingSince = Duration.longAgo
    /// Where the task that sends waits for data to be due, while it does.
    var gathering: WaitQueue?
    /// Whether there is a task that sends.
    var isBeingSent = false
    /// Whether a change of the node has been begun for it.
    var isChange = false
    /// The numbers of the node's last change before the end of that one, and of the end.
    var end: (before: UInt64, number: UInt64)?
    /// How many wait for all that is pending now.
    var hurrying = 0
    /// What the server means by failures that it says nothing about, once that has been found out.
    var reason: Errno?
}

extension FileWrites {
    /// Data that are sent without a pause.
    struct Stream {
        /// How many there were before.
        let number: UInt64
        /// When it began.
        let start: Duration
        /// How many bytes of it have been acknowledged.
        var acknowledged = 0
        /// Whether further channels have been thought of.
        var hasWidened = false
    }
}

/// All that has been written to a file, sent over one connection: the server carries out what is sent behind
/// it after it.
struct SentWrites {
    let writes: FileWrites
    let generation: UInt64
    private let count: UInt64

    /// Nil unless all of it has been sent, and over the file's own channel.
    init?(_ writes: FileWrites) {
        guard writes.pending.isSent, writes.lanes.isOnOwnChannelOnly else { return nil }
        self.writes = writes
        generation = writes.generation
        count = writes.pending.lastNumber
    }

    /// Whether they have ended as the first change since one number, whose own is another, and nothing
    /// has been written since.
    func haveEnded(after beginning: UInt64, at last: UInt64?) -> Bool {
        guard let end = writes.end, writes.pending.lastNumber == count else { return false }
        return end.before == beginning && end.number == last
    }
}
