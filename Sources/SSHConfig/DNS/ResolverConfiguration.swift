// SPDX-License-Identifier: Apache-2.0

public import Wire

/// Which name servers are asked, and how: resolv.conf(5), as far as it matters for a single question.
///
/// As with ssh over the GNU C library, DNSSEC is used only where the administrator has said that the way
/// to the name server can be trusted (`options trust-ad`), and EDNS0 only where he wants it.
public struct ResolverConfiguration: Equatable, Sendable {
    /// The servers' addresses in numbers, in order.
    public private(set) var nameServers: [String] = []
    /// Whether the server may say that it has validated an answer (`trust-ad`).
    public private(set) var trustsAD = false
    /// Whether EDNS0 is used (`edns0`), and with it DNSSEC asked for.
    public private(set) var usesEDNS = false
    /// Whether datagrams are not used (`use-vc`).
    public private(set) var usesTCP = false
    /// How long a server may take to answer (`timeout`).
    public private(set) var timeout = Duration.seconds(5)
    /// How often every server is asked (`attempts`).
    public private(set) var attempts = 2

    /// How many servers are used: `MAXNS` of resolv.h.
    private static let mostNameServers = 3
    /// The longest `timeout` in seconds: `RES_MAXRETRANS`.
    private static let longestTimeout = 30
    /// The most `attempts`: `RES_MAXRETRY`.
    private static let mostAttempts = 5
    /// The largest resolv.conf that is read, in bytes.
    public static let fileBytes = 1 << 16

    /// Reads a configuration; what it does not know it passes over, as the C library does.
    ///
    /// - Parameters:
    ///   - file: resolv.conf's content; nil where there is none.
    ///   - environment: the variable `RES_OPTIONS`, whose options come last; nil where it is not set.
    public init(_ file: Bytes?, environment: String? = nil) {
        for (_, line) in Lines(of: file ?? []) {
            // A keyword begins its line.
            guard let first = line.first, !isSeparator(first) else { continue }
            let words = line.split(whereSeparator: isSeparator).map {
                String(decoding: $0, as: UTF8.self)
            }
            switch words.first {
            case "nameserver":
                guard words.count > 1, nameServers.count < Self.mostNameServers else { continue }
                nameServers.append(words[1])
            case "options": words.dropFirst().forEach { addOption($0) }
            default: continue
            }
        }
        environment?.split { $0 == " " || $0 == "\t" }.forEach { addOption(String($0)) }
        // Without any, the server is this machine.
        if nameServers.isEmpty { nameServers = ["127.0.0.1"] }
    }

    private mutating func addOption(_ option: String) {
        let parts = option.split(separator: ":", maxSplits: 1)
        let number = parts.count > 1 ? Int(parts[1]) : nil
        switch parts.first {
        case "trust-ad": trustsAD = true
        case "edns0": usesEDNS = true
        case "use-vc": usesTCP = true
        case "timeout":
            if let number { timeout = .seconds(min(max(number, 1), Self.longestTimeout)) }
        case "attempts": if let number { attempts = min(max(number, 1), Self.mostAttempts) }
        default: break
        }
    }
}
