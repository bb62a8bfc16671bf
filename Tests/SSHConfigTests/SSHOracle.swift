// SPDX-License-Identifier: Apache-2.0

@testable import SSHConfig

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
        return answer(result.output.split(separator: "\n"))
    }

    /// Takes lines apart.
    static func answer(_ lines: [Substring]) -> Answer {
        var answer: Answer = [:]
        for line in lines {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            answer[parts[0].lowercased(), default: []].append(
                parts.count > 1 ? String(parts[1]) : "")
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
            "casignaturealgorithms": "sig",
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

extension EffectiveConfiguration {
    /// The options as ssh prints them, with ssh's own algorithms.
    func asPrintedBySSH() throws -> SSHOracle.Answer {
        let lines = try self.lines { selection throws(SSHConfigError) in
            let all = SSHOracle.algorithms[selection.keyword.lowercased()]
            return try selection.names(
                defaults: all?.defaults ?? [], supported: all?.supported ?? [])
        }
        return SSHOracle.answer(lines.map { Substring($0) })
    }
}

extension SSHOracle.Answer {
    /// Leaves out what differs between versions of ssh where nothing is configured, makes the two
    /// ways of saying that there is no limit for connecting one, and says once what is sent twice.
    func comparable(ifGiven isGiven: (String) -> Bool) -> SSHOracle.Answer {
        var answer = self
        let changing: Set<String> = [
            "IdentityFile", "IPQoS", "ServerAliveInterval", "ServerAliveCountMax",
        ]
        for option in changing where !isGiven(option) { answer[option.lowercased()] = nil }
        answer["connecttimeout"] = self["connecttimeout"]?.map { $0 == "0" ? "none" : $0 }
        var seen: Set<String> = []
        answer["sendenv"] = self["sendenv"]?.filter { seen.insert($0).inserted }
        return answer
    }

    /// Whether ssh knows an option that has an effect here.
    func isComparable(_ option: Option) -> Bool {
        switch option.optionClass {
        case .a, .b: !SSHOracle.laterOptions.contains(option.keyword)
        case .c, .d: false
        }
    }
}

extension SSHOracle {
    /// Options that came after OpenSSH 9.2, which is the oldest version to test against.
    static let laterOptions: Set<String> = [
        "ChannelTimeout", "RefuseConnection", "Tag", "VersionAddendum", "WarnWeakCrypto",
    ]
}
