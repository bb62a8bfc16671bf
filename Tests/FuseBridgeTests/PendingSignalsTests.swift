// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FuseBridge

/// Which signals end the wait of who is interrupted.
@Suite struct PendingSignalsTests {
    /// What /proc says of a thread; sets of signals have the bit n - 1 for signal n.
    private func status(own: String = "0", shared: String = "0", caught: String = "0") -> String {
        "Name:\tx\nSigPnd:\t\(own)\nShdPnd:\t\(shared)\nSigBlk:\t0\nSigIgn:\t0\nSigCgt:\t\(caught)\n"
    }

    @Test func timerSignalThatIsCaughtIsANotice() throws {
        let alarm = "0000000000002000"
        #expect(
            try #require(PendingSignals(status: status(shared: alarm, caught: alarm))).areNotices)
        // It ends a program that does not catch it.
        #expect(try !#require(PendingSignals(status: status(shared: alarm))).areNotices)
    }

    @Test func interruptIsNoNoticeEvenIfItIsCaught() throws {
        let both = "2002"
        #expect(
            try !#require(PendingSignals(status: status(shared: both, caught: both))).areNotices)
    }

    @Test func killedThreadIsKnown() throws {
        #expect(try #require(PendingSignals(status: status(own: "100"))).isKilled)
        #expect(try !#require(PendingSignals(status: status(shared: "2"))).isKilled)
    }

    @Test func nothingIsKnownOfAThreadThatIsNotThere() {
        #expect(PendingSignals(status: "Name:\tx\n") == nil)
        #expect(PendingSignals(of: 0) == nil)
    }
}
