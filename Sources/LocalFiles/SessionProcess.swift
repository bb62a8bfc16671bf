// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
public import SFTPProtocol
public import Wire

/// The mark of a server process by which later ones of the same user find it.
///
/// It is a socket that listens under an abstract name and never takes a connection: the kernel tells who
/// listens, and takes the name away with the process, whatever ends that. So there is nothing to clean
/// up, nothing that the process has to do for it, and no file that others could put in its place.
public struct SessionProcess: ~Copyable, Sendable {
    private let descriptor: Int32

    /// Marks this process as the one of a session.
    ///
    /// - Throws: `EADDRINUSE` where a process has that mark.
    public init(name: Bytes) throws(Errno) {
        let socket = try Self.socket()
        do {
            let name = Self.abstractName(name)
            try unsafe check(clinux_bind_abstract(socket, name, name.count))
            try check(clinux_listen(socket))
        } catch {
            _ = Glibc.close(socket)
            throw error
        }
        descriptor = socket
    }

    deinit { _ = Glibc.close(descriptor) }

    /// What tells this user on this machine from all others, in which a mark has a meaning: this boot,
    /// the namespace of abstract names, and the user; nil where that can't be found out.
    public static func place() -> Bytes? {
        guard let boot else { return nil }
        var status = stat()
        guard unsafe stat("/proc/self/ns/net", &status) == 0 else { return nil }
        return Array("\(boot)/\(status.st_ino)/\(geteuid())".utf8)[...]
    }

    /// Ends the process with a mark, and waits for that.
    ///
    /// It is ended as by a crash of the machine, but between two system calls: what it has begun to write
    /// is written.
    ///
    /// - Parameters:
    ///   - name: the mark, as that process gave it to ``init(name:)``.
    ///   - milliseconds: how long to wait at most.
    /// - Returns: whether it is certain that there is none any more.
    public static func end(_ name: Bytes, within milliseconds: Int32) -> Bool {
        guard let socket = try? Self.socket() else { return false }
        defer { _ = Glibc.close(socket) }
        let name = Self.abstractName(name)
        guard unsafe clinux_connect_abstract(socket, name, name.count) == 0 else {
            return errno == ECONNREFUSED
        }
        var owner = clinux_credentials()
        guard unsafe clinux_peer_credentials(socket, &owner) == 0, owner.user == geteuid(),
            owner.process > 0, owner.process != getpid()
        else { return false }
        let process = clinux_process_descriptor(owner.process)
        guard process >= 0 else { return hasHungUp(socket) }
        defer { _ = Glibc.close(process) }
        // While the socket stands, so does the process that has it: its number means no other.
        if hasHungUp(socket) { return true }
        _ = clinux_signal_process(process, SIGKILL)
        return wait(for: Int16(POLLIN), on: process, milliseconds) != 0
    }

    // MARK: Sockets

    private static func socket() throws(Errno) -> Int32 {
        let descriptor = clinux_stream_socket(AF_UNIX)
        try check(descriptor)
        return descriptor
    }

    private static func abstractName(_ name: Bytes) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        let hex = name.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return Array("hawser-session/\(geteuid())/".utf8) + hex
    }

    private static func hasHungUp(_ socket: Int32) -> Bool {
        wait(for: 0, on: socket, 0) & Int16(POLLHUP) != 0
    }

    /// What of some events there is, once there is any, or nothing after a time.
    private static func wait(
        for events: Int16, on descriptor: Int32, _ milliseconds: Int32
    ) -> Int16 {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        while true {
            let count = unsafe poll(&entry, 1, milliseconds)
            if count < 0, errno == EINTR { continue }
            return count > 0 ? entry.revents : 0
        }
    }

    /// Which boot this is, found out once: later on the file may be out of reach, see ``Sandbox``.
    private static let boot = bootIdentifier()

    private static func bootIdentifier() -> String? {
        let file = unsafe open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { _ = Glibc.close(file) }
        var text = [UInt8](repeating: 0, count: 36)
        let count = unsafe read(file, &text, text.count)
        return count == text.count ? String(decoding: text, as: UTF8.self) : nil
    }
}
