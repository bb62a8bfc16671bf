// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalSFTPServer
import Testing

/// A directory of its own for one test, removed at the end.
final class Sandbox: Sendable {
    let path: String

    init() throws {
        var name = Array((P_tmpdir + "/hawser-ssh-XXXXXX").utf8CString)
        try #require(unsafe mkdtemp(&name) != nil)
        path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { _ = try? run("rm", "-rf", path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ text: String, to name: String, mode: String = "600") throws {
        let file = unsafe try #require(fopen(file(name), "w"))
        unsafe fputs(text, file)
        unsafe fclose(file)
        try run("chmod", mode, self.file(name))
    }

    func read(_ name: String) throws -> String { try run("cat", file(name)).output }
}

/// Keys made by `ssh-keygen`, once for all tests.
enum TestKeys {
    static let kinds = [
        "ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-2048",
    ]
    private static let sandbox: Result<Sandbox, any Error> = Result {
        let sandbox = try Sandbox()
        // What is static is never let go of.
        atexit { _ = try? run("rm", "-rf", TestKeys.sandbox.get().path) }
        for kind in kinds {
            let parts = kind.split(separator: "-").map(String.init)
            let bits = parts.count > 1 ? ["-b", parts[1]] : []
            for role in ["host", "user"] {
                try shell(
                    (["ssh-keygen -q -N '' -C", "\(role)-\(kind)", "-t", parts[0]] + bits
                        + ["-f", sandbox.file("\(role)-\(kind)")]).joined(separator: " "))
            }
        }
        try shell("ssh-keygen -q -a 1 -N secret -t ed25519 -f \(sandbox.file("user-encrypted"))")
        return sandbox
    }

    static func path(_ name: String) throws -> String { try sandbox.get().file(name) }

    static func privateText(_ name: String) throws -> String { try run("cat", path(name)).output }

    static func authorizedKeys() throws -> String { try authorizedKeysText.get() }

    private static let authorizedKeysText: Result<String, any Error> = Result {
        try (kinds + ["encrypted"]).map { try publicLine("user-\($0)") }.joined()
    }

    static func publicLine(_ name: String) throws -> String {
        try run("cat", path(name) + ".pub").output
    }
}

/// A private OpenSSH server on a free port of the loopback address.
final class SSHDaemon: Sendable {
    let sandbox: Sandbox
    let port: UInt16
    private let process: ServerProcess

    /// - Parameters:
    ///   - hostKeys: names of ``TestKeys``.
    ///   - lines: of its configuration; they come first, and so before the defaults here.
    init(hostKeys: [String] = ["host-ed25519"], _ lines: [String] = []) throws {
        let sandbox = try Sandbox()
        try sandbox.write(try TestKeys.authorizedKeys(), to: "authorized_keys")
        var config = lines
        for key in hostKeys { config.append("HostKey \(try TestKeys.path(key))") }
        config += [
            "ListenAddress 127.0.0.1", "PidFile none", "StrictModes no", "UsePAM no",
            "AuthorizedKeysFile \(sandbox.file("authorized_keys"))", "PermitRootLogin yes",
            "PasswordAuthentication no", "KbdInteractiveAuthentication no", "LogLevel DEBUG2",
            "Subsystem echo /bin/cat", "Subsystem sftp internal-sftp", "MaxStartups 100",
        ]
        // As root, sshd insists on the directory that it empties itself into.
        if getuid() == 0 { try run("mkdir", "-p", "/run/sshd") }
        // Another process may take the port between our look and the server's.
        for _ in 0..<20 {
            let port = try TCPPort.free()
            try sandbox.write(
                (config + ["Port \(port)", ""]).joined(separator: "\n"), to: "config")
            let process = try ServerProcess(
                "/usr/sbin/sshd", "-D", "-f", sandbox.file("config"), "-E", sandbox.file("log"))
            while !process.hasEnded {
                if TCPPort.isListening(port) {
                    (self.sandbox, self.port, self.process) = (sandbox, port, process)
                    return
                }
                usleep(2_000)
            }
        }
        throw StartFailure(log: try sandbox.read("log"))
    }

    struct StartFailure: Error { let log: String }

    var log: String { get throws { try sandbox.read("log") } }
}

extension Sandbox {
    /// Whether the processor says that it has AES instructions.
    static var processorHasAES: Bool {
        get throws { try run("grep", "-qw", "aes", "/proc/cpuinfo").status == 0 }
    }
}
