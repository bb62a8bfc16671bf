// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Tells when links, addresses or routes of this machine have changed, see rtnetlink(7).
public actor NetworkWatch {
    private let loop: EpollLoop
    private let socket: FileDescriptor
    private let handler: @Sendable () -> Void
    private var states = InterfaceStates()
    private var watch: WatchID?

    /// The loop: every call runs on its thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Watches until ``stop()``.
    ///
    /// - Parameters:
    ///   - loop: the loop that watches; this is called on it.
    ///   - handler: called on the loop, once for all that has changed by then.
    /// - Throws: ``SystemError``.
    public init(_ loop: EpollLoop, _ handler: @escaping @Sendable () -> Void) throws {
        self.loop = loop
        self.handler = handler
        let number = clinux_network_changes()
        guard number >= 0 else { throw SystemError.last("netlink") }
        socket = FileDescriptor(owning: number)
        try assumeIsolated { try $0.start() }
    }

    private func start() throws(SystemError) {
        watch = try loop.watch(socket.rawValue, for: .read) { [weak self] _ in
            self?.assumeIsolated { $0.receive() }
        }
    }

    /// Watches no more.
    public func stop() {
        if let watch { loop.unwatch(watch) }
        watch = nil
    }

    /// The most datagrams in one turn: the rest can wait.
    private static let datagramsPerTurn = 64
    /// The room for one; the kernel's own are no longer (`NLMSG_GOODSIZE`).
    private static let datagramBytes = 8192

    private func receive() {
        var hasChanged = false
        var buffer = [UInt8](repeating: 0, count: Self.datagramBytes)
        for _ in 0..<Self.datagramsPerTurn {
            let count = unsafe recv(socket.rawValue, &buffer, buffer.count, 0)
            if count > 0 {
                if states.takeChange(buffer[..<count]) { hasChanged = true }
            } else if count < 0, errno == ENOBUFS {
                // There were too many to be told.
                hasChanged = true
            } else {
                break
            }
        }
        if hasChanged { handler() }
    }
}

/// What is known of the machine's network interfaces, to tell what has changed.
///
/// Drivers of radios tell of a link with each of their own events, which mean nothing here.
struct InterfaceStates {
    /// Message types and flags of linux/rtnetlink.h and linux/if.h.
    private enum Kind {
        static let newLink: UInt16 = 16
        static let deletedLink: UInt16 = 17
        static let addressesAndRoutes: Set<UInt16> = [20, 21, 24, 25]
        /// `IFF_UP`, `IFF_RUNNING` and `IFF_LOWER_UP`.
        static let usable: UInt32 = 1 | 1 << 6 | 1 << 16
    }

    /// More interfaces than this are forgotten; then one told of anew counts as a change.
    static let maximumCount = 4096

    private var flags: [UInt32: UInt32] = [:]

    /// Takes the messages of a datagram in, and tells whether one of them is of a change.
    mutating func takeChange(_ datagram: ArraySlice<UInt8>) -> Bool {
        var rest = datagram
        var hasChanged = false
        // struct nlmsghdr: length, type, flags, number, port.
        while rest.count >= 16 {
            let length = Int(rest.number(at: 0))
            guard length >= 16, length <= rest.count else { break }
            let type = UInt16(truncatingIfNeeded: rest.number(at: 4))
            if isChange(type, rest.prefix(length).dropFirst(16)) { hasChanged = true }
            // Aligned to four bytes.
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return hasChanged
    }

    private mutating func isChange(_ type: UInt16, _ body: ArraySlice<UInt8>) -> Bool {
        if Kind.addressesAndRoutes.contains(type) { return true }
        // struct ifinfomsg: family, type, index, flags, change.
        guard [Kind.newLink, Kind.deletedLink].contains(type), body.count >= 16 else {
            return false
        }
        let index = body.number(at: 4)
        if type == Kind.deletedLink { return flags.removeValue(forKey: index) != nil }
        let new = body.number(at: 8) & Kind.usable
        if flags.count >= Self.maximumCount { flags = [:] }
        return flags.updateValue(new, forKey: index) != new
    }
}

extension ArraySlice<UInt8> {
    /// A number of 32 bits so many bytes from the start, as the kernel of a little-endian machine has it.
    fileprivate func number(at offset: Int) -> UInt32 {
        var value: UInt32 = 0
        for byte in self[(startIndex + offset)..<(startIndex + offset + 4)].reversed() {
            value = value << 8 | UInt32(byte)
        }
        return value
    }
}
