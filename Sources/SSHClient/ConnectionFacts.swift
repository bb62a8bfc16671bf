// SPDX-License-Identifier: Apache-2.0

public import SSHProtocol

/// What is known of a connection, for people.
public struct ConnectionFacts: Sendable {
    /// The server.
    public let endpoint: Endpoint
    /// The server's identification line, such as `SSH-2.0-OpenSSH_9.2`; unescaped.
    public let serverIdentification: String?
    /// What the last key exchange agreed on.
    public let algorithms: NegotiatedAlgorithms?
}

extension SSHSession {
    /// What is known of this connection.
    public var facts: ConnectionFacts {
        ConnectionFacts(
            endpoint: endpoint, serverIdentification: connection.serverIdentification,
            algorithms: connection.negotiatedAlgorithms)
    }
}
