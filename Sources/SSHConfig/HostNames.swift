// SPDX-License-Identifier: Apache-2.0

/// The hosts that a user's files name: what a shell can offer where a host is wanted.
///
/// They are read for that only; what a file means is another matter.
public enum HostNames {
    /// The names behind `Host` in an ssh_config file, without patterns; each once, in their order.
    public static func inConfiguration(_ text: String) -> [String] {
        unique(
            text.split(whereSeparator: \.isNewline).flatMap { line -> [Substring] in
                let words = line.split { $0 == " " || $0 == "\t" || $0 == "=" }
                guard let keyword = words.first, keyword.lowercased() == "host" else { return [] }
                return words.dropFirst().map { unquoted($0) }
            })
    }

    /// The names in a known_hosts file that are not hashed and stand for the usual port; each once, in
    /// their order.
    public static func inKnownHosts(_ text: String) -> [String] {
        unique(
            text.split(whereSeparator: \.isNewline).flatMap { line -> [Substring] in
                guard let first = line.first, !"#@|".contains(first),
                    let names = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).first
                else { return [] }
                return names.split(separator: ",").filter { !$0.hasPrefix("[") }
            })
    }

    private static func unquoted(_ word: Substring) -> Substring {
        word.hasPrefix("\"") && word.hasSuffix("\"") && word.count > 1
            ? word.dropFirst().dropLast() : word
    }

    private static func unique(_ names: [Substring]) -> [String] {
        var known: Set<Substring> = []
        return names.filter { name in
            !name.isEmpty && !name.contains { "*?!:".contains($0) } && known.insert(name).inserted
        }.map(String.init)
    }
}
