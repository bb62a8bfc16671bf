// SPDX-License-Identifier: Apache-2.0

import Wire

/// Global requests (RFC 4254 section 4), both ways: ours are keepalives only, so replies are
/// matched by counting; the peer's are refused, but for those that only tell something.
struct GlobalRequests {
    /// Keepalives that have not been answered.
    private var unanswered = 0

    mutating func sendKeepalive(outbox: inout Outbox) {
        unanswered += 1
        outbox.send(GlobalRequest(name: GlobalRequestName.keepalive, wantReply: true))
    }

    /// Counts REQUEST_SUCCESS or REQUEST_FAILURE: either proves that the peer is alive.
    mutating func receiveReply() throws(SSHError) {
        guard unanswered > 0 else {
            throw SSHError(.protocolViolation, "the peer answered a global request never made")
        }
        unanswered -= 1
    }

    /// Handles a request of the peer's.
    ///
    /// - Returns: the host keys that it advertises, if that is what it is.
    func receive(_ request: GlobalRequest, role: Role, outbox: inout Outbox) -> [Bytes]? {
        if request.wantReply { outbox.reply(RequestFailure()) }
        guard role == .client, request.name == GlobalRequestName.hostKeys else { return nil }
        // It only tells something: where it can't be understood, nothing has been told.
        return try? advertisedHostKeys(request.data)
    }

    private func advertisedHostKeys(_ data: Bytes) throws(WireError) -> [Bytes] {
        var reader = WireReader(data)
        var keys: [Bytes] = []
        while !reader.isAtEnd {
            guard keys.count < SSHLimits.advertisedHostKeys else {
                throw .limitExceeded(length: keys.count + 1, limit: SSHLimits.advertisedHostKeys)
            }
            keys.append(try reader.readString(limit: SSHLimits.publicKeyBytes))
        }
        return keys
    }
}
