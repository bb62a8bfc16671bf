// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto
import SSHProtocol
import Wire

/// The ways to be let in that are left: each key is tried once, passwords a few times.
struct Login {
    private let algorithms: [PublicKeyAlgorithm]
    private let agent: AgentClient?
    private let mayUsePasswords: Bool

    private let identities: [Identity]
    /// Those that have not been tried yet.
    private var untried: [Identity]
    private var current: Identity?
    private var passwordsLeft: Int
    private var hasSentPassword = false

    init(
        identities: [Identity], agent: AgentClient?, options: ClientOptions,
        trust: HostKeyCheck.Trust
    ) throws(SSHConfigError) {
        algorithms = try options.userKeyAlgorithms()
        self.agent = agent
        mayUsePasswords = trust == .full && options.passwordAuthentication && !options.batchMode
        self.identities = options.pubkeyAuthentication != .no ? identities : []
        untried = self.identities
        passwordsLeft = options.numberOfPasswordPrompts
    }

    /// Starts over, since the server wants more than one proof: all keys but the one that it took.
    mutating func reset() {
        let taken = current?.publicKey
        untried = identities.filter { $0.publicKey != taken }
        current = nil
    }

    /// The next way to try; nil when none is left that the server takes.
    ///
    /// - Parameter serverAlgorithms: the signature algorithms that the server says it takes.
    mutating func nextAttempt(
        _ status: AuthenticationStatus, serverAlgorithms: [String]?, _ context: ConnectContext
    ) async throws -> AuthenticationMethod? {
        for method in context.options.preferredAuthentications
        where status.methods.contains(method) {
            switch method {
            case "publickey":
                if let attempt = nextKey(serverAlgorithms, context) { return attempt }
            case "password":
                if let attempt = await nextPassword(status, context) { return attempt }
            default: break
            }
        }
        return nil
    }

    // MARK: Keys

    private mutating func nextKey(
        _ serverAlgorithms: [String]?, _ context: ConnectContext
    ) -> AuthenticationMethod? {
        while !untried.isEmpty {
            let identity = untried.removeFirst()
            guard let algorithm = algorithm(for: identity.publicKey, serverAlgorithms) else {
                context.show(
                    "\(identity.name): neither side has an algorithm in common for this key",
                    level: .verbose)
                continue
            }
            context.show("Offering \(identity.name)", level: .debug1)
            current = identity
            // A key of ours signs in a moment, which saves a round trip. An agent may have to ask
            // its user, who should not be asked for keys that the server does not want.
            let probesFirst: Bool =
                switch identity.signer {
                case .agent: true
                case .file: false
                }
            return .publicKey(
                blob: identity.publicKey.blob[...], algorithm: algorithm, probesFirst: probesFirst)
        }
        return nil
    }

    /// The first algorithm that we want, the key can, and the server takes.
    private func algorithm(
        for key: PublicKey, _ serverAlgorithms: [String]?
    ) -> PublicKeyAlgorithm? {
        algorithms.first { algorithm in
            !algorithm.isCertificate && algorithm.signature.keyType == key.type
                && (serverAlgorithms?.contains(algorithm.rawValue) ?? true)
        }
    }

    /// Makes the signature that was asked for; nil where it cannot be had.
    func sign(_ request: SignatureRequest, _ context: ConnectContext) async -> Bytes? {
        guard let current else { return nil }
        do {
            switch current.signer {
            case .file(let key):
                return try await context.loop.offload {
                    try key.sign(request.data, algorithm: request.algorithm)[...]
                }
            case .agent:
                return try await agent?.sign(
                    request.data, by: current.publicKey, algorithm: request.algorithm)
            }
        } catch {
            context.show("\(current.name): \(error)", level: .info)
            return nil
        }
    }

    // MARK: Passwords

    private mutating func nextPassword(
        _ status: AuthenticationStatus, _ context: ConnectContext
    ) async -> AuthenticationMethod? {
        guard mayUsePasswords, passwordsLeft > 0 else { return nil }
        if status.cause == .passwordExpired {
            context.show(
                "The password has expired; change it by logging in with ssh.", level: .error)
        } else if hasSentPassword, status.cause == .answered, !status.partialSuccess {
            context.show("Permission denied, please try again.", level: .error)
        }
        passwordsLeft -= 1
        let options = context.options
        let question = TerminalText.line("\(options.user)@\(options.originalHost)'s password: ")
        guard let password = await context.prompter.ask(question, echoes: false) else {
            passwordsLeft = 0
            return nil
        }
        hasSentPassword = true
        return .password(Array(password.utf8)[...])
    }
}
