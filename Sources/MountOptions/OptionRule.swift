// SPDX-License-Identifier: Apache-2.0

/// What one option does, and whether it takes a value.
enum OptionRule: Sendable {
    /// Sets something; the option takes no value.
    case flag(@Sendable (inout MountOptions) -> Void)
    /// Sets something from the option's value; throws what was expected where it does not fit.
    case value(@Sendable (inout MountOptions, String) throws(Expected) -> Void)
    /// Handed to the kernel or fusermount3 as it stands.
    case kernel
    /// Handed to the SSH connection under this ssh_config(5) name.
    case ssh(String)
    /// Accepted in silence, with any value: it is for somebody else, such as mount(8).
    case ignored
    /// Accepted with any value for the sake of existing command lines; the user is told why nothing
    /// changes.
    case note(String)

    /// What a value should have been: words that complete "it is not".
    struct Expected: Error {
        let text: String
    }

    func apply(_ item: OptionItem, to options: inout MountOptions) throws(MountOptionError) {
        switch self {
        case .flag(let set):
            guard item.value == nil else { throw .unexpectedValue(item.name) }
            set(&options)
        case .value(let set):
            guard let value = item.value else { throw .missingValue(item.name) }
            do {
                try set(&options, value)
            } catch {
                throw .invalidValue(option: item.name, value: value, expected: error.text)
            }
        case .kernel:
            guard item.value == nil else { throw .unexpectedValue(item.name) }
            options.kernelOptions.append(item.name)
        case .ssh(let name):
            guard let value = item.value, !value.isEmpty else { throw .missingValue(name) }
            options.sshOptions.append(.init(name: name, value: value))
        case .ignored:
            break
        case .note(let reason):
            options.notes.append("option \"\(item.name)\" changes nothing: \(reason)")
        }
    }
}

extension OptionRule {
    /// `Compression` of ssh_config(5), which may also be `auto` here.
    static let compression = OptionRule.value { options, value in
        if value.lowercased() == "auto" {
            options.steersCompression = true
        } else {
            options.sshOptions.append(.init(name: "Compression", value: value))
        }
    }

    /// A duration in seconds, with or without a fraction.
    static func seconds(
        _ set: @escaping @Sendable (inout MountOptions, Duration) -> Void
    ) -> OptionRule {
        .value { options, value throws(Expected) in
            // Above ten years a timeout means "for ever"; the bound keeps it a number of nanoseconds.
            guard let seconds = Double(value), seconds >= 0, seconds <= 315_360_000 else {
                throw Expected(text: "a number of seconds")
            }
            set(&options, .seconds(seconds))
        }
    }

    /// A 32-bit number.
    static func number(
        radix: Int, _ set: @escaping @Sendable (inout MountOptions, UInt32) -> Void
    ) -> OptionRule {
        .value { options, value throws(Expected) in
            guard let number = UInt32(value, radix: radix) else {
                throw Expected(text: radix == 8 ? "an octal number" : "a number")
            }
            set(&options, number)
        }
    }

    /// The size of a transfer, in bytes; 0 is as much as there can be.
    static func transferSize(
        _ set: @escaping @Sendable (inout MountOptions, UInt32?) -> Void
    ) -> OptionRule {
        .value { options, value throws(Expected) in
            // The kernel makes no smaller ones.
            guard let number = UInt32(value), number == 0 || number >= 4096 else {
                throw Expected(text: "a number of bytes, at least 4096")
            }
            set(&options, number == 0 ? nil : number)
        }
    }

    /// Some text that is not empty.
    static func text(
        _ expected: String, _ set: @escaping @Sendable (inout MountOptions, String) -> Void
    ) -> OptionRule {
        .value { options, value throws(Expected) in
            guard !value.isEmpty else { throw Expected(text: expected) }
            set(&options, value)
        }
    }

    /// One of a few words.
    static func word<Value: Sendable>(
        _ words: KeyValuePairs<String, Value>,
        _ set: @escaping @Sendable (inout MountOptions, Value) -> Void
    ) -> OptionRule {
        let words = words.map { ($0.key, $0.value) }
        return .value { options, value throws(Expected) in
            guard let (_, meaning) = words.first(where: { $0.0 == value }) else {
                throw Expected(text: "one of " + words.map(\.0).joined(separator: ", "))
            }
            set(&options, meaning)
        }
    }
}
