// SPDX-License-Identifier: Apache-2.0

import CLinux
import EventLoop
import Glibc

/// What a service manager such as systemd has for this process, and is told by it (sd_listen_fds(3),
/// sd_notify(3)): both are variables of the environment and plain sockets.
enum ServiceManager {
    /// The number of the first descriptor that is handed over.
    private static let firstDescriptor: CInt = 3
    /// The most descriptors that are taken.
    private static let mostDescriptors: CInt = 64

    /// Takes the sockets over on which the process is to listen; none where it was not started for them.
    ///
    /// To be called once, before there is another thread: the environment is changed, so that no program
    /// that we start takes them for its own.
    ///
    /// - Throws: ``CommandProblem`` for what is no socket that listens.
    static func takeListeners() throws(CommandProblem) -> [CInt] {
        defer {
            for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { _ = unsafe unsetenv(name) }
        }
        guard number("LISTEN_PID") == getpid(), let count = number("LISTEN_FDS"), count > 0 else {
            return []
        }
        let descriptors = firstDescriptor..<(firstDescriptor + min(count, mostDescriptors))
        for descriptor in descriptors {
            guard listens(descriptor) else {
                throw CommandProblem(
                    "LISTEN_FDS: descriptor \(descriptor) is no socket that listens")
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        return Array(descriptors)
    }

    private static func listens(_ descriptor: CInt) -> Bool {
        var answer: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &answer, &size) == 0
            && answer != 0
    }

    private static func number(_ name: String) -> CInt? {
        guard let text = unsafe getenv(name) else { return nil }
        return unsafe CInt(String(cString: text))
    }

    /// What the manager can be told.
    enum State: Sendable {
        /// The process serves.
        case ready
        /// It reads its settings again; ``ready`` follows.
        case reloading
        /// It is about to end.
        case stopping
    }

    /// Tells the manager; does nothing where nobody wants to know.
    static func notify(_ state: State) {
        guard let text = unsafe getenv("NOTIFY_SOCKET") else { return }
        var name = Array(unsafe String(cString: text).utf8)
        var address = sockaddr_un()
        guard name.first == UInt8(ascii: "/") || name.first == UInt8(ascii: "@"),
            name.count < MemoryLayout.size(ofValue: address.sun_path)
        else { return }
        // A name outside of the file system.
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        let number = clinux_datagram_socket(AF_UNIX)
        guard number >= 0 else { return }
        let socket = FileDescriptor(owning: number)
        let message = Array(Self.text(state).utf8)
        let size = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        // Who does not listen to what it has asked for is not waited for.
        _ = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe sendto(socket.rawValue, message, message.count, 0, address, size)
            }
        }
    }

    private static func text(_ state: State) -> String {
        switch state {
        case .ready: return "READY=1"
        case .stopping: return "STOPPING=1"
        case .reloading:
            return "RELOADING=1\nMONOTONIC_USEC=\(clinux_monotonic_microseconds())"
        }
    }
}
