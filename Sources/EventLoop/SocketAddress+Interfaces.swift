// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

extension SocketAddress {
    /// An address of a network interface of this machine, with port 0; nil where it has none.
    ///
    /// Addresses that only this machine or link knows are taken last, as ssh's `BindInterface` does it.
    ///
    /// - Parameters:
    ///   - name: the interface's name, as `eth0`.
    ///   - peer: the address that will be connected to: its family is the one wanted.
    public static func ofInterface(
        _ name: String, for peer: SocketAddress
    ) throws(SystemError) -> SocketAddress? {
        var list: UnsafeMutablePointer<ifaddrs>? = nil
        guard unsafe getifaddrs(&list) == 0 else { throw .last("getifaddrs") }
        defer { unsafe freeifaddrs(list) }
        var found: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe SocketAddress(entry.pointee, of: name),
                address.family == peer.family
            {
                found.append(address)
            }
            unsafe next = entry.pointee.ifa_next
        }
        return found.first { !$0.isLocal } ?? found.first
    }

    /// The address of an entry, if it belongs to this interface and can be used.
    private init?(_ entry: ifaddrs, of name: String) {
        guard unsafe entry.ifa_flags & UInt32(IFF_UP) != 0,
            let raw = unsafe entry.ifa_addr, let entryName = unsafe entry.ifa_name,
            unsafe strcmp(entryName, name) == 0
        else { return nil }
        let size =
            switch unsafe CInt(raw.pointee.sa_family) {
            case AF_INET: MemoryLayout<sockaddr_in>.size
            case AF_INET6: MemoryLayout<sockaddr_in6>.size
            default: 0
            }
        guard size > 0 else { return nil }
        self.init(bytes: unsafe Array(UnsafeRawBufferPointer(start: raw, count: size)))
    }

    /// Whether only this machine, or this link, knows the address.
    private var isLocal: Bool {
        // fe80::/10, at its place in sockaddr_in6.
        isLoopback || family == AF_INET6 && bytes[8] == 0xFE && bytes[9] & 0xC0 == 0x80
    }
}
