// SPDX-License-Identifier: Apache-2.0

import EventLoop
import LocalSFTPServer
import SSHClient
import SSHConfig
import SSHCrypto
import Testing
import Wire

/// Keys on security keys: their files are of no use to us, but an agent that reaches them lets the user
/// in to OpenSSH's server.
///
/// The agent is ours, and signs as OpenSSH's PROTOCOL.u2f says: this machine has no security key.
@Suite struct SecurityKeyTests {
    static let types: [(name: String, underlying: String, shown: String)] = [
        ("sk-ssh-ed25519@openssh.com", "ed25519", "ED25519-SK"),
        ("sk-ecdsa-sha2-nistp256@openssh.com", "ecdsa-256", "ECDSA-SK"),
    ]

    /// A key whose private half only the agent has.
    private struct SecurityKey: Sendable {
        let type: String
        let key: PrivateKey
        let blob: [UInt8]

        init(_ index: Int) throws {
            type = SecurityKeyTests.types[index].name
            let text = try TestKeys.privateText("user-\(SecurityKeyTests.types[index].underlying)")
            key = try PrivateKeyFile(Array(text.utf8).span).privateKey()
            var fields = WireReader(key.publicKey.blob)
            _ = try fields.readString()
            var writer = WireWriter()
            writer.writeString(type)
            writer.writeBytes(fields.readRemaining())
            writer.writeString("ssh:")
            blob = writer.bytes
        }

        /// What the authenticator signs says that somebody has touched it, and how often it has signed.
        func sign(_ data: Bytes) throws -> [UInt8] {
            var message = WireWriter()
            message.writeBytes(HashAlgorithm.sha256.digest(of: Bytes("ssh:".utf8)))
            var proof = WireWriter()
            proof.write(UInt8(1))
            proof.write(UInt32(77))
            message.writeBytes(proof.bytes)
            message.writeBytes(HashAlgorithm.sha256.digest(of: data))
            let algorithm = try #require(key.publicKey.type.signatureAlgorithms.first)
            var plain = WireReader(try key.sign(message.bytes[...], algorithm: algorithm))
            _ = try plain.readString()
            var signature = WireWriter()
            signature.writeString(type)
            signature.writeString(try plain.readString())
            signature.writeBytes(proof.bytes)
            return signature.bytes
        }

        /// Answers an agent's requests.
        func serve(_ pipe: InMemoryPipe, as offered: [UInt8]) async throws {
            var received: [UInt8] = []
            while let bytes = try await pipe.read() {
                received += bytes
                var reader = WireReader(received)
                while let request = try? reader.readString() {
                    received = Array(reader.readRemaining())
                    var answer = WireWriter()
                    answer.writeString(try self.answer(to: request, as: offered))
                    try await pipe.write([answer.bytes[...]])
                    reader = WireReader(received)
                }
            }
        }

        private func answer(to request: Bytes, as offered: [UInt8]) throws -> [UInt8] {
            var reader = WireReader(request)
            var answer = WireWriter()
            switch try reader.readUInt8() {
            case 11:
                answer.write(UInt8(12))
                answer.write(UInt32(1))
                answer.writeString(offered)
                answer.writeString("on a security key")
            case 13:
                #expect(try Array(reader.readString()) == offered)
                answer.write(UInt8(14))
                answer.writeString(try sign(try reader.readString()))
            default: answer.write(UInt8(5))
            }
            return answer.bytes
        }
    }

    /// The system, with an agent of ours.
    private struct AgentWorld: WrappedWorld {
        let system: SystemWorld
        let loop: EpollLoop
        let agent: @Sendable (InMemoryPipe) async throws -> Void

        func connectAgent(_ path: String) async throws -> any ByteChannel {
            let (ours, theirs) = InMemoryPipe.makePair(loop: loop)
            let agent = agent
            loop.spawn {
                do { try await agent(theirs) } catch { Issue.record(error) }
                await theirs.close()
            }
            return ours
        }
    }

    @Test(arguments: types.indices, [false, true])
    func agentsSignatureLogsIn(_ index: Int, byCertificate: Bool) throws {
        let key = try SecurityKey(index)
        let harness = try ClientHarness()
        let authority = harness.home.file("authority")
        try shell("ssh-keygen -q -t ed25519 -N '' -f \(authority)")
        let server = try SSHDaemon(["TrustedUserCAKeys \(authority).pub"])
        let line = "\(key.type) \(Base64.encode(key.blob))\n"
        var offered = key.blob
        if byCertificate {
            try harness.home.write(line, to: "key.pub")
            let made = try shell(
                "cd \(harness.home.path) && ssh-keygen -q -s authority -I id "
                    + "-n \(try ClientHarness.user.get()) key.pub 2>&1")
            #expect(made.status == 0)
            let fields = try harness.home.read("key-cert.pub").split(separator: " ")
            offered = try Base64.decode(Array(fields[1].utf8)[...])
        } else {
            try server.sandbox.write(line, to: "authorized_keys")
        }
        var options = try harness.trusting(server.port, ["IdentityAgent=/agent"])
        options.identityFiles = []
        let (loop, blob, target) = (harness.loop, offered, options)
        try loop.run {
            let world = AgentWorld(system: SystemWorld(loop: loop), loop: loop) { pipe in
                try await key.serve(pipe, as: blob)
            }
            let session = try await SSHClient.connect(
                [target], loop: loop, world: world, prompter: SilentPrompter())
            try await echo(session, size: 1000)
            await session.close()
        }
        let shown = Self.types[index].shown + (byCertificate ? "-CERT" : "")
        #expect(try server.log.contains("ssh2: \(shown) "))
    }

    /// Nobody is asked for a passphrase that would be of no use.
    @Test func aFileSaysThatOnlyAnAgentCanUseIt() throws {
        let key = try SecurityKey(0)
        let harness = try ClientHarness()
        let server = try SSHDaemon()
        let line = "\(key.type) \(Base64.encode(key.blob))\n"
        try server.sandbox.write(line, to: "authorized_keys")
        // Encrypted, as far as anybody can tell who has not the passphrase.
        var file = WireWriter()
        file.writeBytes("openssh-key-v1\0".utf8)
        for text in ["aes256-ctr", "bcrypt"] { file.writeString(text) }
        var parameters = WireWriter()
        parameters.writeString([UInt8](repeating: 1, count: 16))
        parameters.write(UInt32(2))
        file.writeString(parameters.bytes)
        file.write(UInt32(1))
        file.writeString(key.blob)
        file.writeString([UInt8](repeating: 9, count: 64))
        try harness.home.write(
            """
            -----BEGIN OPENSSH PRIVATE KEY-----
            \(Base64.encode(file.bytes))
            -----END OPENSSH PRIVATE KEY-----

            """, to: "id_ed25519_sk")
        try harness.home.write(line, to: "id_ed25519_sk.pub")
        var options = try harness.trusting(server.port)
        options.identityFiles = [IdentityFile(path: harness.home.file("id_ed25519_sk"))]
        let (prompter, target) = (ScriptedPrompter(["secret"]), options)
        #expect(throws: SSHClientError.self) { try harness.connectAndEcho(target, prompter) }
        #expect(prompter.questions.isEmpty)
        #expect(
            prompter.messages.contains(
                "\(harness.home.file("id_ed25519_sk")): "
                    + "the key is held by a security key; add it to an agent with ssh-add"))
    }
}
