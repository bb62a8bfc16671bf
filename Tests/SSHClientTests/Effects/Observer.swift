// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalSFTPServer
import SSHClient
import SSHConfig
import SSHCrypto
import Synchronization
import Testing

/// Makes connections to one server of OpenSSH's and writes down all that can be seen of them: what
/// came of it, what the user was asked and told, what the server logged, what was written, how the
/// socket was set, and what the server's shell was given.
final class Observer: Sendable {
    let server: SSHDaemon
    let agent: SSHAgent
    private let files: Sandbox
    private let closedPort: UInt16
    /// What is seen without the option in question, which is the same for many.
    private let known = Mutex<[String: String]>([:])

    init() throws {
        files = try Sandbox()
        let authority = files.file("authority")
        try shell("ssh-keygen -q -t ed25519 -N '' -f \(authority)")
        // A key that only its certificate lets in, and which does not lie beside it.
        let (key, user) = (files.file("certified"), try ClientHarness.user.get())
        try shell("ssh-keygen -q -t ed25519 -N '' -f \(key)")
        try shell("ssh-keygen -q -s \(authority) -I id -n \(user) \(key).pub 2>&1")
        try shell("mv \(key)-cert.pub \(files.file("certificate.pub"))")
        server = try SSHDaemon(
            hostKeys: ["host-ed25519", "host-rsa-2048"],
            [
                "AcceptEnv HAWSER_*", "PasswordAuthentication yes",
                "KbdInteractiveAuthentication yes", "GSSAPIAuthentication yes", "MaxAuthTries 20",
                "TrustedUserCAKeys \(authority).pub",
            ])
        agent = try SSHAgent(keys: ["user-rsa-2048"])
        closedPort = try TCPPort.free()
        let lines = try ["host-ed25519", "host-rsa-2048"].map {
            "[127.0.0.1]:\(server.port) \(try TestKeys.publicLine($0))"
        }
        try files.write(lines.joined(), to: "known")
    }

    /// Puts the paths and numbers of this run in the place of their names.
    func text(_ template: String) throws -> String {
        var text = template
        let values = [
            ("{agent}", agent.socket), ("{files}", files.path), ("{closed port}", "\(closedPort)"),
            ("{port}", "\(server.port)"),
            ("{server}", "/usr/sbin/sshd -i -f \(server.sandbox.file("config")) -E \(log)"),
            ("{rsa key}", try TestKeys.path("user-rsa-2048")),
            ("{ed25519 key}", try TestKeys.path("user-ed25519")),
            ("{host key}", try TestKeys.path("host-ed25519") + ".pub"),
        ]
        for (name, value) in values { text = text.replacing(name, with: value) }
        return text
    }

    private var log: String { server.sandbox.file("log") }

    /// What is seen with the option, or without it.
    func observation(of effect: OptionEffect, isGiven: Bool) throws -> String {
        let name =
            "\(effect.host) \(effect.beside) \(effect.file) \(effect.identity ?? "") "
            + "\(effect.answers)"
        if !isGiven, let before = known.withLock({ $0[name] }) { return before }
        let seen = try observe(effect, isGiven ? [try text(effect.given)] : [])
        if !isGiven { known.withLock { $0[name] = seen } }
        return seen
    }

    private func observe(_ effect: OptionEffect, _ given: [String]) throws -> String {
        let harness = try ClientHarness()
        let logged = try server.log.utf8.count
        let prompter = ObservingPrompter(effect.answers, port: server.port)
        var seen: [String] = []
        do {
            let route = try configuration(effect, given, home: harness.home.path)
                .route(host: effect.host)
            seen = try connect(harness, route, prompter)
            seen.append("outcome: connected")
        } catch {
            seen.append("outcome: \(error)")
        }
        seen += prompter.seen
        for name in ["known_hosts", "other"] {
            let content = (try? harness.home.read(name)) ?? ""
            seen += content.split(separator: "\n").map { "\(name): \($0)" }
        }
        let log = try server.log.utf8.dropFirst(logged)
        seen += String(decoding: log, as: UTF8.self).split(whereSeparator: \.isNewline).map {
            "server: \($0)"
        }
        return seen.joined(separator: "\n")
    }

    private func configuration(
        _ effect: OptionEffect, _ given: [String], home: String
    ) throws -> SSHConfiguration {
        let identity = try effect.identity.map { name in
            name == "certified" ? files.file(name) : try TestKeys.path(name)
        }
        var lines = try [text(effect.file), "Host server hop", "HostName 127.0.0.1", "Host *"]
        lines += try effect.beside.map(text)
        lines += [
            "Port \(server.port)", "IdentityFile \(identity ?? "none")", "IdentityAgent none",
            "StrictHostKeyChecking accept-new", "UserKnownHostsFile \(home)/known_hosts",
            "GlobalKnownHostsFile none", "WarnWeakCrypto no", "UpdateHostKeys no",
            "LogLevel DEBUG1", "Host *", "",
        ]
        var local = LocalContext(
            userName: String(try ClientHarness.user.get()), userID: getuid(), homeDirectory: home)
        let content = lines.joined(separator: "\n")
        local.readFile = { $0.path == "/config" ? .bytes(Array(content.utf8)[...]) : .missing }
        local.lookUp = { name, _ in
            switch name {
            case "box.domain.test.", "a.b.domain.test.": HostLookup(canonicalName: nil)
            case "alias.domain.test.": HostLookup(canonicalName: "box.other.test")
            default: nil
            }
        }
        return SSHConfiguration(commandLine: given, files: .only("/config"), local: local)
    }

    private func connect(
        _ harness: ClientHarness, _ route: [ClientOptions], _ prompter: ObservingPrompter
    ) throws -> [String] {
        let (loop, port) = (harness.loop, server.port)
        defer { harness.reapPrograms() }
        return try loop.run {
            let world = LocalWorld(
                system: SystemWorld(loop: loop, environment: ["HAWSER_SENT": "by name"]))
            let session = try await SSHClient.connect(
                route, loop: loop, world: world, prompter: prompter)
            do {
                let channel = try await session.openCommand("env | grep ^HAWSER_; true")
                var output: [UInt8] = []
                while let bytes = try await channel.read() { output += bytes }
                let socket = ObservedSocket.description(port: port, when: "at work")
                await session.close()
                return [socket]
                    + String(decoding: output, as: UTF8.self).split(separator: "\n").map {
                        "shell: \($0)"
                    }
            } catch {
                await session.close()
                throw error
            }
        }
    }
}

/// The system's network with a resolver of a test's own, which knows a few names of this machine.
private struct LocalWorld: WrappedWorld {
    let system: SystemWorld

    func dial(_ request: DialRequest) async throws -> DialedConnection {
        var options = request.options
        let names = ["box.domain.test", "alias.domain.test", "box.other.test", "a.b.domain.test"]
        if names.contains(options.hostName) { options.hostName = "127.0.0.1" }
        guard options.proxyCommand != nil || options.hostName == "127.0.0.1" else {
            throw DialError.unknownHost("no resolver knows it")
        }
        return try await system.dial(
            DialRequest(options: options, deadline: request.deadline, say: request.say))
    }
}
