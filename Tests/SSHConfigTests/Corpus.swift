// SPDX-License-Identifier: Apache-2.0

@testable import SSHConfig

/// Configurations to be understood by us as by ssh(1).
struct Corpus {
    /// One configuration, and what it is asked about.
    struct Entry: Sendable {
        var text: String
        var host = "example.com"
        var commandLine: [String] = []
    }

    /// Values for each option that has an effect, good ones first, bad ones behind `!`.
    static let values: [(keyword: String, values: [String])] =
        [
            ("HostName", ["%h.example.org", "10.1.2.3", "127.1", "UPPER.Example", "!", "!%n"]),
            ("User", ["bob", "\"bob smith\"", "!", "!a b"]),
            ("Port", ["2222", "65535", "ssh", "!0", "!65536", "!nonsense"]),
            ("AddressFamily", ["inet", "inet6", "any", "INET", "!ipv4"]),
            ("BindAddress", ["127.0.0.2", "::1", "!"]),
            ("BindInterface", ["lo", "eth0.5", "!", "!a b"]),
            (
                "ProxyCommand",
                [
                    "nc %h %p", "none", "NONE", "nc \"%h\"  %p # no comment", "= nc %h", "-",
                    "!\"nc", "!",
                ]
            ),
            ("ProxyUseFdpass", ["yes", "no", "!maybe"]),
            (
                "ProxyJump",
                [
                    "gate", "a,bob@b:2222,[::1]:22", "none", "ssh://bob@gate:2022", "user@10.0.0.1",
                    "a@b@gate", "gate # comment", "gate:", "!fe80::1", "!gate:0", "!gate:x", "!",
                    "!,gate", "!gate,", "!@gate", "!ssh://gate/path",
                ]
            ),
            ("ConnectTimeout", ["7", "1m", "none", "0", "!-1", "!soon"]),
            ("ConnectionAttempts", ["3", "!x", "!0"]),
            ("TCPKeepAlive", ["no", "yes", "!2"]),
            (
                "IPQoS",
                ["af21 cs1", "ef", "none", "0x20", "lowdelay throughput", "reliability", "!xx"]
            ),
            ("CanonicalDomains", ["example.com Example.NET", "none", "a.b.", "!a none", "!-x"]),
            ("CanonicalizeFallbackLocal", ["no", "yes", "!never"]),
            ("CanonicalizeHostname", ["no", "false", "!maybe"]),
            ("CanonicalizeMaxDots", ["0", "2", "!x"]),
            (
                "CanonicalizePermittedCNAMEs",
                ["*.A.com:*.b.com,*.c.com x:y", "none", "*", "!a", "!a:", "!a:b none"]
            ),
            (
                "ControlPath",
                [
                    "~/s/%C", "none", "/s/%h-%p-%r", "/%%%d%i%k%L%l%n%u", "/${FOO}/s", "/$FOO",
                    "!/%f", "!/${UNSET}", "!~nobody-here/x",
                ]
            ),
            ("ControlMaster", ["auto", "yes", "ask", "autoask", "no", "!maybe"]),
            ("ControlPersist", ["yes", "no", "10m", "0", "!soon"]),
            ("HostKeyAlias", ["Alias", "!"]),
            (
                "UserKnownHostsFile",
                ["/a ~/b", "none", "/%h/%k", "~/.ssh/known_hosts", "/dev/null", "!/a none", "!/%T"]
            ),
            ("GlobalKnownHostsFile", ["/a ~/b", "none", "!none /a", "!"]),
            (
                "KnownHostsCommand",
                ["/bin/x %H \"%I\"", "/bin/x %f %K %t", "none", "!", "!/bin/x \"%H"]
            ),
            ("RevokedHostKeys", ["/etc/revoked", "none", "~/revoked", "!"]),
            (
                "StrictHostKeyChecking",
                ["yes", "no", "ask", "off", "accept-new", "ACCEPT-NEW", "!never"]
            ),
            ("HashKnownHosts", ["yes", "!x"]),
            ("CheckHostIP", ["yes", "!x"]),
            ("NoHostAuthenticationForLocalhost", ["yes", "!x"]),
            ("UpdateHostKeys", ["yes", "no", "ask", "!x"]),
            ("VerifyHostKeyDNS", ["yes", "no", "ask", "!x"]),
            ("VisualHostKey", ["yes", "!x"]),
            ("FingerprintHash", ["md5", "SHA256", "!nonsense", "!"]),
            ("Ciphers", ["aes128-ctr", "+3des-cbc", "-aes*", "^aes256-ctr", "!\"\""]),
            ("MACs", ["hmac-sha2-512", "-hmac-*", "^hmac-sha2-256"]),
            ("KexAlgorithms", ["curve25519-sha256", "-sntrup*", "^ecdh-sha2-nistp256"]),
            ("HostKeyAlgorithms", ["ssh-ed25519", "-*cert*", "^rsa-sha2-512", "+ssh-rsa"]),
            ("CASignatureAlgorithms", ["ssh-ed25519", "-rsa*", "^rsa-sha2-512", "+ssh-rsa"]),
            ("PubkeyAcceptedAlgorithms", ["ssh-ed25519", "-rsa*", "+ssh-rsa"]),
            ("PubkeyAcceptedKeyTypes", ["^rsa-sha2-256"]),
            ("Compression", ["yes", "no", "!true"]),
            ("RequiredRSASize", ["2048", "!x"]),
            ("RekeyLimit", ["1G 1h", "default none", "256M", "!15", "!x"]),
            ("IdentityFile", ["~/.ssh/a", "/b", "none", "%d/%h", "!"]),
            ("CertificateFile", ["~/.ssh/a-cert.pub", "/b", "!"]),
            ("IdentitiesOnly", ["yes", "!x"]),
            (
                "IdentityAgent",
                ["none", "SSH_AUTH_SOCK", "$FOO", "~/agent", "/%r/${FOO}", "!/%t"]
            ),
            (
                "AddKeysToAgent",
                [
                    "yes", "no", "ask", "confirm", "confirm 5m", "1h", "!yes 5m", "!maybe",
                    "!confirm x",
                ]
            ),
            ("PKCS11Provider", ["/lib/p11.so", "none", "!"]),
            ("SmartcardDevice", ["/lib/p11.so"]),
            ("SecurityKeyProvider", ["/lib/sk.so", "internal", "none", "!"]),
            ("BatchMode", ["yes", "no", "!x"]),
            ("PreferredAuthentications", ["publickey,password", "none", "!", "!a b"]),
            ("PasswordAuthentication", ["no", "!x"]),
            ("KbdInteractiveAuthentication", ["no", "!x"]),
            ("KbdInteractiveDevices", ["pam,bsdauth", "!"]),
            ("ChallengeResponseAuthentication", ["no"]),
            ("PubkeyAuthentication", ["no", "yes", "unbound", "host-bound", "!x"]),
            ("GSSAPIAuthentication", ["yes", "!x"]),
            ("GSSAPIDelegateCredentials", ["yes", "!x"]),
            ("NumberOfPasswordPrompts", ["1", "!x"]),
            ("ServerAliveInterval", ["15", "1m", "!x"]),
            ("ServerAliveCountMax", ["5", "!x"]),
            (
                "LogLevel",
                ["QUIET", "FATAL", "error", "VERBOSE", "DEBUG", "DEBUG2", "DEBUG3", "!loud"]
            ),
            ("SyslogFacility", ["LOCAL7", "!mail"]),
            ("SendEnv", ["LANG LC_*", "A", "!A=b", "!"]),
            ("SetEnv", ["A=1 B=2", "A=\"x y\"", "!A", "!=b"]),
            ("IgnoreUnknown", ["Nonsense*,Other", "!"]),
        ].map { (keyword: $0.0, values: $0.1) }

