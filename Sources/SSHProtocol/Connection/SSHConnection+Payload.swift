// SPDX-License-Identifier: Apache-2.0

package import Wire

// For tests: what a peer with the right keys may send that breaks the protocol.

extension SSHClientConnection {
    /// Sends a message as it stands, whatever it says.
    package mutating func send(payload: Bytes) {
        transport.sender.outbox.send(payload: payload)
    }
}

extension SSHServerConnection {
    /// Sends a message as it stands, whatever it says.
    package mutating func send(payload: Bytes) {
        transport.sender.outbox.send(payload: payload)
    }
}
