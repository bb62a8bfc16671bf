// SPDX-License-Identifier: Apache-2.0

import LocalSFTPServer
import SSHClient
import SSHConfig
import SSHCrypto
import SSHProtocol
import Testing

/// Every algorithm against OpenSSH's server, pinned on both ends, and found in the server's log.
@Suite struct AlgorithmTests {
    /// Echoes enough for several packets of every size, both ways.
    private func run(
        hostKeys: [String] = ["host-ed25519"], server: [String], client: [String],
        log expected: [String]
    ) throws {
        let daemon = try SSHDaemon(hostKeys: hostKeys, server)
        let harness = try ClientHarness()
        try harness.connectAndEcho(try harness.trusting(daemon.port, client), size: 300_000)
        let log = try daemon.log
        for text in expected { #expect(log.contains(text), "the server's log lacks \"\(text)\"") }
    }

    @Test(arguments: CipherAlgorithm.allCases)
    func cipherWorks(_ cipher: CipherAlgorithm) throws {
        let name = cipher.rawValue
        try run(
            server: ["Ciphers \(name)"], client: ["Ciphers=\(name)"],
            log: [
                "kex: client->server cipher: \(name) MAC: ",
                "kex: server->client cipher: \(name) MAC: ",
            ])
    }

    @Test(
        arguments: MACAlgorithm.allCases,
        [CipherAlgorithm.aes128CTR, .aes192CTR, .aes256CTR])
    func macWorks(_ mac: MACAlgorithm, with cipher: CipherAlgorithm) throws {
        let name = mac.rawValue
        try run(
            server: ["MACs \(name)", "Ciphers \(cipher.rawValue)"],
            client: ["MACs=\(name)", "Ciphers=\(cipher.rawValue)"],
            log: [
                "kex: client->server cipher: \(cipher.rawValue) MAC: \(name) ",
                "kex: server->client cipher: \(cipher.rawValue) MAC: \(name) ",
            ])
    }

    @Test(arguments: KeyAgreementAlgorithm.allCases.filter { !$0.needsMLKEM })
    func keyExchangeWorks(_ method: KeyAgreementAlgorithm) throws {
        let name = method.rawValue
        try run(
            server: ["KexAlgorithms \(name)"], client: ["KexAlgorithms=\(name)"],
            log: ["kex: algorithm: \(name)"])
    }

    @Test(arguments: ["yes", "no", nil])
    func aKeyExchangeThatIsNotPostQuantumIsWarnedOf(_ setting: String?) throws {
        let daemon = try SSHDaemon()
        let harness = try ClientHarness()
        let prompter = ScriptedPrompter()
        let more = ["KexAlgorithms=curve25519-sha256"]
        var options = try harness.trusting(daemon.port, more)
        options.warnWeakCrypto = setting != "no"
        if setting == nil { options = try harness.trusting(daemon.port, more + ["LogLevel=ERROR"]) }
        try harness.connectAndEcho(options, prompter)
        let isWarned = prompter.transcript.contains("post-quantum")
        #expect(isWarned == (setting == "yes"))
    }

    @Test func negotiationFailuresNameBothLists() throws {
        let daemon = try SSHDaemon(["KexAlgorithms diffie-hellman-group14-sha1"])
        let harness = try ClientHarness()
        #expect {
            try harness.connectAndEcho(try harness.trusting(daemon.port))
        } throws: { error in
            let text = "\(error)"
            return text.contains("the server \"diffie-hellman-group14-sha1")
                && text.contains("the client offers \"curve25519-sha256,")
                && !text.contains("client offers \"diffie-hellman-group1-sha1")
        }
        // Asked for by name, it does.
        try harness.connectAndEcho(
            try harness.trusting(
                daemon.port, ["KexAlgorithms=+diffie-hellman-group14-sha1"]))
    }

