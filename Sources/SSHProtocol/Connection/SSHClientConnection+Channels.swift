// SPDX-License-Identifier: Apache-2.0

public import Wire

// Channels. Each command does nothing on a channel that is gone: its end may be an event that the
// owner has not taken yet.
extension SSHClientConnection {
    /// Asks for a session channel; ``ChannelEvent/opened`` or ``ChannelEvent/openFailed(_:_:)``
    /// follows.
    ///
    /// - Precondition: the user is authenticated.
    public mutating func openSession() -> ChannelID {
        withConnection { connection, outbox in
            connection.channels.openSession(outbox: &outbox)
        }
    }

    /// Asks for a way from the server to a port of another host (RFC 4254 section 7.2);
    /// ``ChannelEvent/opened`` or ``ChannelEvent/openFailed(_:_:)`` follows.
    ///
    /// - Precondition: the user is authenticated.
    public mutating func openTunnel(host: String, port: UInt16) -> ChannelID {
        withConnection { connection, outbox in
            connection.channels.openTunnel(host: host, port: port, outbox: &outbox)
        }
    }

    /// Asks for something on a session channel.
    ///
    /// - Parameters:
    ///   - request: what is wanted.
    ///   - channel: a session channel; nothing is sent where it is not open.
    ///   - wantsReply: whether ``ChannelEvent/requestAnswered(isSuccess:)`` is to follow.
    public mutating func request(
        _ request: SessionRequest, on channel: ChannelID, wantsReply: Bool = true
    ) {
        withConnection { connection, outbox in
            connection.channels.request(
                request.kind, on: channel, wantReply: wantsReply, outbox: &outbox)
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

    /// Closes a channel: at once, or after what is queued has been sent.
    public mutating func close(_ channel: ChannelID, discardingUnsentData: Bool) {
        withConnection { connection, _ in
            connection.channels.close(channel, discardingUnsentData: discardingUnsentData)
        }
    }

    /// Reports data as consumed, so that the server may send as much again.
    ///
    /// - Precondition: no more than came.
    public mutating func consumed(_ byteCount: Int, on channel: ChannelID) {
        withConnection { connection, outbox in
            connection.channels.consumed(byteCount, on: channel, outbox: &outbox)
        }
    }

    /// Asks the server for a sign of life; ``SSHClientEvent/keepaliveAnswered`` follows.
    ///
    /// - Precondition: the user is authenticated.
    public mutating func sendKeepalive() {
        withConnection { connection, outbox in
            connection.globalRequests.sendKeepalive(outbox: &outbox)
        }
    }

    /// Makes new keys, unless that is under way.
    public mutating func rekeyNow() { transport.startRekey() }

    /// Ends the connection and tells the server why.
    public mutating func disconnect(reason: String) {
        end(SSHError(.closedByOwner, reason))
    }

    mutating func withConnection<Result>(
        _ body: (inout ConnectionLayer, inout Outbox) -> Result
    ) -> Result {
        guard var layer = connection.take() else {
            preconditionFailure("a channel command before the user was authenticated")
        }
        defer { connection = layer }
        return body(&layer, &transport.sender.outbox)
    }
}

// Facts.
extension SSHClientConnection {
    /// H of the first key exchange (RFC 4253 section 7.2), once there is one.
    public var sessionID: Bytes? { transport.sessionID }

    /// The server's key, as it was proved in the first key exchange.
    public var hostKey: HostKey? { transport.hostKey }

    /// What the last key exchange agreed on.
    public var negotiatedAlgorithms: NegotiatedAlgorithms? { transport.negotiated }

    /// The server's identification line, once it has come; unescaped.
    public var serverIdentification: String? {
        transport.peerIdentification.isEmpty
            ? nil : String(decoding: transport.peerIdentification, as: UTF8.self)
    }

    /// The public key algorithms that the server says it takes (RFC 8308 section 3.1).
    ///
    /// Nil where it said nothing: then an RSA key is tried with SHA-2 all the same.
    public var serverSignatureAlgorithms: [String]? { extensions.signatureAlgorithms }
}
