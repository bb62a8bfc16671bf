// SPDX-License-Identifier: Apache-2.0

/// The values that one option only takes.
extension ValueParsers {
    /// `RekeyLimit`: a size or `default`, then a time or `none`.
    static func rekeyLimit(_ arguments: inout Arguments) throws(SSHConfigError) -> RekeyLimit {
        var limit = RekeyLimit()
        let amount = try arguments.word()
        if amount.lowercased() != "default" {
            // Below a cipher block there is nothing that could be sent under one key.
            guard let bytes = size(amount), bytes == 0 || bytes >= 16 else {
                throw arguments.invalid(amount, expected: "a size of 16 bytes or more, like 256M")
            }
            limit.bytes = bytes == 0 ? nil : bytes
        }
        guard let time = arguments.nextWord(), time.lowercased() != "none" else { return limit }
        guard let interval = duration(time) else {
            throw arguments.invalid(time, expected: "a time like 1h30m")
        }
        limit.interval = interval == .zero ? nil : interval
        return limit
    }

    /// `IPQoS`: one class for everything, or one for interactive and one for bulk data.
    static func typeOfService(
        _ arguments: inout Arguments
    ) throws(SSHConfigError) -> TypeOfService {
        let interactive = try serviceClass(arguments.word(), arguments)
        guard let second = arguments.nextWord() else {
            return TypeOfService(interactive: interactive, bulk: interactive)
        }
        return TypeOfService(interactive: interactive, bulk: try serviceClass(second, arguments))
    }

    private static func serviceClass(
        _ word: String, _ arguments: Arguments
    ) throws(SSHConfigError) -> UInt8? {
        let name = word.lowercased()
        if name == "none" { return nil }
        if let value = serviceClasses[name] { return value }
        let number = name.hasPrefix("0x") ? UInt8(name.dropFirst(2), radix: 16) : UInt8(name)
        guard let number else {
            throw arguments.invalid(word, expected: "a class of service like ef, cs1 or 0x10")
        }
        return number
    }

    /// Differentiated services code points (RFC 2474, 2597, 3246, 8622), shifted into the byte, and
    /// the older types of service (RFC 1349).
    private static let serviceClasses: [String: UInt8] = [
        "af11": 0x28, "af12": 0x30, "af13": 0x38, "af21": 0x48, "af22": 0x50, "af23": 0x58,
        "af31": 0x68, "af32": 0x70, "af33": 0x78, "af41": 0x88, "af42": 0x90, "af43": 0x98,
        "cs0": 0x00, "cs1": 0x20, "cs2": 0x40, "cs3": 0x60, "cs4": 0x80, "cs5": 0xA0, "cs6": 0xC0,
        "cs7": 0xE0, "ef": 0xB8, "va": 0xB0, "le": 0x04, "lowdelay": 0x10, "throughput": 0x08,
        "reliability": 0x04,
    ]

    /// `SetEnv`: variables, each as `NAME=VALUE`; of two with one name, the first counts.
    static func setEnv(
        _ arguments: inout Arguments
    ) throws(SSHConfigError) -> [EnvironmentVariable] {
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

    /// `SendEnv`: patterns of names; with a `-`, patterns of what is not to be sent after all.
    static func sendEnv(
        _ arguments: inout Arguments
    ) throws(SSHConfigError) -> Option.Assignment {
        let words = try arguments.remainingWords()
        let location = arguments.location
        if let word = words.first(where: { $0.contains("=") || $0 == "-" }) {
            throw arguments.invalid(word, expected: "a pattern of variable names")
        }
        return { values in
            for word in words {
                if word.hasPrefix("-") {
                    let removed = Pattern(word.utf8.dropFirst())
                    values.sendEnv.removeAll { removed.matches(Array($0.value.utf8)) }
                } else if values.sendEnv.count < ConfigurationLimits.listEntries {
                    values.sendEnv.append(Located(word, at: location))
                }
            }
        }
    }

    /// `IgnoreUnknown`: patterns of keywords, with commas between.
    static func keywordPatterns(
        _ arguments: inout Arguments
    ) throws(SSHConfigError) -> [Pattern] {
        try nameList(&arguments).map { Pattern($0.lowercased().utf8) }
    }
}