    @Test(
        arguments: [
            ("ssh-ed25519", "ed25519"), ("ecdsa-sha2-nistp256", "ecdsa-256"),
            ("ecdsa-sha2-nistp384", "ecdsa-384"), ("ecdsa-sha2-nistp521", "ecdsa-521"),
            ("rsa-sha2-256", "rsa-2048"), ("rsa-sha2-512", "rsa-2048"), ("ssh-rsa", "rsa-2048"),
        ])
    func hostKeyAlgorithmWorks(_ algorithm: String, _ key: String) throws {
        #expect(SignatureAlgorithm(rawValue: algorithm) != nil)
        try run(
            hostKeys: ["host-\(key)"], server: ["HostKeyAlgorithms \(algorithm)"],
            client: ["HostKeyAlgorithms=\(algorithm)"],
            log: ["kex: host key algorithm: \(algorithm)"])
    }

    @Test func thereIsATestForEveryHostKeyAlgorithm() {
        #expect(
            Set(
                SignatureAlgorithm.allCases.filter { !$0.keyType.isSecurityKey }.map(\.rawValue))
                == [
                    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                    "ecdsa-sha2-nistp521", "rsa-sha2-256", "rsa-sha2-512", "ssh-rsa",
                ])
    }

    @Test(arguments: [("yes", "zlib@openssh.com"), ("no", "none")])
    func compressionWorks(_ setting: String, _ name: String) throws {
        try run(
            server: ["Compression delayed"], client: ["Compression=\(setting)"],
            log: [
                "MAC: <implicit> compression: \(name)",
                setting == "yes" ? "Enabling compression at level" : "kex: algorithm:",
            ])
    }

    @Test func compressionIsNoneWhereTheServerHasNone() throws {
        try run(
            server: ["Compression no"], client: ["Compression=yes"], log: ["compression: none"])
    }

    @Test(arguments: [
        "aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr",
    ])
    func keysAreRenewedWhileDataFlows(_ cipher: String) throws {
        // Each side asks for new keys by itself, with and without compression.
        for (server, client) in [
            (["RekeyLimit 64K"], [String]()), ([], ["RekeyLimit=64K"]),
            (["RekeyLimit 96K"], ["RekeyLimit=64K", "Compression=yes"]),
        ] {
            let daemon = try SSHDaemon(["Ciphers \(cipher)"] + server)
            let harness = try ClientHarness()
            try harness.connectAndEcho(
                try harness.trusting(daemon.port, client), size: 1_000_000)
            let exchanges = try daemon.log.split(separator: "kex: algorithm:").count - 1
            #expect(exchanges >= 4, "only \(exchanges) key exchanges")
        }
    }

    @Test func nothingInCommonNamesBothOffers() throws {
        let daemon = try SSHDaemon(["Ciphers aes256-ctr"])
        let harness = try ClientHarness()
        #expect {
            try harness.connectAndEcho(
                try harness.trusting(daemon.port, ["Ciphers=aes128-gcm@openssh.com"]))
        } throws: { error in
            let text = "\(error)"
            return text.hasPrefix("127.0.0.1 port \(daemon.port): unable to negotiate: no cipher")
                && text.contains("aes128-gcm@openssh.com") && text.contains("aes256-ctr")
        }
    }

    @Test func defaultCipherIsAESWhereTheProcessorHasIt() throws {
        let daemon = try SSHDaemon()
        let harness = try ClientHarness()
        try harness.connectAndEcho(try harness.trusting(daemon.port))
        let hasAES = try Sandbox.processorHasAES
        let cipher = hasAES ? "aes128-gcm@openssh.com" : "chacha20-poly1305@openssh.com"
        #expect(try daemon.log.contains("client->server cipher: \(cipher) "))
    }

    @Test func everyAlgorithmStandsInTheProtocolDocument() throws {
        let top = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let text = try shell("cat \(top)/Docs/PROTOCOL.md").output
        let words = Set(text.split { " ,|()\n".contains($0) }.map(String.init))
        let names =
            KeyAgreementAlgorithm.allCases.map(\.rawValue)
            + SignatureAlgorithm.allCases.map(\.rawValue) + CipherAlgorithm.allCases.map(\.rawValue)
            + MACAlgorithm.allCases.map(\.rawValue) + CompressionAlgorithm.allCases.map(\.rawValue)
        #expect(Set(names).subtracting(words).isEmpty)
    }
}
