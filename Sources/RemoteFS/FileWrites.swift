// SPDX-License-Identifier: Apache-2.0

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

    /// What has been written.
    var pending = PendingWrites()
    /// The answers to come to what has been sent, in the same order.
    var replies: [PendingReply<Void>] = []
    /// The connection that they come on.
    var generation: UInt64 = 0
    /// The open file that was written to last.
    var writer: HandleID = 0
    /// Whether there is a task that sends.
    var isBeingSent = false
    /// Whether a change of the node has been begun for it.
    var isChange = false
    /// How many wait for all that is pending now.
    var hurrying = 0
    /// What the server means by failures that it says nothing about, once that has been found out.
    var reason: Errno?
}
