// SPDX-License-Identifier: Apache-2.0

extension ClientOptions {
    /// Completes what the sources say with defaults, and expands what stands in the values.
    init(
        _ values: OptionValues, host: String, local: LocalContext
    ) throws(SSHConfigError) {
        try Self.checkRefusals(values)
        let names = try Names(values, host: host, local: local)
        originalHost = host
        hostName = names.hostName
        port = names.port
        user = names.user
        addressFamily = values.addressFamily?.value ?? .any
        bindAddress = values.bindAddress?.value
        connectTimeout = values.connectTimeout.flatMap { $0.value == .zero ? nil : $0.value }
        connectionAttempts = values.connectionAttempts?.value ?? 1
        tcpKeepAlive = values.tcpKeepAlive?.value ?? true
        ipQoS = values.ipQoS?.value ?? TypeOfService(interactive: 0xB8, bulk: nil)

        hostKeyAlias = values.hostKeyAlias?.value.lowercased()
        userKnownHostsFiles = try names.userKnownHostsFiles(values)
        globalKnownHostsFiles = try names.globalKnownHostsFiles(values)
        strictHostKeyChecking = values.strictHostKeyChecking?.value ?? .ask
        hashKnownHosts = values.hashKnownHosts?.value ?? false
        checkHostIP = values.checkHostIP?.value ?? false
        noHostAuthenticationForLocalhost = values.noHostAuthenticationForLocalhost?.value ?? false
        // Whoever names files of his own may not want them to be changed.
        updateHostKeys =
            values.updateHostKeys?.value ?? (values.userKnownHostsFiles == nil ? .yes : .no)

        ciphers = values.ciphers?.value ?? .unchanged(keyword: "Ciphers")
        macs = values.macs?.value ?? .unchanged(keyword: "MACs")
        kexAlgorithms = values.kexAlgorithms?.value ?? .unchanged(keyword: "KexAlgorithms")
        hostKeyAlgorithms =
            values.hostKeyAlgorithms?.value ?? .unchanged(keyword: "HostKeyAlgorithms")
        pubkeyAcceptedAlgorithms =
            values.pubkeyAcceptedAlgorithms?.value
            ?? .unchanged(keyword: "PubkeyAcceptedAlgorithms")
        compression = values.compression?.value ?? false
        requiredRSASize = values.requiredRSASize?.value ?? 1_024
        rekeyLimit = values.rekeyLimit?.value ?? RekeyLimit()

        identityFiles = try names.identityFiles(values)
        certificateFiles = try names.paths(values.certificateFiles, keyword: "CertificateFile")
        identitiesOnly = values.identitiesOnly?.value ?? false
        identityAgent = try names.identityAgent(values)
        batchMode = values.batchMode?.value ?? false
        preferredAuthentications =
            values.preferredAuthentications?.value ?? Self.defaultAuthentications
        passwordAuthentication = values.passwordAuthentication?.value ?? true
        kbdInteractiveAuthentication = values.kbdInteractiveAuthentication?.value ?? true
        pubkeyAuthentication = values.pubkeyAuthentication?.value ?? true
        numberOfPasswordPrompts = values.numberOfPasswordPrompts?.value ?? 3

        serverAliveInterval = values.serverAliveInterval.flatMap {
            $0.value == .zero ? nil : $0.value
        }
        serverAliveCountMax = values.serverAliveCountMax?.value ?? 3
        logLevel = values.logLevel?.value ?? .info
        sendEnv = values.sendEnv.map(\.value)
        setEnv = values.setEnv?.value ?? []
    }

    private static let defaultAuthentications = [
        "gssapi-with-mic", "hostbased", "publickey", "keyboard-interactive", "password",
    ]

    /// Refuses the host if anything is asked for that we lack and that must not be passed over.
    private static func checkRefusals(_ values: OptionValues) throws(SSHConfigError) {
        for (_, refusal) in values.refusals.sorted(by: { $0.key < $1.key })
        where !refusal.isHarmless {
            throw SSHConfigError(
                .unsupported, at: refusal.value.location, keyword: refusal.keyword,
                "\(quoted(refusal.value.value)): \(refusal.reason)")
        }
    }
}

