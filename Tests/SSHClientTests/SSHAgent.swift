// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalSFTPServer
import Testing

/// A private ssh-agent with some keys.
final class SSHAgent: Sendable {
    let socket: String
    private let sandbox: Sandbox
    private let process: ServerProcess

    init(keys: [String] = []) throws {
        sandbox = try Sandbox()
        socket = sandbox.file("agent")
        process = try ServerProcess("ssh-agent", "-D", "-a", socket)
        // The socket is there a moment before anybody listens.
        while try shell("SSH_AUTH_SOCK=\(socket) ssh-add -l 2>&1").status == 2,
            !process.hasEnded
        {
            usleep(2_000)
        }
        for key in keys {
            let added = try shell(
                "SSH_AUTH_SOCK=\(socket) ssh-add -q \(try TestKeys.path(key)) 2>&1")
            #expect(added.status == 0)
        }
    }

    /// What `ssh-add` with these arguments prints.
    func sshAdd(_ arguments: String) throws -> String {
        try shell("SSH_AUTH_SOCK=\(socket) ssh-add \(arguments) 2>&1").output
    }
}
