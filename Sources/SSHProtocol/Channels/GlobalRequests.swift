// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// Global requests (RFC 4254 section 4), both ways: replies to ours come in their order; the peer's are
/// refused, but for those that only tell something.
struct GlobalRequests {
    /// Ours that have not been answered, oldest first.
    private var unanswered = FIFO<Request>()

    private enum Request {
        case keepalive
        case hostKeyProof([PublicKey])
    }

    /// What an answer is about.
    enum Answer {
        /// The peer is alive.
        case keepalive
        /// The server was asked to prove that it holds these keys; nil where it does not.
        case hostKeyProof([PublicKey], signatures: [Bytes]?)
    }

    mutating func sendKeepalive(outbox: inout Outbox) {
        unanswered.append(.keepalive)
        outbox.send(GlobalRequest(name: GlobalRequestName.keepalive, wantReply: true))
    }

    /// Asks the server to sign with each of these keys (OpenSSH's PROTOCOL, section 2.5).
    mutating func askForProof(of keys: [PublicKey], outbox: inout Outbox) {
        unanswered.append(.hostKeyProof(keys))
        var writer = WireWriter()
        for key in keys { writer.writeString(key.blob) }
        outbox.send(
            GlobalRequest(
                name: GlobalRequestName.proveHostKeys, wantReply: true, data: writer.bytes[...]))
    }

    /// Handles REQUEST_SUCCESS, or REQUEST_FAILURE whose `data` is nil.
    mutating func receiveReply(_ data: Bytes?) throws(SSHError) -> Answer {
        switch unanswered.popFirst() {
        case .keepalive: return .keepalive
        case .hostKeyProof(let keys):
            return .hostKeyProof(keys, signatures: data.flatMap { Self.signatures($0, keys.count) })
        case nil:
            throw SSHError(.protocolViolation, "the peer answered a global request never made")
        }
    }

    private static func signatures(_ data: Bytes, _ count: Int) -> [Bytes]? {
        var reader = WireReader(data)
        var signatures: [Bytes] = []
        do throws(WireError) {
            for _ in 0..<count {
                signatures.append(try reader.readString(limit: SSHLimits.signatureBytes))
            }
            try reader.requireEnd()
        } catch {
            return nil
        }
        return signatures
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
