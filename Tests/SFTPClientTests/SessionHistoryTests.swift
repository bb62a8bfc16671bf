// SPDX-License-Identifier: Apache-2.0

import SFTPClient
import SFTPProtocol
import Testing
import Wire

/// Which sessions a client asks the server to end.
@Suite struct SessionHistoryTests {
    private func name(_ number: UInt8) -> Bytes {
        Array(repeating: number, count: SessionExtension.nameBytes)[...]
    }

    private func address(_ place: Bytes, _ number: UInt8) -> SessionAddress {
        SessionAddress(place: place, name: name(number))
    }

    @Test func namesWhatMayStillRunUntilItHasEnded() {
        var history = SessionHistory()
        let first = history.next(name: name(1))
        #expect(first == SessionRequest(name: name(1)))
        history.note(SessionAnswer(place: [7], olderHaveEnded: true), to: first)
        let second = history.next(name: name(2))
        #expect(second.older == [address([7], 1)])
        history.note(SessionAnswer(place: [8], olderHaveEnded: false), to: second)
        let third = history.next(name: name(3))
        #expect(third.older == [address([7], 1), address([8], 2)])
        history.note(SessionAnswer(place: [7], olderHaveEnded: true), to: third)
        #expect(history.next(name: name(4)).older == [address([7], 3)])
    }

    @Test func sessionsBesideEachOtherAreAllNamedByTheNext() {
        var history = SessionHistory()
        history.note(
            SessionAnswer(place: [7], olderHaveEnded: true), to: history.next(name: name(1)))
        // One beside it names none, so that the answer says nothing of the first.
        history.note(
            SessionAnswer(place: [7], olderHaveEnded: true), to: SessionRequest(name: name(2)))
        #expect(history.next(name: name(3)).older == [address([7], 1), address([7], 2)])
    }

    @Test func sessionsBesideOthersAreForgottenOnceTheyHaveBeenClosed() {
        var history = SessionHistory()
        history.note(
            SessionAnswer(place: [7], olderHaveEnded: true), to: history.next(name: name(1)))
        for number in 2...100 as ClosedRange<UInt8> {
            history.addFurther(name(number))
            history.note(
                SessionAnswer(place: [7], olderHaveEnded: true),
                to: SessionRequest(name: name(number)))
            if number.isMultiple(of: 3) { history.forgetFurther() }
        }
        #expect(history.next(name: name(101)).older == [address([7], 1), address([7], 100)])
    }

    /// A server that has never heard of it may still be at work when another one answers.
    @Test func whatCannotBeNamedIsNeverTakenForEnded() {
        var history = SessionHistory()
        history.note(nil, to: history.next(name: name(1)))
        let second = history.next(name: name(2))
        #expect(second.older == [address([], 1)])
        history.note(SessionAnswer(place: [7], olderHaveEnded: true), to: second)
        #expect(history.next(name: name(3)).older == [address([], 1), address([7], 2)])
    }

    @Test func doesNotNameMoreThanAServerTakes() throws {
        var history = SessionHistory()
        for number in 1...100 as ClosedRange<UInt8> {
            history.note(
                SessionAnswer(place: [7], olderHaveEnded: false),
                to: history.next(name: name(number)))
        }
        let request = history.next(name: name(101))
        #expect(request.older.count == SessionExtension.olderSessions)
        #expect(request.older.first == address([], 85))
        #expect(SessionRequest([request.pair]) == request)
    }
}
