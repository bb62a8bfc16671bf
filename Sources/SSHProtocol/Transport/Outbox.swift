// SPDX-License-Identifier: Apache-2.0

import Wire

/// The messages of the upper layers that wait to be sealed, in order.
///
/// Replies that the peer's requests cause are counted: a peer that asks without reading the
/// answers, or while it delays a key exchange, must not make us hold more than a fixed amount.
struct Outbox {
    private var payloads = FIFO<Entry>()
    private var replyBytes = 0

    struct Entry {
        var payload: [UInt8]
        /// Whether the payload is to be wiped, and its length hidden by padding.
        var isSecret: Bool
        var isReply: Bool
    }

    var isEmpty: Bool { payloads.isEmpty }

    /// Queues a message that our owner caused.
    mutating func send(_ message: some SSHMessage) {
        append(Entry(payload: message.payload, isSecret: false, isReply: false))
    }

    /// Queues a payload as it stands, whatever it says.
    mutating func send(payload: Bytes) {
        append(Entry(payload: Array(payload), isSecret: false, isReply: false))
    }

    /// Queues a message that holds a password or the like.
    mutating func sendSecret(_ write: (inout WireWriter) -> Void) {
        // With room for all of it, no part stays behind in a buffer that was grown out of.
        var writer = WireWriter(capacity: SSHLimits.outgoingPayloadBytes)
        write(&writer)
        append(Entry(payload: writer.bytes, isSecret: true, isReply: false))
    }

    /// Queues a message that the peer caused, also where our owner decided what it says.
    mutating func reply(_ message: some SSHMessage) {
        let entry = Entry(payload: message.payload, isSecret: false, isReply: true)
        replyBytes += entry.payload.count + Self.entryOverhead
        append(entry)
    }

    private mutating func append(_ entry: Entry) {
        precondition(
            entry.payload.count <= SSHLimits.outgoingPayloadBytes,
            "a message longer than any packet")
        payloads.append(entry)
    }

    /// Demands that the peer has not caused more than it takes; asked before its next message is
    /// handled.
    func requireRoomForReplies() throws(SSHError) {
        guard replyBytes <= SSHLimits.queuedReplyBytes else {
            throw SSHError(
                .limitExceeded,
                "the peer's requests made more than \(SSHLimits.queuedReplyBytes) bytes of unsent replies"
            )
        }
    }

    mutating func popFirst() -> Entry? {
        guard let entry = payloads.popFirst() else { return nil }
        if entry.isReply { replyBytes -= entry.payload.count + Self.entryOverhead }
        return entry
    }

    mutating func removeAll() {
        payloads.removeAll()
        replyBytes = 0
    }

    /// What an entry takes beside its payload, roughly: array header and queue slot.
    private static let entryOverhead = 64
}