    /// Each value by itself, as most configurations have it.
    static let single: [Entry] = values.flatMap { option in
        option.values.map { value in
            let line =
                option.keyword + " " + (value.hasPrefix("!") ? String(value.dropFirst()) : value)
            var entry = Entry(text: "Host other\n\(line)\nHost *\n\(line)")
            // An address need not be looked up.
            if option.keyword == "CanonicalizePermittedCNAMEs" { entry.host = "10.0.0.9" }
            return entry
        }
    }

    /// `Match` lines of every kind, each with what shows whether it holds.
    static let matches: [Entry] = [
        "all", "!all", "host example.com", "host EXAMPLE.com", "!host example.com", "host other",
        "host *.com,!example.*", "host ?xample.com", "originalhost example.com",
        "originalhost Example.Com", "!originalhost other", "user bob", "user root,bob", "!user bob",
        "user BOB", "localuser *", "!localuser *", "localuser nobody-here", "exec true",
        "exec false", "!exec false", "exec \"test %h = example.com\"", "exec \"exit 3\"",
        "exec \"test '%n' = example.com\"", "exec \"test %p = 22\"", "exec \"test %r = bob\"",
        "exec \"test %u = $(id -un)\"", "exec \"test %i = $(id -u)\"",
        "exec \"test %l = $(uname -n)\"", "exec \"test %L = $(uname -n | cut -d. -f1)\"",
        "exec \"test %d = $(getent passwd $(id -u) | cut -d: -f6)\"",
        "exec \"test %k = example.com\"", "exec \"test %% = %%\"", "exec \"test -n %C\"",
        "exec \"test %f\"", "exec=true", "host=example.com", "host = example.com",
        "host example.com exec true", "host other exec \"kill -9 $$\"", "host example.com user bob",
        "host example.com user alice", "host example.com all", "host a user b all", "all host a",
        "canonical", "!canonical", "final", "!final", "canonical all", "final all", "final host *",
        "final exec true", "host", "user", "exec", "originalhost", "host \"\"", "nonsense",
        "nonsense x", "#", "host example.com # comment", "localuser", "",
    ].map { Entry(text: "User bob\nMatch \($0)\nPort 7\nHostKeyAlias matched") }

