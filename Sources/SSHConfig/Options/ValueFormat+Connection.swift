// SPDX-License-Identifier: Apache-2.0

// The values that one option only takes: of connections.

extension ValueFormat where Value == TypeOfService {
    /// `IPQoS`: one class for everything, or one for interactive and one for bulk data.
    static let typeOfService = ValueFormat(
        text: { "\(name($0.interactive)) \(name($0.bulk))" },
        parse: { arguments throws(SSHConfigError) in
            let interactive = try serviceClass(arguments.word(), arguments)
            guard let second = arguments.nextWord() else {
                return TypeOfService(interactive: interactive, bulk: interactive)
            }
            return TypeOfService(
                interactive: interactive, bulk: try serviceClass(second, arguments))
        })

    private static func serviceClass(
        _ word: String, _ arguments: Arguments
    ) throws(SSHConfigError) -> UInt8? {
        let name = word.lowercased()
        if name == "none" { return nil }
        if let value = classes.first(where: { $0.0 == name }) { return value.1 }
        let number = name.hasPrefix("0x") ? UInt8(name.dropFirst(2), radix: 16) : UInt8(name)
        guard let number else {
            throw arguments.invalid(word, expected: "a class of service like ef, cs1 or 0x10")
        }
        return number
    }

    private static func name(_ value: UInt8?) -> String {
        guard let value else { return "none" }
        let digits = String(value, radix: 16)
        return classes.first { $0.1 == value }?.0 ?? "0x" + (value < 16 ? "0" : "") + digits
    }

    /// Differentiated services code points (RFC 2474, 2597, 3246, 8622), shifted into the byte, and
    /// the older types of service (RFC 1349).
    private static let classes: [(String, UInt8)] = [
        ("af11", 0x28), ("af12", 0x30), ("af13", 0x38), ("af21", 0x48), ("af22", 0x50),
        ("af23", 0x58), ("af31", 0x68), ("af32", 0x70), ("af33", 0x78), ("af41", 0x88),
        ("af42", 0x90), ("af43", 0x98), ("cs0", 0x00), ("cs1", 0x20), ("cs2", 0x40),
        ("cs3", 0x60), ("cs4", 0x80), ("cs5", 0xA0), ("cs6", 0xC0), ("cs7", 0xE0), ("ef", 0xB8),
        ("va", 0xB0), ("le", 0x04), ("lowdelay", 0x10), ("throughput", 0x08),
        ("reliability", 0x04),
    ]
}

extension ValueFormat where Value == UInt16 {
    /// `Port`: a number, or the name of SSH's own service.
    static let port = ValueFormat(text: { "\($0)" }) { arguments throws(SSHConfigError) in
        let word = try arguments.word()
        if word == "ssh" { return 22 }
        guard let number = UInt16(word), number > 0 else {
            throw arguments.invalid(word, expected: "a number from 1 to 65535")
        }
        return number
    }
}

extension ValueFormat where Value == [CNAMERule] {
    /// `CanonicalizePermittedCNAMEs`: rules, each as `SOURCES:TARGETS`, or `none`.
    static let nameRules = ValueFormat(
        text: { rules in
            let words = rules.map { "\($0.sources):\($0.targets)" }
            return words.isEmpty ? "none" : words.joined(separator: " ")
        },
        parse: { arguments throws(SSHConfigError) in
            var rules: [CNAMERule] = []
            for word in try arguments.wordsOrNone() {
                let parts = word.lowercased().split(
                    separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                guard word == "*" || (parts.count == 2 && !parts[1].isEmpty) else {
                    throw arguments.invalid(word, expected: "a rule like *.example.com:*.net")
                }
                rules.append(
                    CNAMERule(sources: String(parts[0]), targets: String(parts.last ?? "*")))
            }
            return rules
        })
}

extension ValueFormat where Value == ControlPersist {
    /// `ControlPersist`: a word or a time.
    static let controlPersist = ValueFormat(
        text: { value in
            switch value {
            case .no: "no"
            case .yes: "yes"
            case .idle(let time): TimeText.seconds(time)
            }
        },
        parse: { arguments throws(SSHConfigError) in
            let word = try arguments.word()
            switch word.lowercased() {
            case "yes", "true": return .yes
            case "no", "false": return .no
            default:
                guard let time = TimeText.duration(word) else {
                    throw arguments.invalid(word, expected: "one of no, yes, or a time")
                }
                return time == .zero ? .yes : .idle(time)
            }
        })
}

extension ValueFormat where Value == [JumpHost] {
    /// `ProxyJump`: hosts with commas between, or `none`.
    static let jumpHosts = ValueFormat(
        text: { $0.isEmpty ? nil : $0.map(text(of:)).joined(separator: ",") },
        parse: { arguments throws(SSHConfigError) in
            // As for a command, quotes have no meaning here; a comment may follow.
            let line = try arguments.remainingText()
            let text = line.prefix { $0 != "#" }.split(separator: " ").joined(separator: " ")
            guard text.lowercased() != "none" else { return [] }
            let words = text.split(separator: ",", omittingEmptySubsequences: false)
            guard words.count <= ConfigurationLimits.jumpHosts else {
                throw arguments.fault(.limitExceeded, "too many hosts")
            }
            var hosts: [JumpHost] = []
            for word in words {
                guard let host = jumpHost(word) else {
                    throw arguments.invalid(text, expected: "a list of [user@]host[:port]")
                }
                try RemoteName.checkHost(host.host, at: arguments.location)
                if let user = host.user { try RemoteName.checkUser(user, at: arguments.location) }
                hosts.append(host)
            }
            return hosts
        })

    private static func text(of host: JumpHost) -> String {
        let digits = "1234567890."
        let isNumeric = host.host.contains(":") || host.host.allSatisfy { digits.contains($0) }
        return (host.user.map { "\($0)@" } ?? "") + (isNumeric ? "[\(host.host)]" : host.host)
            + (host.port.map { ":\($0)" } ?? "")
    }

    /// Understands `[user@]host[:port]`, the host in brackets where it holds colons, or the same as
    /// `ssh://` URI (without query and the like).
    private static func jumpHost(_ text: Substring) -> JumpHost? {
        var rest = text
        let isURI = text.hasPrefix("ssh://")
        if isURI {
            rest = rest.dropFirst("ssh://".count)
            if rest.hasSuffix("/") { rest = rest.dropLast() }
            guard !rest.contains("/") else { return nil }
        }
        var user: String?
        if let at = rest.lastIndex(of: "@") {
            user = String(rest[..<at])
            rest = rest[rest.index(after: at)...]
            guard user?.isEmpty == false else { return nil }
        }
        guard let (host, portText) = hostAndPort(rest), !host.isEmpty else { return nil }
        guard let portText, !portText.isEmpty else {
            return JumpHost(user: user, host: String(host))
        }
        guard let port = UInt16(portText), port > 0 else { return nil }
        return JumpHost(user: user, host: String(host), port: port)
    }

    private static func hostAndPort(_ text: Substring) -> (Substring, Substring?)? {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            if rest.isEmpty { return (host, nil) }
            return rest.hasPrefix(":") ? (host, rest.dropFirst()) : nil
        }
        guard let colon = text.firstIndex(of: ":") else { return (text, nil) }
        let port = text[text.index(after: colon)...]
        return port.contains(":") ? nil : (text[..<colon], port)
    }
}
