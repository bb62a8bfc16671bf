// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SSHServer

@Suite struct AdmissionTests {
    private let friend: [UInt8] = [192, 0, 2, 1]
    private let foe: [UInt8] = [192, 0, 2, 2]

    @Test func onlySoManyMayBeAboutToLogIn() {
        var limits = Admission.Limits()
        limits.unauthenticated = 2
        var admission = Admission(limits)
        #expect(admission.admit(friend, now: .zero) == nil)
        #expect(admission.admit(friend, now: .zero) == nil)
        #expect(admission.admit(friend, now: .zero) == .tooManyUnauthenticated)
        admission.authenticated()
        #expect(admission.admit(friend, now: .zero) == nil)
        admission.ended(friend, wasAuthenticated: false, .orderly, now: .zero)
        #expect(admission.admit(friend, now: .zero) == nil)
    }

    @Test func thereAreOnlySoManyConnections() {
        var limits = Admission.Limits()
        limits.connections = 1
        var admission = Admission(limits)
        #expect(admission.admit(friend, now: .zero) == nil)
        admission.authenticated()
        #expect(admission.admit(friend, now: .zero) == .tooManyConnections)
        admission.ended(friend, wasAuthenticated: true, .orderly, now: .zero)
        #expect(admission.connections == 0 && admission.unauthenticated == 0)
        #expect(admission.admit(friend, now: .zero) == nil)
    }

    /// Fails to log in once.
    private func fail(_ admission: inout Admission, _ ending: Admission.Ending, now: Duration) {
        #expect(admission.admit(foe, now: now) == nil)
        admission.ended(foe, wasAuthenticated: false, ending, now: now)
    }

    @Test func whoFailsAgainAndAgainIsShutOutForAWhile() {
        var admission = Admission(Admission.Limits())
        for _ in 0..<3 { fail(&admission, .authenticationFailed, now: .zero) }
        #expect(admission.admit(foe, now: .zero) == .penalty)
        #expect(admission.admit(friend, now: .zero) == nil)
        // What is left counts again from below the threshold on.
        #expect(admission.admit(foe, now: .milliseconds(1)) == nil)
        admission.ended(foe, wasAuthenticated: false, .tooSlow, now: .seconds(2))
        #expect(admission.admit(foe, now: .seconds(2)) == .penalty)
        #expect(admission.admit(foe, now: .seconds(25)) == nil)
    }

    @Test func penaltiesEnd() {
        var limits = Admission.Limits()
        limits.longestPenalty = .seconds(20)
        limits.penaltyThreshold = .seconds(20)
        var admission = Admission(limits)
        for _ in 0..<2 { fail(&admission, .tooSlow, now: .zero) }
        #expect(admission.admit(foe, now: .zero) == .penalty)
        #expect(admission.admit(foe, now: .seconds(20)) == nil)
    }

    @Test func whoCommitsNothingIsNotShutOut() {
        var admission = Admission(Admission.Limits())
        for _ in 0..<1000 { fail(&admission, .orderly, now: .zero) }
        #expect(admission.admit(foe, now: .zero) == nil)
    }
}