    /// Whole configurations, as people write them.
    static let written: [Entry] = [
        Entry(
            text: """
                Host gate
                    HostName gate.example.org
                    User jump
                Host inner* !inner-test
                    ProxyJump gate
                    IdentityFile ~/.ssh/inner
                Host *
                    ServerAliveInterval 15
                    ServerAliveCountMax 2
                    ControlMaster auto
                    ControlPath ~/.ssh/sockets/socket-%r@%h:%p
                    ControlPersist yes
                """, host: "inner7"),
        Entry(
            text: """
                Match host *.example.com !exec "false"
                    User inside
                    StrictHostKeyChecking no
                    UserKnownHostsFile=/dev/null
                Match final host *.org
                    Port 99
                Host *
                    LogLevel ERROR
                """, host: "a.example.com"),
        Entry(text: "Host a\nHostName b\nHost b\nPort 3\nMatch final\nUser x", host: "a"),
        Entry(text: "Host a\nHostName b\nMatch final host b\nPort 3", host: "a"),
        Entry(text: "Host a\nHostName b\nMatch final originalhost a\nPort 3", host: "a"),
        Entry(text: "IdentityFile /a\nSendEnv A\nMatch final\nIdentityFile /b\nSendEnv B"),
        Entry(text: "Match final\nPort 3\nUser late\nMatch all\nPort 4"),
        Entry(text: "HostName x-%h\nMatch host x-*\nPort 5"),
        Entry(text: "User alice\nMatch user alice\nPort 5\nMatch user bob\nPort 6"),
        Entry(text: "ProxyJump none\nProxyCommand nc %h %p"),
        Entry(text: "ProxyCommand none\nProxyJump gate"),
        Entry(text: "ProxyCommand nc\nProxyJump gate"),
        Entry(text: "ProxyJump gate\nProxyCommand nc"),
        Entry(text: "ProxyJump a,b\nProxyJump c"),
        Entry(text: "UserKnownHostsFile ~/.ssh/known_hosts"),
        Entry(text: "UserKnownHostsFile /x"), Entry(text: "IdentityAgent ${UNSET}"),
        Entry(text: "SyslogFacility AUTH\nSyslogFacility daemon"),
        Entry(text: "ProxyJump none\nProxyCommand nc\nProxyJump gate"),
        Entry(text: "ProxyUseFdpass yes\nProxyCommand -"),
        Entry(text: "ProxyJump none\nProxyJump a"),
        Entry(text: "Include \"\""), Entry(text: "Match final\nCanonicalizeMaxDots 2"),
        Entry(text: "VerifyHostKeyDNS ask"),
        Entry(text: "VerifyHostKeyDNS yes\nUpdateHostKeys yes"),
        Entry(text: "CanonicalDomains example.com\nCanonicalizeHostname no\nCanonicalizeMaxDots 3"),
        Entry(text: "Host *.1\nPort 5\nHost 10.*\nPort 6", host: "10.0.0.1"),
        Entry(text: "Host 127.0.0.1\nPort 5", host: "127.1"),
        Entry(
            text: "Match host 127.0.0.1\nPort 5\nMatch final host 127.0.0.1\nUser n", host: "127.1"),
        Entry(text: "", host: "0x7f.1"), Entry(text: "", host: "::0001"),
        Entry(text: "", host: "2001:DB8::1"), Entry(text: "", host: "fe80::1%nowhere"),
        Entry(text: "", host: "EXAMPLE.com"), Entry(text: "", host: "example.com."),
        Entry(text: "HostName 127.1"), Entry(text: "HostName ::0001"),
        Entry(text: "Port 1", commandLine: ["Port=2", "Port=3"]),
        Entry(text: "ProxyJump gate", commandLine: ["ProxyCommand=none"]),
        Entry(text: "ProxyCommand nc", commandLine: ["ProxyJump=x"]),
        Entry(text: "", commandLine: ["Include /etc/hosts"]),
        Entry(text: "", commandLine: ["IgnoreUnknown x", "x y"]),
        Entry(text: "", commandLine: ["SetEnv=A=1", "SendEnv B C"]),
        Entry(text: "GSSAPIKeyExchange yes\nGSSAPITrustDns no\nGSSAPIRenewalForcesRekey no"),
        Entry(text: "GSSAPIClientIdentity x\nGSSAPIServerIdentity y"),
        Entry(text: "RemoteCommand tmux a\nRequestTTY yes\nSessionType none\nForwardAgent yes"),
    ]
}