/// The names and paths of a configuration, expanded.
private struct Names {
    let hostName: String
    let port: UInt16
    let user: String
    private let tokens: [Character: String]
    private let local: LocalContext

    init(_ values: OptionValues, host: String, local: LocalContext) throws(SSHConfigError) {
        self.local = local
        port = values.port?.value ?? 22
        var name = host
        if let given = values.hostName {
            let expansion = TextExpansion(keyword: "HostName", tokens: ["h": host], local: local)
            name = try expansion.text(given, variables: false)
            try RemoteName.checkHost(name, at: given.location)
        }
        hostName = name.lowercased()
        var tokens: [Character: String] = [
            "d": local.homeDirectory, "h": hostName, "i": "\(local.userID)", "j": "",
            "k": values.hostKeyAlias?.value.lowercased() ?? host, "l": local.hostName,
            "L": String(local.hostName.prefix { $0 != "." }), "n": host, "p": "\(port)",
            "u": local.userName,
        ]
        user = try Self.user(values, tokens: tokens, local: local)
        tokens["r"] = user
        self.tokens = tokens
    }

    /// The user to log in as.
    ///
    /// A name that came with the host is meant literally.
    private static func user(
        _ values: OptionValues, tokens: [Character: String], local: LocalContext
    ) throws(SSHConfigError) -> String {
        guard let given = values.user else { return local.userName }
        guard given.location != nil else { return given.value }
        let name = try TextExpansion(keyword: "User", tokens: tokens, local: local).text(given)
        try RemoteName.checkUser(name, at: given.location)
        return name
    }

    func paths(
        _ texts: [Located<String>], keyword: String
    ) throws(SSHConfigError) -> [String] {
        let expansion = TextExpansion(keyword: keyword, tokens: tokens, local: local)
        return try texts.map { text throws(SSHConfigError) in try expansion.path(text) }
    }

    func userKnownHostsFiles(_ values: OptionValues) throws(SSHConfigError) -> [String] {
        guard let given = values.userKnownHostsFiles else {
            return [".ssh/known_hosts", ".ssh/known_hosts2"].map { "\(local.homeDirectory)/\($0)" }
        }
        let texts = given.value.map { Located($0, at: given.location) }
        return try paths(texts, keyword: "UserKnownHostsFile")
    }

    func globalKnownHostsFiles(_ values: OptionValues) throws(SSHConfigError) -> [String] {
        guard let given = values.globalKnownHostsFiles else {
            return ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]
        }
        let expansion = TextExpansion(keyword: "GlobalKnownHostsFile", tokens: [:], local: local)
        return try given.value.map { path throws(SSHConfigError) in
            try expansion.tilde(Located(path, at: given.location))
        }
    }

    /// The keys to try; `none` stands for itself only by keeping the defaults away.
    func identityFiles(_ values: OptionValues) throws(SSHConfigError) -> [IdentityFile] {
        guard !values.identityFiles.isEmpty else {
            return ["id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk"].map {
                IdentityFile(path: "\(local.homeDirectory)/.ssh/\($0)", isDefault: true)
            }
        }
        let texts = values.identityFiles.filter { $0.value.lowercased() != "none" }
        return try paths(texts, keyword: "IdentityFile").map { IdentityFile(path: $0) }
    }

    /// The agent's socket: a path, `none`, or the variable that holds it.
    func identityAgent(_ values: OptionValues) throws(SSHConfigError) -> String? {
        let usual = "SSH_AUTH_SOCK"
        guard let given = values.identityAgent, given.value != usual else {
            return socket(local.environment[usual])
        }
        if given.value.lowercased() == "none" { return nil }
        if given.value.hasPrefix("$"), !given.value.hasPrefix("${") {
            return socket(local.environment[String(given.value.dropFirst())])
        }
        return socket(try paths([given], keyword: "IdentityAgent").first)
    }

    private func socket(_ path: String?) -> String? {
        path.flatMap { $0.isEmpty ? nil : $0 }
    }
}
