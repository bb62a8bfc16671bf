// SPDX-License-Identifier: Apache-2.0

/// How much the peer may still send on a channel (RFC 4254 section 5.2).
///
/// The window is opened again only for bytes that our owner has consumed, so that it bounds what
/// lies here unread.
struct ReceiveWindow {
    private let size: UInt32
    /// What has to be consumed before it is worth a WINDOW_ADJUST.
    private let threshold: UInt32
    /// What the peer may still send.
    private var available: UInt32
    /// Received, not yet consumed.
    private var outstanding: UInt32 = 0
    /// Consumed, not yet granted to the peer again.
    private var consumed: UInt32 = 0
    /// Received beyond the window, not yet made up for.
    private var excess: UInt32 = 0
    /// Received beyond the window since the channel was opened.
    private var totalExcess: UInt32 = 0

    /// A window of `size` bytes, all of it open.
    init(size: UInt32, maximumPacket: UInt32) {
        self.size = size
        available = size
        // Three packets, as OpenSSH, or a sixteenth of a large window: often enough that the peer
        // never runs dry, seldom enough not to matter.
        threshold = min(max(maximumPacket.multipliedCapped(by: 3), size / 16), size / 2)
    }

    /// Counts data that came.
    ///
    /// Some peers count wrongly: as OpenSSH, we bear with a tenth of the window, over the channel's
    /// life, that is beyond it.
    mutating func receive(_ count: Int) throws(SSHError) {
        guard let count = UInt32(exactly: count),
            count <= available || count - available <= size / 10 - totalExcess
        else {
            throw SSHError(
                .protocolViolation,
                "the peer sent \(count) bytes into a channel window of \(available)")
        }
        let beyond = count - min(count, available)
        available -= count - beyond
        excess += beyond
        totalExcess += beyond
        outstanding += count
    }

    /// Counts data that our owner is done with.
    ///
    /// - Returns: how many bytes to grant to the peer now, or nil.
    /// - Precondition: it was received before, and not yet consumed.
    mutating func consume(_ count: Int) -> UInt32? {
        precondition(count >= 0 && count <= outstanding, "consumed more than was received")
        outstanding -= UInt32(count)
        consumed += UInt32(count)
        guard consumed > 0, consumed >= threshold else { return nil }
        // What the peer took without being granted it, it is not granted later either.
        let granted = consumed - min(consumed, excess)
        excess -= consumed - granted
        consumed = 0
        available += granted
        return granted > 0 ? granted : nil
    }
}

extension UInt32 {
    fileprivate func multipliedCapped(by factor: UInt32) -> UInt32 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
