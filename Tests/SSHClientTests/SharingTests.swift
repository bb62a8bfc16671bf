// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalSFTPServer
import SSHClient
import SSHConfig
import Testing
import Wire

/// Using the connection of an ssh process that shares it.
@Suite struct SharingTests {
    private func options(
        _ harness: ClientHarness, _ server: SSHDaemon, path: String, _ more: [String] = []
    ) throws -> ClientOptions {
        try harness.trusting(server.port, ["ControlPath=\(path)"] + more)
    }

    /// Starts an ssh that logs in and shares its connection.
    private func master(
        _ harness: ClientHarness, _ server: SSHDaemon, path: String
    ) throws -> ServerProcess {
        let process = try ServerProcess(
            "ssh", "-F", "none", "-M", "-N", "-S", path, "-p", "\(server.port)",
            "-o", "SendEnv=LC_TEST", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null",
            "-i", try TestKeys.path("user-ed25519"), "127.0.0.1")
        while unsafe access(path, F_OK) != 0, !process.hasEnded { usleep(2_000) }
        #expect(!process.hasEnded)
        return process
    }

    private func open(
        _ harness: ClientHarness, _ options: ClientOptions, _ prompter: ScriptedPrompter,
        _ program: ServerProgram = .subsystem("echo"),
        _ body: @escaping @Sendable (any ByteChannel) async throws -> Void = { _ in }
    ) throws -> Bool {
        let loop = harness.loop
        return try loop.run {
            let world = SystemWorld(loop: loop, environment: ["LC_TEST": "sent"])
            guard
                let channel = try await SSHClient.openShared(
                    program, options, world: world, prompter: prompter)
            else { return false }
            try await body(channel)
            await channel.close()
            return true
        }
    }

    @Test func masterCarriesASubsystem() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let path = harness.home.file("control")
        let master = try master(harness, server, path: path)
        let prompter = ScriptedPrompter()
        let sent = [UInt8](repeating: 5, count: 300_000)
        for _ in 0..<2 {
            let isShared = try open(
                harness, try options(harness, server, path: path), prompter
            ) { channel in
                try await channel.write([sent[...]])
                try await channel.finishWriting()
                var received: [UInt8] = []
                while let bytes = try await channel.read() { received += bytes }
                #expect(received == sent)
            }
            #expect(isShared)
        }
        #expect(!master.hasEnded)
        // One login for all of it.
        #expect(
            try server.log.split(separator: "\n").filter { $0.contains("Accepted ") }.count == 1)
    }

    /// As scp(1) and sftp(1) do it, whatever `ControlMaster` and `ControlPersist` would have ssh do.
    @Test(arguments: ["no", "yes", "ask", "auto", "autoask"])
    func noConnectionIsSharedAndAnyMasterIsUsed(_ value: String) throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let path = harness.home.file("control")
        let options = try options(
            harness, server, path: path, ["ControlMaster=\(value)", "ControlPersist=yes"])
        #expect(try !open(harness, options, ScriptedPrompter()))
        let file = harness.home
        try harness.connect(options) { session in
            try await echo(session, size: 1000)
            #expect(try run("ls", file.path).output == "")
        }
        // Nobody is left to serve others.
        #expect(try run("ls", file.path).output == "")
        let master = try master(harness, server, path: path)
        #expect(try open(harness, options, ScriptedPrompter()))
        #expect(!master.hasEnded)
    }

    @Test func masterRunsACommandAndWhatItSaysIsShown() throws {
        let server = try SSHDaemon(["AcceptEnv LC_TEST"])
        let harness = try ClientHarness()
        let path = harness.home.file("control")
        let master = try master(harness, server, path: path)
        let prompter = ScriptedPrompter()
        let isShared = try open(
            harness, try options(harness, server, path: path, ["SendEnv=LC_TEST"]), prompter,
            .command("echo $LC_TEST; echo oops >&2")
        ) { channel in
            var received: [UInt8] = []
            while let bytes = try await channel.read() { received += bytes }
            #expect(String(decoding: received, as: UTF8.self) == "sent\n")
        }
        #expect(isShared)
        #expect(prompter.messages.contains("remote: oops"))
        #expect(!master.hasEnded)
    }

    @Test func refusedSubsystemMeansAConnectionOfOurOwn() throws {
        let server = try SSHDaemon(["MaxSessions 0"])
        let harness = try ClientHarness()
        let path = harness.home.file("control")
        let master = try master(harness, server, path: path)
        let prompter = ScriptedPrompter()
        let options = try options(harness, server, path: path, ["ConnectTimeout=1"])
        #expect(try !open(harness, options, prompter))
        #expect(prompter.transcript.contains("does not share its connection"))
        #expect(!master.hasEnded)
    }

    @Test func staleOrMissingSocketMeansAConnectionOfOurOwn() throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let path = harness.home.file("control")
        let prompter = ScriptedPrompter()
        #expect(try !open(harness, try options(harness, server, path: path), prompter))
        try shell("python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"\(path)\")'")
        #expect(try !open(harness, try options(harness, server, path: path), prompter))
        // Nobody is told: it is nothing unusual.
        #expect(prompter.messages.isEmpty)
        #expect(try !open(harness, try harness.trusting(server.port), prompter))
    }

    enum Lie: String, CaseIterable {
        case closes, otherVersion, hugeLength, shortMessage, refuses, opensAtOnce
        case saysNothing, stallsAfterItsHello
    }

    /// What is no master, or a bad one, only costs a moment.
    @Test(arguments: Lie.allCases)
    func badMasterMeansAConnectionOfOurOwn(_ lie: Lie) throws {
        let server = try SSHDaemon()
        let harness = try ClientHarness()
        let path = harness.home.file("control")
        try harness.home.write(
            """
            import socket, struct, sys
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(sys.argv[1])
            listener.listen()
            peer = listener.accept()[0]
            def send(*words, text=b""):
                body = b"".join(struct.pack(">I", word) for word in words) + text
                peer.sendall(struct.pack(">I", len(body)) + body)
            lie = sys.argv[2]
            if lie == "otherVersion": send(1, 3)
            elif lie == "hugeLength": peer.sendall(b"\\xff\\xff\\xff\\xff")
            elif lie == "shortMessage": peer.sendall(b"\\0\\0\\0\\2ab")
            elif lie == "refuses":
                send(1, 4)
                send(0x80000002, 0, 4, text=b"no\\x1b!")
            elif lie == "opensAtOnce": send(0x80000006, 0, 1)
            elif lie == "stallsAfterItsHello": send(1, 4)
            if lie != "closes": peer.recv(100000); peer.recv(100000)
            """, to: "liar.py")
        let liar = try ServerProcess("python3", harness.home.file("liar.py"), path, lie.rawValue)
        while unsafe access(path, F_OK) != 0, !liar.hasEnded { usleep(2_000) }
        let prompter = ScriptedPrompter()
        // It may not listen yet.
        usleep(100_000)
        #expect(try !open(harness, try options(harness, server, path: path), prompter))
        #expect(prompter.transcript.contains("does not share its connection"))
        #expect(!prompter.transcript.contains("\u{1B}"))
    }
}
