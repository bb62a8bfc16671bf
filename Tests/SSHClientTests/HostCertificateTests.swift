// SPDX-License-Identifier: Apache-2.0

import LocalSFTPServer
import SSHClient
import SSHConfig
import Testing

/// Servers that show a certificate, and keys that are revoked, with OpenSSH's server.
@Suite struct HostCertificateTests {
    private let harness: ClientHarness

    init() throws {
        harness = try ClientHarness()
        try shell("ssh-keygen -q -N '' -t ed25519 -C authority -f \(harness.home.file("ca"))")
    }

    /// A server whose key has a certificate made with these arguments.
    private func server(
        _ arguments: String = "-n 127.0.0.1", key: String = "host-ed25519", authority: String = "ca"
    ) throws -> SSHDaemon {
        let certificate = harness.home.file("host-cert.pub")
        try shell(
            """
            cp \(TestKeys.path(key)).pub \(harness.home.file("host.pub")) && \
            ssh-keygen -q -s \(harness.home.file(authority)) -I id -h \(arguments) \
            \(harness.home.file("host.pub"))
            """)
        return try SSHDaemon(hostKeys: [key], ["HostCertificate \(certificate)"])
    }

    private func publicKey(_ name: String = "ca") throws -> String {
        try harness.home.read(name + ".pub").split(separator: " ").prefix(2).joined(separator: " ")
    }

    @discardableResult
    private func connect(
        _ server: SSHDaemon, known: String, _ more: [String] = [], strict: String = "yes"
    ) throws -> String {
        try harness.home.write(known + "\n", to: "known_hosts")
        let prompter = ScriptedPrompter()
        let options = try harness.options(
            server.port,
            more + [
                "StrictHostKeyChecking=\(strict)", "IdentityAgent=none",
                "IdentityFile=\(try TestKeys.path("user-ed25519"))",
                "UserKnownHostsFile=\(harness.home.file("known_hosts"))",
                "GlobalKnownHostsFile=/dev/null",
            ])
        try harness.connectAndEcho(options, prompter)
        return prompter.transcript
    }

    @Test(arguments: TestKeys.kinds)
    func aCertificateOfAKnownAuthorityIsEnough(_ kind: String) throws {
        let server = try server(key: "host-\(kind)")
        try connect(server, known: "@cert-authority 127.0.0.* \(publicKey())")
        try connect(server, known: "@cert-authority [127.0.0.1]:* \(publicKey())")
        #expect(try server.log.contains("-cert-v01@openssh.com"))
        // And nothing of it is remembered.
        #expect(try harness.home.read("known_hosts").split(separator: "\n").count == 1)
    }

