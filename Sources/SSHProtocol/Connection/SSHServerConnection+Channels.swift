// SPDX-License-Identifier: Apache-2.0

public import Wire

// Channels. Each command does nothing on a channel that is gone: its end may be an event that the
// owner has not taken yet.
extension SSHServerConnection {
    /// Opens the session that the client asked for.
    public mutating func accept(_ channel: ChannelID) {
        withConnection { connection, outbox in
            connection.channels.accept(channel, outbox: &outbox)
        }
    }

    /// Refuses the session that the client asked for.
    public mutating func refuse(
        _ channel: ChannelID, reason: ChannelOpenFailureReason, description: String
    ) {
        withConnection { connection, outbox in
            connection.channels.refuse(
                channel, reason: reason, description: description, outbox: &outbox)
        }
    }

    /// Answers the oldest request on the channel that wants a reply and has none.
    public mutating func answerRequest(on channel: ChannelID, isSuccess: Bool) {
        withConnection { connection, outbox in
            connection.channels.answerRequest(on: channel, isSuccess: isSuccess, outbox: &outbox)
        }
    }

    /// Queues data.
    ///
    /// The pieces are kept, not copied, until they are sealed.
    ///
    /// There is no limit here: the owner watches ``queuedBytes(on:)``.
    public mutating func send(_ pieces: [Bytes], on channel: ChannelID) {
        withConnection { connection, _ in connection.channels.send(pieces, on: channel) }
    }

    /// How many bytes of data wait to be sealed: for want of window, of a turn, or of new keys.
    public func queuedBytes(on channel: ChannelID) -> Int {
        connection?.channels.queuedBytes(on: channel) ?? 0
    }

    /// Sends EOF after what is queued.
    public mutating func sendEndOfData(on channel: ChannelID) {
        withConnection { connection, _ in connection.channels.sendEndOfData(on: channel) }
    }

    /// Tells the status with which the session's program ended (RFC 4254 section 6.10).
    public mutating func sendExitStatus(_ status: UInt32, on channel: ChannelID) {
        withConnection { connection, outbox in
            connection.channels.request(
                .exitStatus(status), on: channel, wantReply: false, outbox: &outbox)
        }
    }

    /// Tells the signal that ended the session's program (RFC 4254 section 6.10).
    public mutating func sendExitSignal(_ signal: ExitSignal, on channel: ChannelID) {
        withConnection { connection, outbox in
            connection.channels.request(
                .exitSignal(
                    name: signal.name, dumpedCore: signal.dumpedCore, message: signal.message),
                on: channel, wantReply: false, outbox: &outbox)
        }
    }

    /// Closes a channel: at once, or after what is queued has been sent.
    public mutating func close(_ channel: ChannelID, discardingUnsentData: Bool) {
        withConnection { connection, _ in
            connection.channels.close(channel, discardingUnsentData: discardingUnsentData)
        }
    }

    /// Reports data as consumed, so that the client may send as much again.
    ///
    /// - Precondition: no more than came.
    public mutating func consumed(_ byteCount: Int, on channel: ChannelID) {
        withConnection { connection, outbox in
            connection.channels.consumed(byteCount, on: channel, outbox: &outbox)
        }
    }

    /// Asks the client for a sign of life; ``SSHServerEvent/keepaliveAnswered`` follows.
    public mutating func sendKeepalive() {
        withConnection { connection, outbox in
            connection.globalRequests.sendKeepalive(outbox: &outbox)
        }
    }

    /// Makes new keys, unless that is under way.
    public mutating func rekeyNow() { transport.startRekey() }

    /// Ends the connection and tells the client why.
    public mutating func disconnect(reason: String) {
        end(SSHError(.closedByOwner, reason))
    }

    /// What the last key exchange agreed on.
    public var negotiatedAlgorithms: NegotiatedAlgorithms? { transport.negotiated }

    private mutating func withConnection<Result>(
        _ body: (inout ConnectionLayer, inout Outbox) -> Result
    ) -> Result {
        guard var layer = connection.take() else {
            preconditionFailure("a channel command before the user was authenticated")
        }
        defer { connection = layer }
        return body(&layer, &transport.sender.outbox)
    }
}
