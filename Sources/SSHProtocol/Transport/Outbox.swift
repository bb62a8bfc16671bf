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
        var payload: Bytes
        /// Whether the length of the payload is to be hidden by padding.
        var hidesLength: Bool
        var isReply: Bool
    }

    var isEmpty: Bool { payloads.isEmpty }

    /// Queues a message that our owner caused.
    mutating func send(_ message: some SSHMessage, hidesLength: Bool = false) {
        payloads.append(
            Entry(payload: message.payload[...], hidesLength: hidesLength, isReply: false))
    }

    /// Queues a payload as it stands, whatever it says.
    mutating func send(payload: Bytes) {
        payloads.append(Entry(payload: payload, hidesLength: false, isReply: false))
    }

    /// Queues a message that the peer caused.
    ///
    /// - Throws: if the peer has caused more than it takes.
    mutating func reply(_ message: some SSHMessage) throws(SSHError) {
        let payload = message.payload
        replyBytes += payload.count + Self.entryOverhead
        guard replyBytes <= SSHLimits.queuedReplyBytes else {
            throw SSHError(
                .limitExceeded,
                "the peer's requests made more than \(SSHLimits.queuedReplyBytes) bytes of unsent replies"
            )
        }
        payloads.append(Entry(payload: payload[...], hidesLength: false, isReply: true))
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
