// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SSHConfig

/// Whole configurations, understood by us as by ssh(1).
@Suite struct OracleTests {
    /// Demands that we and ssh agree on every option, or on the line that is wrong.
    static func compare(
        _ text: String, host: String = "example.com", commandLine: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("config", text)
        let local = LocalContext.thisMachine(environment: ["FOO": "from-environment"])
        let configuration = SSHConfiguration(
            commandLine: commandLine, files: .only(file), local: local)
        let arguments = ["-F", file] + commandLine.flatMap { ["-o", $0] }
        let expected: SSHOracle.Answer
        do {
            expected = try SSHOracle.options(
                arguments, host: host, environment: ["FOO=from-environment"]
            )
        } catch let refusal as SSHOracle.Refusal {
            let error = #expect(
                throws: SSHConfigError.self, "ssh: \(refusal.text)", sourceLocation: sourceLocation
            ) { _ = try configuration.effective(host: host) }
            #expect(
                refusal.line ?? 0 == 0 || error?.location?.line == refusal.line,
                "we: \(String(describing: error)), ssh: \(refusal.text)",
                sourceLocation: sourceLocation)
            return
        }
        let effective = try configuration.effective(host: host)
        let ours = try effective.asPrintedBySSH().comparable(ifGiven: effective.draft.isGiven)
        let theirs = expected.comparable(ifGiven: effective.draft.isGiven)
        for option in OptionTable.all where theirs.isComparable(option) {
            let keyword = option.keyword.lowercased()
            #expect(
                ours[keyword] == theirs[keyword], "\(keyword)", sourceLocation: sourceLocation)
        }
    }

    @Test func anEmptyFileGivesTheDefaults() throws {
        try Self.compare("")
    }

    @Test(arguments: [
        "HostName 10.0.0.1", "HostName %h.example.org", "HostName %%h", "HostName %x",
        "HostName fe80::1%%eth0", "HostName UPPER.example.org", "User bob", "Port 2222", "Port 0",
        "Port 65535", "Port 65536", "Port -1", "Port 22x", "AddressFamily inet",
        "AddressFamily INET6", "AddressFamily any", "AddressFamily ipv4", "BindAddress 127.0.0.2",
        "ConnectTimeout 5", "ConnectTimeout 0", "ConnectTimeout none", "ConnectTimeout 1h30",
        "ConnectTimeout 1.5", "ConnectTimeout 1w2d3h4m5s", "ConnectTimeout 5x", "ConnectTimeout m",
        "ConnectTimeout 2147483647", "ConnectTimeout 2147483648",
        "ConnectTimeout 99999999999999999999",
        "ConnectTimeout 3551w", "ConnectionAttempts 3", "ConnectionAttempts 0", "TCPKeepAlive no",
        "KeepAlive no", "TCPKeepAlive maybe",
    ])
    func connectionOptions(text: String) throws {
        try Self.compare(text)
    }

    @Test(arguments: [
        "HostKeyAlias Other", "UserKnownHostsFile /a ~/b", "UserKnownHostsFile none",
        "UserKnownHostsFile none /a", "UserKnownHostsFile /a none", "UserKnownHostsFile NONE",
        "UserKnownHostsFile ~/%h/%n/%p/%r/%u/%d/%i/%l/%L/%k/%%",
        "HostKeyAlias Alias\nUserKnownHostsFile /%k", "UserKnownHostsFile /${FOO}/x",
        "UserKnownHostsFile /${NOT_SET}/x", "UserKnownHostsFile /${FOO",
        "UserKnownHostsFile /$FOO/x",
        "UserKnownHostsFile /%y", "UserKnownHostsFile /%", "UserKnownHostsFile ~nosuchuser/x",
        "UserKnownHostsFile ~root/x", "UserKnownHostsFile \"/with space\" /b",
        "UserKnownHostsFile /a\nUserKnownHostsFile /b", "GlobalKnownHostsFile /a /b",
        "GlobalKnownHostsFile ~/a", "GlobalKnownHostsFile /%h", "GlobalKnownHostsFile none",
        "StrictHostKeyChecking yes", "StrictHostKeyChecking no", "StrictHostKeyChecking ask",
        "StrictHostKeyChecking off", "StrictHostKeyChecking accept-new",
        "StrictHostKeyChecking TRUE",
        "StrictHostKeyChecking false", "StrictHostKeyChecking never", "HashKnownHosts yes",
        "CheckHostIP yes", "NoHostAuthenticationForLocalhost yes", "UpdateHostKeys yes",
        "UpdateHostKeys ask", "UpdateHostKeys no", "UserKnownHostsFile /a\nUpdateHostKeys yes",
    ])
    func hostKeyOptions(text: String) throws {
        try Self.compare(text)
    }

    @Test(arguments: [
        "Ciphers aes128-ctr", "Ciphers aes256-gcm@openssh.com,aes128-ctr", "Ciphers +3des-cbc",
        "Ciphers -aes*", "Ciphers -aes128-*,*256*", "Ciphers ^aes256-ctr,aes128-ctr",
        "Ciphers aes128-ctr,,aes256-ctr", "Ciphers aes128-ctr,aes128-ctr", "Ciphers \"\"",
        "Ciphers -nothing", "MACs hmac-sha2-512", "MACs -umac-*,hmac-sha1*", "MACs ^hmac-sha2-256",
        "KexAlgorithms curve25519-sha256", "KexAlgorithms +diffie-hellman-group1-sha1",
        "KexAlgorithms -sntrup*,diffie*", "KexAlgorithms ^ecdh-sha2-nistp256",
        "HostKeyAlgorithms ssh-ed25519", "HostKeyAlgorithms +ssh-rsa",
        "HostKeyAlgorithms -*cert*,sk-*", "HostKeyAlgorithms ^rsa-sha2-512",
        "HostKeyAlgorithms rsa*", "HostKeyAlgorithms +ssh-r*",
        "PubkeyAcceptedAlgorithms +ssh-rsa", "PubkeyAcceptedKeyTypes ssh-ed25519,rsa-sha2-512",
        "PubkeyAcceptedAlgorithms -rsa*", "Compression yes", "Compression true",
        "RequiredRSASize 2048", "RequiredRSASize x", "RekeyLimit 256M", "RekeyLimit 1G 1h",
        "RekeyLimit default none", "RekeyLimit default 30m", "RekeyLimit 1.5k", "RekeyLimit .5G",
        "RekeyLimit 1.", "RekeyLimit 17.K 5", "RekeyLimit 15", "RekeyLimit 16", "RekeyLimit 0",
        "RekeyLimit x", "RekeyLimit 5Q", "RekeyLimit 1G never", "RekeyLimit 1G 1h 2h",
        "RekeyLimit -1G",
    ])
    func protectionOptions(text: String) throws {
        try Self.compare(text)
    }

    @Test(arguments: [
        "IdentityFile /a\nIdentityFile ~/b\nIdentityFile /a", "IdentityFile none",
        "IdentityFile /a\nIdentityFile none", "IdentityFile2 /a",
        "CertificateFile /a\nCertificateFile /b",
        "IdentitiesOnly yes", "BatchMode yes\nServerAliveInterval 7",
        "PreferredAuthentications publickey",
        "PreferredAuthentications publickey,password", "PreferredAuthentications a b",
        "PasswordAuthentication no", "KbdInteractiveAuthentication no",
        "ChallengeResponseAuthentication no", "SkeyAuthentication no", "TISAuthentication no",
        "PubkeyAuthentication no", "PubkeyAuthentication unbound",
        "PubkeyAuthentication host-bound",
        "DSAAuthentication no", "NumberOfPasswordPrompts 1", "NumberOfPasswordPrompts -1",
        "NumberOfPasswordPrompts x",
    ])
    func loginOptions(text: String) throws {
        try Self.compare(text)
    }

    @Test(arguments: [
        "ServerAliveInterval 15", "ServerAliveInterval 1m", "ServerAliveInterval none",
        "ServerAliveCountMax 5", "ServerAliveCountMax 0x3", "ServerAliveCountMax -1",
        "LogLevel QUIET", "LogLevel fatal", "LogLevel Error", "LogLevel VERBOSE", "LogLevel debug",
        "LogLevel DEBUG1", "LogLevel DEBUG2", "LogLevel DEBUG3", "LogLevel loud",
        "SendEnv LANG LC_*", "SendEnv A B* C\nSendEnv -B* D\nSendEnv C", "SendEnv A=b",
        "SetEnv A=1 B=2\nSetEnv C=3", "SetEnv A=\"x y\" B= C=d=e", "SetEnv A=1 A=2", "SetEnv A",
    ])
    func sessionOptions(text: String) throws {
        try Self.compare(text)
    }

    @Test(arguments: [
        "User=bob", "User = bob", "User =bob", "User\tbob", "  User bob  ", "User == bob",
        "USER bob",
        "User bob\r\nPort 3\r", "User bob\u{0C}", "User \"a b\"", "User 'a b'", "User a\\ b",
        "User a\\xb", "BindAddress \"a\\\"b\"", "BindAddress 'it'\\''s'", "User \"a",
        "BindAddress a'b",
        "User a\"b c\"d",
        "User bob # a comment", "User bob #", "User a#b", "User \"#a\"", "# User bob", "User # bob",
        "   # a comment", "User", "User ", "User =", "User \"\"", "User a b", "\"User\" bob",
        "Nonsense x", "Nonsense", "IgnoreUnknown Non*,other\nNonsense x\nOTHER y",
        "IgnoreUnknown other\nNonsense x", "Nonsense x\nIgnoreUnknown Nonsense",
        "IgnoreUnknown a\nIgnoreUnknown b\nb x", "IgnoreUnknown *,!b\na x",
        "IgnoreUnknown *,!b\nb x",
        "Protocol 2\nCipher x\nRhostsAuthentication yes\nUseRoaming no\nUsePrivilegedPort no",
        "Port 1\nPort 2\nUser a\nUser b", "\n\n\n\nPort x",
        "GSSAPIKeyExchange no\nGSSAPITrustDns no\nForwardX11 yes\nLocalForward 1 a:2\nTunnel no",
    ])
    func syntax(text: String) throws {
        try Self.compare(text)
    }

    @Test(arguments: [
        "Host a\nPort 1\nHost *\nPort 2", "Host b a\nPort 1\nHost *\nPort 2",
        "Host b,a\nPort 1\nHost *\nPort 2", "Host *\nPort 2\nHost a\nPort 1", "Host !a *\nPort 1",
        "Host * !a\nPort 1", "Host !b\nPort 1", "Host !b *\nPort 1", "Host ?\nPort 1",
        "Host ??\nPort 1", "Host A\nPort 1", "Host \"a\"\nPort 1", "Host = a\nPort 1",
        "Host\nPort 1",
        "Host \"a b\" a\nPort 1", "Host b\nPort x", "Host b\nNonsense 1", "Port 5\nHost a\nPort 6",
        "Match all\nPort 3\nHost b\nPort 4\nMatch all\nUser z", "Match ALL\nPort 3",
        "Match\nPort 3",
        "Host a\nHostName b\nHost b\nPort 3", "Host ! a\nPort 3", "Host a # b\nPort 3",
    ])
    func blocks(text: String) throws {
        try Self.compare(text, host: "a")
    }

    @Test(arguments: [
        ["Port=3"], ["Port 3", "Port 4"], ["port = 3"], ["User=\"a b\""], ["Host a"], ["Match all"],
        ["Nonsense=1"], ["Port"], ["IgnoreUnknown=Nonsense", "Nonsense=1"], ["#Port 3"],
        ["IdentityFile=/c", "IdentityFile=/d"], ["Ciphers=-aes*"],
    ])
    func commandLineComesBeforeFiles(options: [String]) throws {
        try Self.compare(
            "Port 1\nIdentityFile /a\nIdentityFile /c\nCiphers aes128-ctr\nUser x",
            commandLine: options)
    }

    @Test(arguments: [
        "EXAMPLE", "Example.Com", "::1", "10.0.0.1", "a_b", "-a", "a;b", "a b", "a$b", "ä",
    ])
    func hostNames(host: String) throws {
        try Self.compare("Host example\nPort 4\nHost Example.Com\nPort 5", host: host)
    }
}
