// SPDX-License-Identifier: Apache-2.0

import SSHProtocol
import Testing

/// The whole table again, written down by hand: every type 0...255, in every phase, for both roles.
@Suite struct MessagePolicyTests {
    typealias Phase = MessagePolicy.Phase
    typealias Verdict = MessagePolicy.Verdict

    static let channelTypes = Set<UInt8>(90...100)
    static let connectionTypes = channelTypes.union([20, 80, 81, 82, 192])

    private func expect(
        _ phase: Phase, role: Role, accept: Set<UInt8>, drop: Set<UInt8>,
        unimplemented: Set<UInt8>, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for type in UInt8.min...UInt8.max {
            let expected: Verdict =
                accept.contains(type)
                ? .accept
                : drop.contains(type)
                    ? .drop : unimplemented.contains(type) ? .unimplemented : .refuse
            #expect(
                MessagePolicy.verdict(type, in: phase, role: role) == expected,
                "type \(type) in \(phase) as \(role)", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: Role.allCases)
    func strictInitialKeyExchangeTakesOnlyWhatItWaitsFor(role: Role) {
        let publicKey: UInt8 = role == .client ? 31 : 30
        for (step, accepted) in [
            (MessagePolicy.KeyExchangeStep.kexInit, Set([20])), (.publicKey, [publicKey]),
            (.group, [role == .client ? 31 : 34]), (.groupPublicKey, [role == .client ? 33 : 32]),
            (.newKeys, [21]), (.wrongGuess, Set(UInt8(30)...49)),
        ] {
            expect(
                .keyExchange(step, isInitial: true, isStrict: true), role: role,
                accept: accepted.union([1]), drop: [], unimplemented: [])
        }
    }

    @Test(arguments: Role.allCases)
    func initialKeyExchangeWithoutStrictnessDropsHarmlessMessages(role: Role) {
        let publicKey: UInt8 = role == .client ? 31 : 30
        for (step, accepted) in [
            (MessagePolicy.KeyExchangeStep.kexInit, Set([20])), (.publicKey, [publicKey]),
            (.group, [role == .client ? 31 : 34]), (.groupPublicKey, [role == .client ? 33 : 32]),
            (.newKeys, [21]), (.wrongGuess, Set(UInt8(30)...49)),
        ] {
            expect(
                .keyExchange(step, isInitial: true, isStrict: false), role: role,
                accept: accepted.union([1]), drop: [2, 3, 4], unimplemented: [])
        }
    }

    @Test(arguments: Role.allCases, [false, true])
    func rekeyTakesOnlyTransportMessages(role: Role, isStrict: Bool) {
        let publicKey: UInt8 = role == .client ? 31 : 30
        for (step, accepted) in [
            (MessagePolicy.KeyExchangeStep.kexInit, Set([20])), (.publicKey, [publicKey]),
            (.group, [role == .client ? 31 : 34]), (.groupPublicKey, [role == .client ? 33 : 32]),
            (.newKeys, [21]), (.wrongGuess, Set(UInt8(30)...49)),
        ] {
            expect(
                .keyExchange(step, isInitial: false, isStrict: isStrict), role: role,
                accept: accepted.union([1]), drop: [2, 3, 4], unimplemented: Set(8...19))
        }
    }

    /// Types that have no meaning in any phase after the key exchange.
    private let unknown = Set<UInt8>(0...255).subtracting(1...7).subtracting(20...21)
        .subtracting(30...49).subtracting(50...53).subtracting([60, 61]).subtracting(80...82)
        .subtracting(90...100).subtracting([192, 193])

    @Test func serviceRequestPhase() {
        expect(
            .serviceRequest, role: .client, accept: [1, 6, 7], drop: [2, 3, 4, 192],
            unimplemented: unknown)
        expect(
            .serviceRequest, role: .server, accept: [1, 5, 7], drop: [2, 3, 4, 192],
            unimplemented: unknown)
    }

    @Test func authenticationPhase() {
        expect(
            .authentication, role: .client, accept: [1, 7, 51, 52, 53, 60],
            drop: [2, 3, 4, 192], unimplemented: unknown)
        expect(
            .authentication, role: .server, accept: [1, 50, 61], drop: [2, 3, 4, 192],
            unimplemented: unknown)
    }

    @Test func connectionPhase() {
        expect(
            .connection, role: .client, accept: Self.connectionTypes.union([1]),
            drop: [2, 3, 4, 7], unimplemented: unknown)
        expect(
            .connection, role: .server, accept: Self.connectionTypes.union([1]),
            drop: [2, 3, 4, 50], unimplemented: unknown)
    }
}
