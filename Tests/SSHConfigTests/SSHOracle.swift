// SPDX-License-Identifier: Apache-2.0

import SSHConfig

/// ssh(1) itself, asked how it understands a configuration (`ssh -G`).
struct SSHOracle {
    /// What ssh printed: values by keyword in lower case, one for each line.
    typealias Answer = [String: [String]]

    /// A configuration that ssh refuses.
    struct Refusal: Error {
        /// The first line that it complains about.
        let line: Int?
        let text: String
    }

    /// Asks for the options of a host.
    static func options(_ arguments: [String], host: String, environment: [String] = []) throws
        -> Answer
    {
        let result = try run(
            ["/usr/bin/ssh", "-G"] + arguments + ["--", host],
            environment: ["PATH=/usr/bin:/bin"] + environment)
        guard result.status == 0 else {
            throw Refusal(line: lineNumber(in: result.errors), text: result.errors)
        }
        var answer: Answer = [:]
        for line in result.output.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            answer[String(parts[0]), default: []].append(parts.count > 1 ? String(parts[1]) : "")
        }
        return answer
    }

    private static func lineNumber(in text: String) -> Int? {
        let words = text.split { " :\n".contains($0) }
        return words.firstIndex(of: "line").flatMap { index in
            words.indices.contains(index + 1) ? Int(words[index + 1]) : nil
        }
    }

    /// What ssh uses where nothing is configured, and everything that it has, for each list.
    static let algorithms: [String: (defaults: [String], supported: [String])] = {
        let queries = [
            "ciphers": "cipher", "macs": "mac", "kexalgorithms": "kex",
            "hostkeyalgorithms": "HostKeyAlgorithms",
            "pubkeyacceptedalgorithms": "PubkeyAcceptedAlgorithms",
        ]
        let defaults = (try? options(["-F", "none"], host: "example.com")) ?? [:]
        return queries.reduce(into: [:]) { lists, query in
            let supported = (try? run(["/usr/bin/ssh", "-Q", query.value]))?.output ?? ""
            lists[query.key] = (
                defaults: (defaults[query.key]?.first ?? "").split(separator: ",").map(String.init),
                supported: supported.split(separator: "\n").map(String.init)
            )
        }
    }()
}

extension ClientOptions {
    /// The options as ssh prints them, apart from those whose defaults differ between versions and
    /// are not set here.
    func asPrintedBySSH() throws -> SSHOracle.Answer {
        func flag(_ value: Bool) -> [String] { [value ? "yes" : "no"] }
        func seconds(_ value: Duration?) -> String { "\(value?.components.seconds ?? 0)" }
        func list(_ selection: AlgorithmSelection) throws -> [String] {
            let all = SSHOracle.algorithms[selection.keyword.lowercased()]
            let names = try selection.names(
                defaults: all?.defaults ?? [], supported: all?.supported ?? [])
            return [names.joined(separator: ",")]
        }
        return [
            "hostname": [hostName], "port": ["\(port)"], "user": [user],
            "addressfamily": ["\(addressFamily)"], "bindaddress": bindAddress.map { [$0] } ?? [],
            "connecttimeout": [connectTimeout == nil ? "none" : seconds(connectTimeout)],
            "connectionattempts": ["\(connectionAttempts)"], "tcpkeepalive": flag(tcpKeepAlive),
            "hostkeyalias": hostKeyAlias.map { [$0] } ?? [],
            "userknownhostsfile": [
                userKnownHostsFiles.isEmpty ? "none" : userKnownHostsFiles.joined(separator: " ")
            ],
            "globalknownhostsfile": [
                globalKnownHostsFiles.isEmpty
                    ? "none" : globalKnownHostsFiles.joined(separator: " ")
            ],
            "stricthostkeychecking": [checkingName],
            "hashknownhosts": flag(hashKnownHosts), "checkhostip": flag(checkHostIP),
            "nohostauthenticationforlocalhost": flag(noHostAuthenticationForLocalhost),
            "updatehostkeys": [updatingName],
            "ciphers": try list(ciphers), "macs": try list(macs),
            "kexalgorithms": try list(kexAlgorithms),
            "hostkeyalgorithms": try list(hostKeyAlgorithms),
            "pubkeyacceptedalgorithms": try list(pubkeyAcceptedAlgorithms),
            "compression": flag(compression), "requiredrsasize": ["\(requiredRSASize)"],
            "rekeylimit": ["\(rekeyLimit.bytes ?? 0) \(seconds(rekeyLimit.interval))"],
            "identityfile": identityFiles.filter { !$0.isDefault }.map(\.path),
            "certificatefile": certificateFiles, "identitiesonly": flag(identitiesOnly),
            "batchmode": flag(batchMode),
            "preferredauthentications": [preferredAuthentications.joined(separator: ",")],
            "passwordauthentication": flag(passwordAuthentication),
            "kbdinteractiveauthentication": flag(kbdInteractiveAuthentication),
            "pubkeyauthentication": [pubkeyAuthentication ? "true" : "false"],
            "numberofpasswordprompts": ["\(numberOfPasswordPrompts)"],
            "serveraliveinterval": [seconds(serverAliveInterval)],
            "serveralivecountmax": ["\(serverAliveCountMax)"],
            "loglevel": ["\(logLevel)".uppercased()],
            "sendenv": sendEnv, "setenv": setEnv.map { "\($0.name)=\($0.value)" },
        ]
    }
}

extension ClientOptions {
    fileprivate var checkingName: String {
        switch strictHostKeyChecking {
        case .ask: "ask"
        case .yes: "true"
        case .acceptNew: "accept-new"
        case .no: "false"
        }
    }

    fileprivate var updatingName: String {
        switch updateHostKeys {
        case .yes: "true"
        case .no: "false"
        case .ask: "ask"
        }
    }
}

extension SSHOracle.Answer {
    /// Undoes what ssh prints differently from what it does: `~` of some files is still there, and so
    /// are default key files and `none`; what is not set is not printed.
    func normalized(home: String) -> SSHOracle.Answer {
        var answer = self
        let defaults = ["rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk", "xmss", "dsa"].map {
            "~/.ssh/id_\($0)"
        }
        var keys = self["identityfile"] ?? []
        if keys == defaults { keys = [] }
        answer["identityfile"] = keys.filter { $0 != "none" }.map { expand($0, home) }
        answer["certificatefile"] = (self["certificatefile"] ?? []).map { expand($0, home) }
        answer["preferredauthentications"] =
            self["preferredauthentications"] ?? [
                "gssapi-with-mic,hostbased,publickey,keyboard-interactive,password"
            ]
        answer["pubkeyauthentication"] = (self["pubkeyauthentication"] ?? []).map {
            ["unbound", "host-bound"].contains($0) ? "true" : $0
        }
        answer["loglevel"] = (self["loglevel"] ?? []).map {
            ["DEBUG": "DEBUG1", "SILENT": "QUIET"][$0] ?? $0
        }
        answer["connecttimeout"] = (self["connecttimeout"] ?? []).map { $0 == "0" ? "none" : $0 }
        answer["globalknownhostsfile"] = (self["globalknownhostsfile"] ?? []).map {
            expand($0, home)
        }
        return answer
    }

    private func expand(_ path: String, _ home: String) -> String {
        path.hasPrefix("~/") ? home + path.dropFirst() : path
    }
}
