// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// The connection protocol (RFC 4254): there from the moment that the user is authenticated.
struct ConnectionLayer {
    /// What a message means for our owner.
    enum Outcome {
        case channel(ChannelTable.Outcome)
        case keepaliveAnswered
        case hostKeysAdvertised([Bytes])
        case hostKeysSigned([PublicKey], signatures: [Bytes]?)
    }

    var channels: ChannelTable
    var globalRequests = GlobalRequests()

    init(role: Role, parameters: ChannelParameters, acceptedChannels: Int) {
        channels = ChannelTable(
            role: role, parameters: parameters, acceptedLimit: acceptedChannels)
    }

    /// Handles a message that the policy admits on an open connection.
    mutating func receive(
        _ number: MessageNumber, _ payload: Bytes, outbox: inout Outbox
    ) throws(SSHError) -> Outcome? {
        switch number {
        case .globalRequest:
            let keys = try globalRequests.receive(
                decode(GlobalRequest.self, payload), role: channels.role, outbox: &outbox)
            return keys.map { .hostKeysAdvertised($0) }
        case .requestSuccess:
            return outcome(
                try globalRequests.receiveReply(decode(RequestSuccess.self, payload).data))
        case .requestFailure:
            _ = try decode(RequestFailure.self, payload)
            return outcome(try globalRequests.receiveReply(nil))
        default:
            return try channels.receive(number, payload, outbox: &outbox).map { .channel($0) }
        }
    }

    private func outcome(_ answer: GlobalRequests.Answer) -> Outcome {
        switch answer {
        case .keepalive: .keepaliveAnswered
        case .hostKeyProof(let keys, let signatures): .hostKeysSigned(keys, signatures: signatures)
        }
    }
}
