// SPDX-License-Identifier: Apache-2.0

import LocalSFTPServer
import SSHClient
import SSHConfig
import Testing
import Wire

/// Keys of every type and format, from files and from agents, with and without certificates, let the
/// user in to OpenSSH's server.
@Suite struct KeyMatrixTests {
    /// How `ssh-keygen` makes a key of each type, and what the server's log calls it.
    static let types: [(arguments: String, name: String)] = [
        ("-t ed25519", "ED25519"), ("-t ecdsa -b 256", "ECDSA"), ("-t ecdsa -b 384", "ECDSA"),
        ("-t ecdsa -b 521", "ECDSA"), ("-t rsa -b 2048", "RSA"),
    ]

    /// A server that takes the keys and certificates made here.
    private struct Setting {
        let harness: ClientHarness
        let server: SSHDaemon
        let key: String

        init() throws {
            harness = try ClientHarness()
            key = harness.home.file("key")
            let authority = harness.home.file("authority")
            try shell("ssh-keygen -q -t ed25519 -N '' -f \(authority)")
            server = try SSHDaemon(["TrustedUserCAKeys \(authority).pub"])
        }

        func letKeyIn() throws {
            try shell("cat \(key).pub >\(server.sandbox.file("authorized_keys"))")
        }

        /// The server takes the certificate only, not the key by itself.
        func certify() throws {
            let user = try ClientHarness.user.get()
            let made = try shell(
                "ssh-keygen -q -s \(harness.home.file("authority")) -I id -n \(user) \(key).pub 2>&1"
            )
            #expect(made.status == 0)
        }

        func connect(agent: SSHAgent? = nil) throws {
            var options = try harness.trusting(server.port)
            options.identityFiles = agent == nil ? [IdentityFile(path: key)] : []
            options.identityAgent = agent?.socket
            try harness.connectAndEcho(options, ScriptedPrompter(["secret"]), size: 1000)
        }

        func expectLogin(by name: String) throws {
            let log = try server.log
            #expect(log.contains("Accepted publickey for"))
            #expect(log.contains("ssh2: \(name) SHA256:") || log.contains("ssh2: \(name) ID "))
        }
    }

    @Test(
        arguments: types.map(\.arguments), ["-N ''", "-N secret -a 2"])
    func filesInOpenSSHsFormat(_ type: String, _ passphrase: String) throws {
        try login(with: "\(type) \(passphrase)")
    }

    @Test(
        arguments: types.dropFirst().map(\.arguments),
        ["-m PEM -N ''", "-m PEM -N secret", "-m PKCS8 -N ''", "-m PKCS8 -N secret"])
    func filesInOlderFormats(_ type: String, _ format: String) throws {
        try login(with: "\(type) \(format)")
    }

    @Test(arguments: [
        "aes128-cbc", "aes192-cbc", "aes256-cbc", "aes128-ctr", "aes192-ctr", "aes256-ctr",
        "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com",
        "3des-cbc",
    ])
    func filesEncryptedByEachCipher(_ cipher: String) throws {
        try login(with: "-t ed25519 -N secret -a 2 -Z \(cipher)")
    }

    private func login(with arguments: String) throws {
        let setting = try Setting()
        let made = try shell("ssh-keygen -q \(arguments) -f \(setting.key) 2>&1")
        #expect(made.status == 0, "\(made.output)")
        try setting.letKeyIn()
        try setting.connect()
        let type = Self.types.first { arguments.contains($0.arguments) }
        try setting.expectLogin(by: type?.name ?? "")
    }

    /// Which `ssh-keygen` 9.2 can neither write nor read, but OpenSSL writes.
    @Test(arguments: ["", "-aes256 -pass pass:secret"])
    func ed25519InPKCS8(_ encryption: String) throws {
        let setting = try Setting()
        try shell("openssl genpkey -algorithm ed25519 \(encryption) -out \(setting.key)")
        let point = try shell(
            "openssl pkey -in \(setting.key) -passin pass:secret -pubout -outform DER | tail -c 32 | base64"
        ).output
        var blob = WireWriter()
        blob.writeString("ssh-ed25519")
        blob.writeString(try Base64.decode(Array(point.utf8.filter { $0 > 0x20 })[...]))
        try setting.server.sandbox.write(
            "ssh-ed25519 \(Base64.encode(blob.bytes))\n", to: "authorized_keys")
        try shell("chmod 600 \(setting.key)")
        try setting.connect()
        try setting.expectLogin(by: "ED25519")
    }

    @Test(arguments: types.indices)
    func agentsKeys(_ index: Int) throws {
        let setting = try Setting()
        try shell("ssh-keygen -q \(Self.types[index].arguments) -N '' -f \(setting.key)")
        try setting.letKeyIn()
        let agent = try SSHAgent()
        _ = try agent.sshAdd("-q \(setting.key)")
        try setting.connect(agent: agent)
        try setting.expectLogin(by: Self.types[index].name)
    }

    @Test(arguments: types.indices, [false, true])
    func certificates(_ index: Int, isInAgent: Bool) throws {
        let setting = try Setting()
        try shell("ssh-keygen -q \(Self.types[index].arguments) -N '' -f \(setting.key)")
        try setting.certify()
        let agent = isInAgent ? try SSHAgent() : nil
        if let agent { _ = try agent.sshAdd("-q \(setting.key)") }
        try setting.connect(agent: agent)
        try setting.expectLogin(by: Self.types[index].name + "-CERT")
    }
}
