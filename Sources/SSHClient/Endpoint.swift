// SPDX-License-Identifier: Apache-2.0

import Wire

/// Where a connection goes, as messages name it.
public struct Endpoint: Hashable, Sendable {
    /// The host name or address that is connected to.
    public let host: String
    /// The TCP port.
    public let port: UInt16

    /// Names a server.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }
}

extension Endpoint: CustomStringConvertible {
    /// `example.org port 22`.
    public var description: String { "\(TerminalText.line(host)) port \(port)" }
}
