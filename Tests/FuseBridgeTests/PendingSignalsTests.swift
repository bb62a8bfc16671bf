// SPDX-License-Identifier: Apache-2.0

import Glibc
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

/// Whether the thread that closes a file does so since it ends.
@Suite struct ProcessFlagsTests {
    @Test func threadThatEndsIsKnown() throws {
        let (before, after) = ("42 (a) b (c) S 1 42 42 0 -1 ", " 100 0 0 0")
        #expect(try #require(ProcessFlags(stat: before + "4194308" + after)).isExiting)
        #expect(try !#require(ProcessFlags(stat: before + "4194304" + after)).isExiting)
        #expect(ProcessFlags(stat: "42 (a) S 1") == nil)
    }

    @Test func thisProcessDoesNotEnd() throws {
        #expect(try !#require(ProcessFlags(of: getpid())).isExiting)
    }
}
