// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto
import SSHProtocol
import Wire

/// Logging in by keys (RFC 4252 section 7): each is offered once for each proof that is wanted.
struct KeyLogin {
    private let algorithms: [PublicKeyAlgorithm]
    private let agent: AgentClient?
    private let identities: [Identity]
    /// Those that have not been tried yet.
    private var untried: [Identity]
    private var current: Identity?
    private var offered = 0
    private let isWanted: Bool

    init(
        identities: [Identity], agent: AgentClient?, options: ClientOptions
    ) throws(SSHConfigError) {
        algorithms = try options.userKeyAlgorithms()
        self.agent = agent
        isWanted = options.pubkeyAuthentication != .no
        self.identities = isWanted ? identities : []
        untried = self.identities
    }

    /// Starts over, since the server wants more than one proof: all keys but the one that it took.
    mutating func reset() {
        let taken = current?.publicKey
        untried = identities.filter { $0.publicKey != taken }
        current = nil
    }

    /// The next key to offer; nil when there is none left.
    mutating func nextAttempt(
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
            context.trace(
                "Offering public key: \(identity.name) \(identity.publicKey.kindName) "
                    + "\(identity.publicKey.fingerprint) \(algorithm.rawValue)")
            current = identity
            offered += 1
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

    /// What came of it.
    var summary: String {
        if !isWanted { return "publickey: PubkeyAuthentication is no" }
        return switch offered {
        case 0: "publickey: there is no key to offer (IdentityFile, ssh-agent)"
        case 1: "publickey: the server did not take the one key offered"
        default: "publickey: the server took none of the \(offered) keys offered"
        }
    }
}