extension Corpus {
    /// Several options in several blocks, drawn with numbers that are the same in every run.
    static let generated: [Entry] = {
        var numbers = Numbers(state: 7)
        return (0..<120).map { _ in
            var lines: [String] = []
            for _ in 0...numbers.next(below: 12) {
                switch numbers.next(below: 4) {
                case 0: lines.append(block(&numbers))
                default: lines.append("  " + option(&numbers))
                }
            }
            let arguments = (0..<numbers.next(below: 3)).map { _ in option(&numbers) }
            let hosts = ["alpha", "beta.example.com", "10.0.0.9"]
            return Entry(
                text: lines.joined(separator: "\n"), host: hosts[numbers.next(below: hosts.count)],
                commandLine: arguments)
        }
    }()

    /// ssh 9.2 takes the first from blocks that do not hold, and looks the host up for the second.
    private static let drawable = values.filter {
        !["SyslogFacility", "CanonicalizePermittedCNAMEs"].contains($0.keyword)
    }

    private static func option(_ numbers: inout Numbers) -> String {
        let option = drawable[numbers.next(below: drawable.count)]
        let good = option.values.filter { !$0.hasPrefix("!") }
        return "\(option.keyword) \(good[numbers.next(below: good.count)])"
    }

    private static func block(_ numbers: inout Numbers) -> String {
        let blocks = [
            "Host alpha", "Host *", "Host *.com !beta*", "Host beta* 10.*", "Host !alpha *",
            "Match all", "Match host alpha", "Match user bob", "Match !user bob host *",
            "Match originalhost beta*", "Match exec true", "Match host alpha exec false",
            "Match final", "Match final host 10.*", "Match !final", "Match localuser nobody-here",
        ]
        return blocks[numbers.next(below: blocks.count)]
    }
}

/// Numbers that are the same in every run (a linear congruential generator, Knuth's MMIX).
struct Numbers {
    var state: UInt64

    mutating func next(below limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(limit))
    }
}
