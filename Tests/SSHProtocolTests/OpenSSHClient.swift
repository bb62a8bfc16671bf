// SPDX-License-Identifier: Apache-2.0

import Glibc
import SSHCrypto
import SSHProtocol

/// One run of OpenSSH's client, which connects to a port of our own on the loopback.
final class OpenSSHClient {
    static let program = "/usr/bin/ssh"

    let socket: Int32
    private let process: pid_t
    private let folder: PrivateFolder
    private var hasEnded = false

    /// Starts a client that runs the command `command` on the server.
    ///
    /// - Parameter options: options of ssh_config(5), as `Name=value`.
    init(command: String, options: [String]) throws {
        folder = try PrivateFolder()
        try folder.write("key", TestKeys.userText + "\n")
        let listener = try Self.listen()
        defer { Glibc.close(listener.descriptor) }
        let fixed = [
            "UserKnownHostsFile=/dev/null", "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=no", "BatchMode=yes", "IdentitiesOnly=yes", "LogLevel=ERROR",
            "IdentityFile=\(folder.path)/key", "IdentityAgent=none", "User=alice",
            "Port=\(listener.port)",
        ]
        process = try spawn(
            [Self.program, "-F", "none"] + (fixed + options).flatMap { ["-o", $0] }
                + ["127.0.0.1", command],
            input: .file("/dev/null"), output: .file(folder.path + "/output"),
            errors: .file(folder.path + "/errors"))
        var poller = pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&poller, 1, 60_000) == 1 else { throw SystemFailure(call: "poll") }
        socket = accept(listener.descriptor, nil, nil)
        guard socket >= 0 else { throw SystemFailure(call: "accept") }
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        _ = fcntl(socket, F_SETFL, O_NONBLOCK)
    }

    private static func listen() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw SystemFailure(call: "socket") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, size) == 0 && Glibc.listen(descriptor, 1) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else { throw SystemFailure(call: "bind") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    /// Waits for the client's end.
    ///
    /// - Returns: its exit status, and what it wrote.
    func finish() throws -> (status: Int32, output: [UInt8], errors: String) {
        Glibc.close(socket)
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw SystemFailure(call: "waitpid") }
        }
        hasEnded = true
        return (
            status & 0x7F == 0 ? status >> 8 & 0xFF : -1, try folder.read("output"),
            String(decoding: try folder.read("errors"), as: UTF8.self)
        )
    }

    deinit {
        guard !hasEnded else { return }
        Glibc.close(socket)
        kill(process, SIGTERM)
        while waitpid(process, nil, 0) < 0, errno == EINTR {}
    }
}
