// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

extension SocketAddress {
    /// The address in network order, of 4 or 16 bytes; empty for an unknown family.
    public var hostBytes: [UInt8] {
        // sockaddr_in has it after family and port, sockaddr_in6 after the flow label too.
        switch family {
        case AF_INET: Array(bytes.dropFirst(4).prefix(4))
        case AF_INET6: Array(bytes.dropFirst(8).prefix(16))
        default: []
        }
    }

    /// The address that a text in numbers stands for, in any form that the system takes, such as
    /// `127.1`; nil for a name.
    public static func numeric(_ text: String, port: UInt16 = 0) -> SocketAddress? {
        let list = try? AddressList(host: text, port: port, family: .any, flags: AI_NUMERICHOST)
        return list?.addresses.first
    }

    /// Asks the resolver for a host; blocks.
    ///
    /// - Returns: the name for which the host's own is an alias, or nil where the resolver names none.
    /// - Throws: ``ResolutionError`` where there is no such host.
    public static func canonicalName(
        of host: String, family: InternetFamily = .any
    ) throws(ResolutionError) -> String? {
        try AddressList(host: host, family: family, flags: AI_CANONNAME).canonicalName
    }

    /// The addresses of this machine's network interfaces.
    public static func ofInterfaces() -> [SocketAddress] {
        var list: UnsafeMutablePointer<ifaddrs>? = nil
        guard unsafe getifaddrs(&list) == 0 else { return [] }
        defer { unsafe freeifaddrs(list) }
        var found: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe entry.pointee.ifa_addr,
                let count = unsafe length(ofFamily: address.pointee.sa_family)
            {
                let bytes = unsafe UnsafeRawBufferPointer(start: address, count: count)
                found.append(SocketAddress(bytes: unsafe Array(bytes)))
            }
            unsafe next = entry.pointee.ifa_next
        }
        return found
    }

    private static func length(ofFamily family: sa_family_t) -> Int? {
        switch CInt(family) {
        case AF_INET: MemoryLayout<sockaddr_in>.size
        case AF_INET6: MemoryLayout<sockaddr_in6>.size
        default: nil
        }
    }
}

/// What getaddrinfo(3) finds.
struct AddressList {
    private(set) var addresses: [SocketAddress] = []
    private(set) var canonicalName: String?

    /// Asks; blocks unless `flags` demand a numeric host.
    init(
        host: String, port: UInt16 = 0, family: InternetFamily, flags: CInt
    ) throws(ResolutionError) {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = family.number
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV | flags
        var list: UnsafeMutablePointer<addrinfo>? = nil
        let result = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard result == 0 else {
            throw ResolutionError(description: Self.text(ofResult: result))
        }
        defer { unsafe freeaddrinfo(list) }
        unsafe canonicalName = list?.pointee.ai_canonname.map { unsafe String(cString: $0) }
        var next = unsafe list
        while let entry = unsafe next {
            let bytes = unsafe UnsafeRawBufferPointer(
                start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
            addresses.append(SocketAddress(bytes: unsafe Array(bytes)))
            unsafe next = entry.pointee.ai_next
        }
    }

    private static func text(ofResult result: CInt) -> String {
        if result == EAI_SYSTEM { return SystemError.last("getaddrinfo").reason }
        guard let text = unsafe gai_strerror(result) else { return "error \(result)" }
        return unsafe String(cString: text)
    }
}
