// SPDX-License-Identifier: Apache-2.0

/// How much we may still send on a channel (RFC 4254 section 5.2).
struct SendWindow {
    private(set) var available: UInt32

    /// A window that is open for `available` bytes; zero is common, sshd starts so.
    init(available: UInt32) { self.available = available }

    /// Counts a grant of the peer's.
    mutating func grow(by count: UInt32) throws(SSHError) {
        let (sum, overflow) = available.addingReportingOverflow(count)
        guard !overflow else {
            throw SSHError(
                .protocolViolation,
                "the peer grew a channel window of \(available) bytes by \(count), past 2^32-1")
        }
        available = sum
    }

    /// Counts data that is sent.
    mutating func send(_ count: Int) {
        precondition(count >= 0 && count <= available, "sending more than the window allows")
        available -= UInt32(count)
    }
}
