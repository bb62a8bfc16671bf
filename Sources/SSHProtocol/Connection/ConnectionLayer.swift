// SPDX-License-Identifier: Apache-2.0

import Wire

/// The connection protocol (RFC 4254): there from the moment that the user is authenticated.
struct ConnectionLayer {
    /// What a message means for our owner.
    enum Outcome {
        case channel(ChannelTable.Outcome)
        case keepaliveAnswered
        case hostKeysAdvertised([Bytes])
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
        case .requestSuccess, .requestFailure:
            try globalRequests.receiveReply()
            return .keepaliveAnswered
        default:
            return try channels.receive(number, payload, outbox: &outbox).map { .channel($0) }
        }
    }
}
