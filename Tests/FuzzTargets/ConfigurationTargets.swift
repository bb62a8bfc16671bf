// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto
import Wire

// An input is a sequence of chunks, each with a length of two bytes before it.

extension FuzzTarget {
    /// The user's configuration, the system's, one to include, and options of the command line, one
    /// a line.
    static let sshConfig = FuzzTarget(
        name: "ssh-config",
        seeds: { configurationSeeds },
        run: { input in
            let files = chunks(of: input)
            func file(_ index: Int) -> Bytes { files.indices.contains(index) ? files[index] : [] }
            let options = String(decoding: file(3), as: UTF8.self).split(separator: "\n")
            var configuration = SSHConfiguration(
                commandLine: options.map(String.init),
                local: machine(user: file(0), system: file(1), included: file(2)))
            check(configuration)
            configuration.files = .only("/config")
            configuration.commandLine = []
            check(configuration)
        })

    /// A host's name, and a known_hosts file.
    static let knownHosts = FuzzTarget(
        name: "known-hosts",
        seeds: { knownHostsSeeds },
        run: { input in
            let parts = chunks(of: input)
            guard parts.count == 2 else { return }
            let name = String(decoding: parts[0], as: UTF8.self)
            for port: UInt16 in [22, 2222] {
                var known = KnownHosts(for: KnownHostName(host: name, port: port))
                guard (try? known.add(parts[1], file: "known_hosts")) != nil else { continue }
                checkLines(of: known)
                checkNames(of: known.keys.prefix(4).map(\.blob), in: parts[1], besides: known.name)
            }
        })
}

/// Nothing that comes out of a configuration may be taken for an option or a second line.
private func check(_ configuration: SSHConfiguration) {
    for host in ["example.com", "10.0.0.1"] {
        guard let effective = try? configuration.effective(host: host, user: "me") else { continue }
        let options = effective.options
        precondition(
            !options.hostName.isEmpty && !options.hostName.hasPrefix("-")
                && options.hostName.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F },
            "a host name that could be something else")
        precondition(!options.user.hasPrefix("-"), "a user name that could be an option")
        let lines = try? effective.lines { selection throws(SSHConfigError) in
            try selection.names(defaults: ["a", "b"], supported: ["a", "b", "aes128-ctr"])
        }
        precondition(lines?.allSatisfy { !$0.contains("\n") } ?? true, "a value of two lines")
        _ = options.variablesToSend(from: ["LANG": "C", "X": "y"])
        _ = options.knownHostsCommand?.arguments(for: .init(.order, hostName: host))
    }
}

/// A machine with these files, whose answers are always the same.
private func machine(user: Bytes, system: Bytes, included: Bytes) -> LocalContext {
    var local = LocalContext(
        userName: "me", userID: 1_000, homeDirectory: "/home/me", hostName: "desk.example.net",
        environment: ["FOO": "foo", "SSH_AUTH_SOCK": "/agent"])
    local.homeDirectoryOfUser = { $0 == "other" ? "/home/other" : nil }
    local.readFile = { request in
        switch request.path {
        case "/home/me/.ssh/config", "/config": .bytes(user)
        case "/etc/ssh/ssh_config": .bytes(system)
        case "/included": .bytes(included)
        default: .missing
        }
    }
    local.expandGlob = { $0.hasPrefix("/etc") ? ["/etc/ssh/ssh_config"] : ["/included"] }
    local.runCommand = { .exited(status: $0.utf8.count & 1) }
    local.interfaceAddresses = { [[192, 0, 2, 1]] }
    local.numericAddress = { $0 == "10.1" ? "10.0.0.1" : nil }
    local.lookUp = { name, _ in
        name.hasSuffix(".org.") ? HostLookup(canonicalName: "real." + name) : nil
    }
    return local
}

private let configurationSeeds: [[UInt8]] = [
    [
        """
        # comment
        Include included ~other/x /${FOO}/%h
        Host *.com "b c" !d
            HostName "%h.example.org"
            User = bob-%n
            Port 2222
            IdentityFile ~/.ssh/%C-%d-%i-%k-%l-%L-%p-%r-%u-${FOO}-%%
            CertificateFile ~/cert
            ProxyJump a,bob@[::1]:22,ssh://c
        Match final host example.* user bob
            Ciphers ^aes*,-x
            RekeyLimit 1.5G 1h30m
            IPQoS af21 0x10
            SendEnv LANG -L*
            SetEnv A="b c" D=e\\ f
            AddKeysToAgent confirm 5m
            ChannelTimeout session=5m global=1h
        Match exec "test %h" !localuser x localnetwork 192.0.2.0/24,2001:db8::/32
            KnownHostsCommand /bin/x %H "%I %t" %K %f
            RequiredRSASize 2048
        Match canonical all
            UserKnownHostsFile ~/a /b
        """,
        """
        CanonicalizeHostname always
        CanonicalDomains example.org x.org
        CanonicalizePermittedCNAMEs *.a:*.b,c *:*
        ControlPersist 10m
        SyslogFacility LOCAL0
        """,
        "Match originalhost example.com tagged t,!u version Hawser sessiontype subsystem\nTag t\n",
        "IgnoreUnknown x*\nXyz=1\nControlPath=/%j\nLogLevel DEBUG2",
    ],
    [
        "ProxyCommand nc %h '%p'\nIdentityAgent $FOO\nHost=a\nPort x", "Match\tall\nPort 5", "",
        "Port=7",
    ],
].map { parts in parts.flatMap { chunked(Array($0.utf8)) } }

private let knownHostsSeeds: [[UInt8]] = {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + String(repeating: "A", count: 43)
    let text = """
        # comment
        example.com,*.org,!bad \(key) comment
        @revoked * \(key)
        @cert-authority [example.com]:2222 \(key)
        |1|\(String(repeating: "A", count: 27))=|\(String(repeating: "A", count: 27))= \(key)
        """
    return [chunked(Array("example.com".utf8)) + chunked(Array(text.utf8))]
}()

/// The lines with a key are counted, and few of them listed, however the file is cut.
private func checkNames(of keys: [[UInt8]], in text: Bytes, besides host: KnownHostName) {
    var (names, file) = (KnownKeyNames(of: keys, besides: [host]), KnownHostsFile(path: "file"))
    let middle = text.startIndex + text.count / 2
    for piece in [text[..<middle], text[middle...], [10]] {
        guard (try? names.add(piece, of: &file)) != nil else { return }
    }
    precondition(names.entries.count == min(names.count, KnownKeyNames.mostListed))
}

/// What is found can be written again, and be found then.
private func checkLines(of known: KnownHosts) {
    for key in known.keys.prefix(16) {
        _ = known.verdict(on: key.blob[...])
        guard let line = known.line(keyType: key.type, blob: key.blob[...]) else {
            continue
        }
        precondition(!line.contains("\n"), "a line that is two")
    }
    _ = known.preferringKnownTypes(PublicKeyAlgorithm.standard)
    _ = known.problems.map(\.description)
}
