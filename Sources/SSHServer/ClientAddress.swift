// SPDX-License-Identifier: Apache-2.0

public import EventLoop

/// Where a client comes from.
public struct ClientAddress: Hashable, Sendable {
    /// The address in numbers.
    public let text: String
    /// The same in network order, of 4 or 16 bytes; empty where it is not known.
    public let bytes: [UInt8]
    /// The port.
    public let port: UInt16

    /// An address; an IPv4 one that came by an IPv6 socket stands as what it is.
    public init(_ address: SocketAddress) {
        let bytes = address.hostBytes
        port = address.port
        if bytes.count == 16, bytes.starts(with: Self.mappedPrefix) {
            self.bytes = Array(bytes.dropFirst(Self.mappedPrefix.count))
            text = self.bytes.map(String.init).joined(separator: ".")
        } else {
            self.bytes = bytes
            text = address.description
        }
    }

    /// A client that did not come over the network, as sshd names one.
    public static let unknown = ClientAddress(text: "UNKNOWN", bytes: [], port: 65_535)

    /// An address as its parts.
    init(text: String, bytes: [UInt8], port: UInt16) {
        self.text = text
        self.bytes = bytes
        self.port = port
    }

    /// `::ffff:0:0/96` (RFC 4291 section 2.5.5.2).
    private static let mappedPrefix = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]

    /// The address and port as they stand in the log.
    var logText: String { "\(text) port \(port)" }
}
