// SPDX-License-Identifier: Apache-2.0

/// Which messages a side takes in which phase of a connection.
///
/// This is the one place that decides it: each message passes here before anything reads it. What
/// no row admits ends the connection, since the attacks on SSH implementations of the last years
/// were messages that were handled one phase too early, or by the wrong side.
package enum MessagePolicy {
    /// What the receiver waits for.
    package enum Phase: Hashable, Sendable {
        /// A key exchange is under way; `isInitial` for the connection's first.
        case keyExchange(KeyExchangeStep, isInitial: Bool, isStrict: Bool)
        /// Keys are there, and `ssh-userauth` is being requested.
        case serviceRequest
        case authentication
        case connection
    }

    /// What comes next from the peer in a key exchange.
    package enum KeyExchangeStep: Hashable, Sendable, CaseIterable {
        case kexInit
        /// A packet that was sent on a wrong guess, to be dropped.
        case wrongGuess
        /// KEX_ECDH_INIT for a server, KEX_ECDH_REPLY for a client; KEXDH_INIT and KEXDH_REPLY have
        /// the same numbers and fields.
        case publicKey
        /// KEX_DH_GEX_REQUEST for a server, KEX_DH_GEX_GROUP for a client.
        case group
        /// KEX_DH_GEX_INIT for a server, KEX_DH_GEX_REPLY for a client.
        case groupPublicKey
        case newKeys
    }

    /// What is to be done with a message.
    package enum Verdict: Hashable, Sendable {
        case accept
        /// Allowed and without effect.
        case drop
        /// Answered by SSH_MSG_UNIMPLEMENTED.
        case unimplemented
        /// The connection ends.
        case refuse
    }

    /// The verdict on a message of any type for a side that plays `role`.
    package static func verdict(_ type: UInt8, in phase: Phase, role: Role) -> Verdict {
        if let number = MessageNumber(rawValue: type) {
            verdict(number, in: phase, role: role)
        } else {
            verdictOnUnknown(type, in: phase)
        }
    }

    private static func verdictOnUnknown(_ type: UInt8, in phase: Phase) -> Verdict {
        switch phase {
        case .keyExchange(.wrongGuess, _, _) where methodSpecific.contains(type): .accept
        // During a rekey only the transport's own messages are allowed (RFC 4253 section 7.1), so
        // only among those may there be some that we don't know.
        case .keyExchange(_, let isInitial, _):
            !isInitial && transportGeneric.contains(type) ? .unimplemented : .refuse
        case .serviceRequest, .authentication, .connection:
            methodSpecific.contains(type) ? .refuse : .unimplemented
        }
    }

    private static func verdict(
        _ number: MessageNumber, in phase: Phase, role: Role
    ) -> Verdict {
        switch number {
        case .disconnect: return .accept
        case .ignore, .debug, .unimplemented:
            // Sent unauthenticated, these would shift sequence numbers: the Terrapin attack.
            if case .keyExchange(_, isInitial: true, isStrict: true) = phase { return .refuse }
            return .drop
        default: break
        }
        switch phase {
        case .keyExchange(let step, _, _):
            return admits(number, step: step, role: role) ? .accept : .refuse
        case .serviceRequest: return verdictInServiceRequest(number, role: role)
        case .authentication: return verdictInAuthentication(number, role: role)
        case .connection: return verdictInConnection(number, role: role)
        }
    }

    private static func admits(
        _ number: MessageNumber, step: KeyExchangeStep, role: Role
    ) -> Bool {
        switch step {
        case .kexInit: number == .kexInit
        case .wrongGuess: methodSpecific.contains(number.rawValue)
        case .publicKey: number == (role == .client ? .kexECDHReply : .kexECDHInit)
        // KEX_DH_GEX_GROUP has the number of KEX_ECDH_REPLY.
        case .group: number == (role == .client ? .kexECDHReply : .kexGroupRequest)
        case .groupPublicKey: number == (role == .client ? .kexGroupReply : .kexGroupInit)
        case .newKeys: number == .newKeys
        }
    }

    private static func verdictInServiceRequest(_ number: MessageNumber, role: Role) -> Verdict {
        switch number {
        case .extInfo: .accept
        case .serviceAccept: role == .client ? .accept : .refuse
        case .serviceRequest: role == .server ? .accept : .refuse
        case .ping: .drop
        default: .refuse
        }
    }

    private static func verdictInAuthentication(_ number: MessageNumber, role: Role) -> Verdict {
        switch number {
        case .userAuthRequest, .userAuthMethodResponse: role == .server ? .accept : .refuse
        case .extInfo, .userAuthFailure, .userAuthSuccess, .userAuthBanner, .userAuthMethodRequest:
            role == .client ? .accept : .refuse
        // As OpenSSH, which answers a PING only once the user is authenticated.
        case .ping: .drop
        default: .refuse
        }
    }

    private static func verdictInConnection(_ number: MessageNumber, role: Role) -> Verdict {
        switch number {
        case .kexInit, .ping, .globalRequest, .requestSuccess, .requestFailure, .channelOpen,
            .channelOpenConfirmation, .channelOpenFailure, .channelWindowAdjust, .channelData,
            .channelExtendedData, .channelEOF, .channelClose, .channelRequest, .channelSuccess,
            .channelFailure:
            .accept
        // Some servers repeat it after every key exchange; what it says is no longer needed.
        case .extInfo: role == .client ? .drop : .refuse
        // Requests that were on their way when an earlier one succeeded (RFC 4252 section 5.1).
        case .userAuthRequest: role == .server ? .drop : .refuse
        default: .refuse
        }
    }

    /// The numbers of the transport layer's generic messages (RFC 4250 section 4.1.1).
    private static let transportGeneric: ClosedRange<UInt8> = 1...19
    /// The numbers that each key exchange method gives its own meaning (RFC 4250 section 4.1.1).
    private static let methodSpecific: ClosedRange<UInt8> = 30...49
}
