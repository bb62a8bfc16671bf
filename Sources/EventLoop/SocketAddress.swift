// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The address of one end of a TCP connection, as the system has it.
public struct SocketAddress: Hashable, Sendable {
    /// The bytes of the `sockaddr`.
    let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// `AF_INET` or `AF_INET6`.
    var family: CInt { unsafe clinux_address_family(bytes, bytes.count) }

    /// Whether it is this machine's own loopback address.
    public var isLoopback: Bool { unsafe clinux_is_loopback(bytes, bytes.count) != 0 }
}

extension SocketAddress: CustomStringConvertible {
    /// The host's address in numbers, as `127.0.0.1` or `fe80::1%eth0`, without the port.
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard unsafe clinux_address_text(bytes, bytes.count, &text, text.count) == 0 else {
            return "an unknown address"
        }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension SocketAddress {
    /// The family, to find others of the same.
    public var internetFamily: InternetFamily { family == AF_INET6 ? .ipv6 : .ipv4 }
}

/// Which kinds of addresses are wanted.
public enum InternetFamily: Sendable {
    /// IPv4 and IPv6.
    case any
    /// IPv4.
    case ipv4
    /// IPv6.
    case ipv6

    var number: CInt {
        switch self {
        case .any: AF_UNSPEC
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        }
    }
}

/// A name that could not be resolved.
public struct ResolutionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The resolver's text, such as `Name or service not known`.
    public let description: String
}

extension SocketAddress {
    /// Finds all addresses of a host, in the order in which they should be tried; blocks.
    ///
    /// - Parameters:
    ///   - host: a name, or an address in numbers.
    ///   - port: the port to put into the addresses.
    ///   - family: which kinds of addresses to look for.
    /// - Throws: ``ResolutionError``.
    public static func resolve(
        host: String, port: UInt16, family: InternetFamily = .any
    ) throws(ResolutionError) -> [SocketAddress] {
        try AddressList(host: host, port: port, family: family, flags: 0).addresses
    }
}