    @Test(arguments: ["rsa", "ecdsa"]) func authoritiesOfOtherTypesDo(_ type: String) throws {
        try shell("ssh-keygen -q -N '' -t \(type) -f \(harness.home.file("other"))")
        let server = try server(authority: "other")
        let known = "@cert-authority * \(try publicKey("other"))"
        try connect(server, known: known)
        #expect(throws: SSHClientError.self) {
            try connect(server, known: known, ["CASignatureAlgorithms=ssh-ed25519"])
        }
    }

    @Test(arguments: [
        ("-n other.example", "is for another name"), ("", "is for no name"),
        ("-n 127.0.0.1 -V 20200101:20210101", "has expired"),
        ("-n 127.0.0.1 -V 20900101:20910101", "is not valid yet"),
        ("-n 127.0.0.1 -O critical:x=y", "has critical options"),
    ])
    func aCertificateThatDoesNotHoldIsNoBetterThanItsKey(
        _ arguments: String, _ reason: String
    ) throws {
        let server = try server(arguments)
        let authority = "@cert-authority * \(try publicKey())"
        #expect {
            try connect(server, known: authority)
        } throws: { error in
            "\(error)".contains("is unknown, and its certificate \(reason)")
        }
        let key = try TestKeys.publicLine("host-ed25519")
        let shown = try connect(
            server, known: "\(authority)\n[127.0.0.1]:\(server.port) \(key)")
        #expect(shown.contains("certificate \(reason)"))
    }

    @Test func anAuthorityThatNobodyKnowsIsNamed() throws {
        let server = try server()
        let fields = try run("ssh-keygen", "-l", "-f", harness.home.file("ca.pub")).output
        let fingerprint = try #require(fields.split(separator: " ").dropFirst().first)
        let expected =
            " is unknown, and its certificate is signed by ED25519 \(fingerprint), "
            + "which is no authority in known_hosts"
        #expect {
            try connect(server, known: "")
        } throws: { error in
            "\(error)".hasSuffix(expected)
        }
        let prompter = ScriptedPrompter(["no"])
        let options = try harness.options(
            server.port,
            ["UserKnownHostsFile=\(harness.home.file("none"))", "GlobalKnownHostsFile=/dev/null"])
        #expect(throws: SSHClientError.self) { try harness.connectAndEcho(options, prompter) }
        #expect(
            prompter.questions.first?.contains(
                "Its certificate is signed by ED25519 \(fingerprint), which") == true)
    }

    @Test func aPatternAsPrincipalStandsForTheAlias() throws {
        let server = try server("-n '*.example,x'")
        let known = "@cert-authority * \(try publicKey())"
        try connect(server, known: known, ["HostKeyAlias=a.example"])
        #expect(throws: SSHClientError.self) { try connect(server, known: known) }
    }

    @Test func aRevokedAuthorityVouchesForNothing() throws {
        let server = try server()
        let lines = "@cert-authority * \(try publicKey())\n@revoked * \(try publicKey())"
        #expect {
            try connect(server, known: lines)
        } throws: { error in
            "\(error)".contains("revoked") && "\(error)".contains("known_hosts line 2")
        }
    }

    @Test func aCertificateOfARevokedKeyIsWorthNothing() throws {
        let server = try server()
        let key = try TestKeys.publicLine("host-ed25519")
        let lines = "@cert-authority * \(try publicKey())\n@revoked * \(key)"
        #expect {
            try connect(server, known: lines)
        } throws: { error in
            "\(error)".contains("revoked") && "\(error)".contains("known_hosts line 2")
        }
    }

    @Test(arguments: [false, true])
    func revokedHostKeysAreRefusedByAnyList(isBinary: Bool) throws {
        let server = try server()
        let certificate = "@cert-authority * \(try publicKey())"
        let key = "[127.0.0.1]:\(server.port) \(try TestKeys.publicLine("host-ed25519"))"
        for name in ["host", "ca"] {
            let (list, source) = (harness.home.file("revoked"), harness.home.file(name + ".pub"))
            if isBinary {
                try shell("ssh-keygen -q -k -f \(list) \(source)")
            } else {
                try shell("cp \(source) \(list)")
            }
            for strict in ["yes", "no"] {
                #expect {
                    try connect(
                        server, known: certificate, ["RevokedHostKeys=\(list)"], strict: strict)
                } throws: { error in
                    "\(error)".contains("the key is revoked in \(list)")
                }
            }
        }
        // The last list revokes only the authority; the key shown without it is as good as ever.
        try connect(
            server, known: key,
            [
                "RevokedHostKeys=\(harness.home.file("revoked"))",
                "HostKeyAlgorithms=ssh-ed25519",
            ])
    }

    @Test func aListOfRevokedKeysThatCannotBeReadLetsNoKeyPass() throws {
        let server = try server()
        let known = "@cert-authority * \(try publicKey())"
        #expect {
            try connect(server, known: known, ["RevokedHostKeys=\(harness.home.file("none"))"])
        } throws: { error in
            "\(error)".contains("No such file")
        }
        try harness.home.write("not a key\n", to: "broken")
        #expect {
            try connect(server, known: known, ["RevokedHostKeys=\(harness.home.file("broken"))"])
        } throws: { error in
            "\(error)".contains("broken line 1")
        }
    }
}
