// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto
import SSHProtocol
import Wire

/// Logging in by keys (RFC 4252 section 7): each is offered once for each proof that is wanted.
struct KeyLogin {
    private let algorithms: [PublicKeyAlgorithm]
    /// Nil where there is none, or none that answers.
    private var agent: AgentClient?
    private let isWanted: Bool
    private var identities: [Identity]
    /// Places of those that have not been tried yet.
    private var untried: ArraySlice<Int>
    private var current: Int?
    private var offered = 0
    private var hasBeenTaken = false

    init(
        identities: [Identity], agent: AgentClient?, options: ClientOptions
    ) throws(SSHConfigError) {
        algorithms = try options.userKeyAlgorithms()
        self.agent = agent
        isWanted = options.pubkeyAuthentication != .no
        self.identities = isWanted ? identities : []
        untried = ArraySlice(self.identities.indices)
    }

    /// Starts over, since the server wants more than one proof: all keys but the one that it took.
    mutating func reset() {
        let taken = current.flatMap { identities[$0].publicKey }
        untried = ArraySlice(
            identities.indices.filter { taken == nil || identities[$0].publicKey != taken })
        if current != nil { (hasBeenTaken, offered) = (true, 0) }
        current = nil
    }

    /// The next key to offer; nil when there is none left.
    mutating func nextAttempt(
        _ serverAlgorithms: [String]?, _ context: ConnectContext
    ) async -> AuthenticationMethod? {
        while let place = untried.popFirst() {
            // Without its passphrase nobody knows what key this is.
            if identities[place].publicKey == nil { await unlock(place, context) }
            let identity = identities[place]
            guard let blob = identity.blob, let key = identity.publicKey else { continue }
            guard let algorithm = algorithm(for: key, identity, serverAlgorithms) else {
                context.show(
                    "\(identity.name): neither side has an algorithm in common for this key",
                    level: .verbose)
                continue
            }
            context.trace("Offering public key: \(identity.description) \(algorithm.rawValue)")
            current = place
            offered += 1
            // A key of ours signs in a moment, which saves a round trip. Where the user has to be
            // asked for something, it should not be for keys that the server does not want.
            let probesFirst: Bool =
                switch identity.signer {
                case .agent, .locked: true
                case .key: false
                }
            return .publicKey(blob: blob, algorithm: algorithm, probesFirst: probesFirst)
        }
        return nil
    }

    /// The first algorithm that we want, the key can, and the server takes.
    ///
    /// What a server lists decides between RSA's hashes only: not all list all that they take.
    private func algorithm(
        for key: PublicKey, _ identity: Identity, _ serverAlgorithms: [String]?
    ) -> PublicKeyAlgorithm? {
        algorithms.first { algorithm in
            guard algorithm.isCertificate == (identity.certificate != nil),
                algorithm.signature.keyType == key.type
            else { return false }
            guard key.type == .rsa, let serverAlgorithms else { return true }
            return serverAlgorithms.contains(algorithm.signature.rawValue)
        }
    }

    // MARK: Signing

    /// Makes the signature that was asked for; nil where it cannot be had.
    mutating func sign(_ request: SignatureRequest, _ context: ConnectContext) async -> Bytes? {
        guard let current else { return nil }
        if case .locked = identities[current].signer { await unlock(current, context) }
        let identity = identities[current]
        do {
            switch identity.signer {
            case .locked: return nil
            case .key(let key):
                await offerToAgent(key, identity, context)
                return try await context.loop.offload {
                    try key.sign(request.data, algorithm: request.algorithm)[...]
                }
            case .agent(let blob):
                return try await agent?.sign(request.data, by: blob, algorithm: request.algorithm)
            }
        } catch {
            context.show("\(identity.name): \(error)", level: .info)
            // A user who has not confirmed one key will not do so for the next.
            if let failure = error as? AgentClient.Failure, case .silent = failure { agent = nil }
            return nil
        }
    }

    /// Asks for the passphrase of a key, and has the key in its place if it is right.
    private mutating func unlock(_ place: Int, _ context: ConnectContext) async {
        guard case .locked(let file) = identities[place].signer else { return }
        guard let key = await Passphrase(identities[place].name, context).unlock(file) else {
            return
        }
        let expected = identities[place].publicKey
        guard expected == nil || expected == key.publicKey else {
            context.show(
                "\(identities[place].name): the private key is not that of the public key beside it",
                level: .error)
            return
        }
        // The same file may stand behind a certificate, too.
        for index in identities.indices where identities[index].name == identities[place].name {
            if case .locked(let other) = identities[index].signer, other === file {
                identities[index].signer = .key(key)
                identities[index].publicKey = key.publicKey
            }
        }
    }

    /// Gives the agent a key that has been used, if the user wants that (`AddKeysToAgent`).
    private func offerToAgent(
        _ key: PrivateKey, _ identity: Identity, _ context: ConnectContext
    ) async {
        guard let agent else { return }
        var constraints = AgentClient.Constraints()
        switch context.options.addKeysToAgent {
        case .no: return
        case .yes(let lifetime): constraints.lifetime = lifetime
        case .confirm(let lifetime):
            constraints.lifetime = lifetime
            constraints.mustConfirm = true
        case .ask:
            let question =
                "Add key \(TerminalText.line(identity.name)) (\(key.publicKey.fingerprint)) to agent?"
            guard await context.prompter.permits(question) else { return }
        }
        do {
            let comment = key.comment.isEmpty ? identity.name : key.comment
            try await agent.add(key, comment: comment, constraints)
            context.trace("Key added to the agent: \(identity.name)")
        } catch {
            context.show("\(identity.name): not added to the agent: \(error)", level: .verbose)
        }
    }

    /// What came of it.
    var summary: String {
        if !isWanted { return "publickey: PubkeyAuthentication is no" }
        return switch offered {
        case 0 where hasBeenTaken: "publickey: the server wants another key, and there is none"
        case 0: "publickey: there is no key to offer (IdentityFile, ssh-agent)"
        case 1: "publickey: the server did not take the one key offered"
        default: "publickey: the server took none of the \(offered) keys offered"
        }
    }
}
