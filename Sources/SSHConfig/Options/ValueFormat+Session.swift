// SPDX-License-Identifier: Apache-2.0

// The values that one option only takes: of keys, logins and sessions.

extension ValueFormat where Value == RekeyLimit {
    /// `RekeyLimit`: a size or `default`, then a time or `none`.
    static let rekeyLimit = ValueFormat(
        text: { "\($0.bytes ?? 0) \(TimeText.seconds($0.interval ?? .zero))" },
        parse: { arguments throws(SSHConfigError) in
            var limit = RekeyLimit()
            let amount = try arguments.word()
            if amount.lowercased() != "default" {
                // Below a cipher block there is nothing that could be sent under one key.
                guard let bytes = SizeText.bytes(amount), bytes == 0 || bytes >= 16 else {
                    throw arguments.invalid(
                        amount, expected: "a size of 16 bytes or more, like 256M")
                }
                limit.bytes = bytes == 0 ? nil : bytes
            }
            guard let time = arguments.nextWord(), time.lowercased() != "none" else { return limit }
            guard let interval = TimeText.duration(time) else {
                throw arguments.invalid(time, expected: "a time like 1h30m")
            }
            limit.interval = interval == .zero ? nil : interval
            return limit
        })
}

extension ValueFormat where Value == AddKeysToAgent {
    /// `AddKeysToAgent`: a word, a time, or `confirm` with a time.
    static let addKeysToAgent = ValueFormat(
        text: { value in
            switch value {
            case .no: "false"
            case .ask: "ask"
            case .yes(nil): "true"
            case .yes(let lifetime?): TimeText.seconds(lifetime)
            case .confirm(nil): "confirm"
            case .confirm(let lifetime?): "confirm \(TimeText.seconds(lifetime))"
            }
        },
        parse: { arguments throws(SSHConfigError) in
            let word = try arguments.word()
            switch word.lowercased() {
            case "yes", "true": return .yes(lifetime: nil)
            case "no", "false": return .no
            case "ask": return .ask
            case "confirm":
                guard let time = arguments.nextWord() else { return .confirm(lifetime: nil) }
                return .confirm(lifetime: try lifetime(time, arguments))
            default: return .yes(lifetime: try lifetime(word, arguments))
            }
        })

    private static func lifetime(
        _ word: String, _ arguments: Arguments
    ) throws(SSHConfigError) -> Duration? {
        guard let time = TimeText.duration(word) else {
            throw arguments.invalid(word, expected: "one of ask, confirm, no, yes, or a time")
        }
        return time == .zero ? nil : time
    }
}

extension ValueFormat where Value == [ChannelTimeout] {
    /// `ChannelTimeout`: types with times, or `none`.
    static let channelTimeouts = ValueFormat(
        text: { timeouts in
            let words = timeouts.map { "\($0.type)=\(TimeText.seconds($0.interval))" }
            return words.isEmpty ? "none" : words.joined(separator: " ")
        },
        parse: { arguments throws(SSHConfigError) in
            var timeouts: [ChannelTimeout] = []
            for word in try arguments.wordsOrNone() {
                let parts = word.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let interval = parts.count == 2 ? TimeText.duration(String(parts[1])) : nil
                guard let interval, !parts[0].isEmpty else {
                    throw arguments.invalid(word, expected: "a type with a time, like session=5m")
                }
                timeouts.append(ChannelTimeout(type: String(parts[0]), interval: interval))
            }
            return timeouts
        })
}

extension ValueFormat where Value == [EnvironmentVariable] {
    /// `SetEnv`: variables, each as `NAME=VALUE`; of two with one name, the first counts.
    static let variables = ValueFormat(text: { _ in nil }) { arguments throws(SSHConfigError) in
        var variables: [EnvironmentVariable] = []
        for word in try arguments.remainingWords() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw arguments.invalid(word, expected: "a variable like NAME=VALUE")
            }
            let name = String(parts[0])
            if !variables.contains(where: { $0.name == name }) {
                variables.append(EnvironmentVariable(name: name, value: String(parts[1])))
            }
        }
        return variables
    }
}

extension ValueFormat where Value == KnownHostsCommand? {
    /// `KnownHostsCommand`: a command, or `none`.
    static let knownHostsCommand = ValueFormat(text: { $0?.text }) {
        arguments throws(SSHConfigError) in
        let text = try arguments.remainingText()
        guard text.lowercased() != "none" else { return nil }
        return KnownHostsCommand(text: text, at: arguments.location)
    }
}
