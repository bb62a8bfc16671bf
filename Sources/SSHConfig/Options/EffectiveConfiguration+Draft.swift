// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

extension EffectiveConfiguration {
    /// Completes what the sources say, and expands what stands in the values.
    init(_ draft: Draft, host: String, local: LocalContext) throws(SSHConfigError) {
        var options = draft.options
        options.hostName = try draft.currentHost(local)
        var tokens = Self.tokens(draft, hostName: options.hostName, user: nil, local: local)
        options.user = try Self.user(draft, tokens: tokens, local: local)
        tokens = Self.tokens(draft, hostName: options.hostName, user: options.user, local: local)
        for option in OptionTable.all {
            let expansion = TextExpansion(keyword: option.keyword, tokens: tokens, local: local)
            try option.expander?(&options, expansion, draft.places(of: option.keyword))
        }
        if !draft.isGiven("UpdateHostKeys"), Self.hostKeysComeFromElsewhere(draft) {
            options.updateHostKeys = .no
        }
        self.init(options: options, draft: draft, host: host)
    }

    /// What tokens stand for, as far as the sources have been read.
    ///
    /// - Parameter user: the user to log in as; nil where that is what is to be expanded.
    static func tokens(
        _ draft: Draft, hostName: String, user: String?, local: LocalContext
    ) -> [Character: String] {
        let options = draft.options
        let jumpHost = options.proxyJump.last?.host ?? ""
        var tokens: [Character: String] = [
            "d": local.homeDirectory, "h": hostName, "i": "\(local.userID)", "j": jumpHost,
            "k": options.hostKeyAlias?.lowercased() ?? options.originalHost, "l": local.hostName,
            "L": String(local.hostName.prefix { $0 != "." }), "n": options.originalHost,
            "p": "\(options.port)", "u": local.userName,
        ]
        if let user {
            tokens["r"] = user
            let connection = local.hostName + hostName + "\(options.port)" + user + jumpHost
            tokens["C"] = hexadecimal(HashAlgorithm.sha1.digest(of: connection.keptBytes[...]))
        }
        return tokens
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The user to log in as.
    ///
    /// A name that came with the host is meant literally.
    private static func user(
        _ draft: Draft, tokens: [Character: String], local: LocalContext
    ) throws(SSHConfigError) -> String {
        guard let given = draft.user else { return local.userName }
        guard given.location != nil else { return given.value }
        let name = try TextExpansion(keyword: "User", tokens: tokens, local: local).text(given)
        try RemoteName.checkUser(name, at: given.location)
        return name
    }

    /// Whether the user has files of his own, which he may not want to be changed, or trusts the DNS
    /// more than any.
    private static func hostKeysComeFromElsewhere(_ draft: Draft) -> Bool {
        let files = draft.options.userKnownHostsFiles
        let hasUsualFiles =
            !draft.isGiven("UserKnownHostsFile") || files == ["~/.ssh/known_hosts"]
        return !hasUsualFiles || draft.options.verifyHostKeyDNS != .no
    }
}
