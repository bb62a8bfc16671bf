// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto
import Wire

/// Gathers the keys to try, in ssh's order: those of the agent that the configuration names, the
/// agent's others, then those in files.
struct IdentityCollector {
    let context: ConnectContext

    /// What a configured key file turned out to hold.
    private struct Candidate {
        let file: IdentityFile
        let publicKey: PublicKey
        /// Nil where only the public half can be had: the agent may have the other.
        let privateKey: PrivateKey?
        /// Why the private half cannot be had.
        let reason: String?
    }

    /// - Parameter agent: nil where there is none.
    func collect(agent: AgentClient?) async throws -> [Identity] {
        var candidates: [Candidate] = []
        for file in context.options.identityFiles {
            if let candidate = try await load(file) { candidates.append(candidate) }
        }
        let agentKeys = await keys(of: agent)
        let configured = candidates.filter { agentKeys[$0.publicKey] != nil }
        var identities = configured.map {
            Identity(name: $0.file.path, publicKey: $0.publicKey, signer: .agent)
        }
        if !context.options.identitiesOnly {
            let named = Set(configured.map(\.publicKey))
            identities += agentKeys.values.sorted { $0.order < $1.order }.filter {
                !named.contains($0.key)
            }.map { Identity(name: $0.comment, publicKey: $0.key, signer: .agent) }
        }
        for candidate in candidates where agentKeys[candidate.publicKey] == nil {
            if let key = candidate.privateKey {
                identities.append(
                    Identity(
                        name: candidate.file.path, publicKey: candidate.publicKey,
                        signer: .file(key)))
            } else if let reason = candidate.reason {
                context.show("\(candidate.file.path): \(reason)", level: .info)
            }
        }
        return withoutRepetitions(identities).filter(isLongEnough)
    }

    private func withoutRepetitions(_ identities: [Identity]) -> [Identity] {
        var seen: Set<PublicKey> = []
        return identities.filter { seen.insert($0.publicKey).inserted }
    }

    private func isLongEnough(_ identity: Identity) -> Bool {
        guard let bits = identity.publicKey.rsaBits, bits < context.options.requiredRSASize else {
            return true
        }
        context.show(
            "\(identity.name): the RSA key has \(bits) bits, and "
                + "\(context.options.requiredRSASize) are required", level: .info)
        return false
    }

    // MARK: The agent

    private struct AgentKey {
        let key: PublicKey
        let comment: String
        let order: Int
    }

    private func keys(of agent: AgentClient?) async -> [PublicKey: AgentKey] {
        guard let agent else { return [:] }
        do {
            var found: [PublicKey: AgentKey] = [:]
            for (order, key) in try await agent.keys().enumerated() {
                // Keys of types that we do not know, such as certificates, are no use here.
                guard let publicKey = try? PublicKey(blob: key.blob) else { continue }
                found[publicKey] = AgentKey(key: publicKey, comment: key.comment, order: order)
            }
            return found
        } catch {
            context.show("No keys from the agent: \(error)", level: .info)
            return [:]
        }
    }

    // MARK: Files

    private func load(_ file: IdentityFile) async throws -> Candidate? {
        let world = context.world
        let (content, publicHalf) = try await context.loop.offload {
            (KeyFile(file.path, world), PublicKey(fileAt: file.path + ".pub", world))
        }
        var (publicKey, privateKey, reason) = (publicHalf, PrivateKey?.none, String?.none)
        switch content {
        case .missing:
            if publicHalf == nil, !file.isDefault { reason = "no such identity" }
        case .publicKey(let key): publicKey = key
        case .privateKey(let key): (publicKey, privateKey) = (key.publicKey, key)
        case .unusable(let text): reason = text
        case .exposed(let permissions):
            context.show(
                """
                WARNING: UNPROTECTED PRIVATE KEY FILE!
                Permissions 0\(String(permissions, radix: 8)) for '\(file.path)' are too open: \
                others may use the key. It is ignored; run chmod 600 on it.
                """, level: .error)
        }
        guard let publicKey else {
            if let reason { context.show("\(file.path): \(reason)", level: .info) }
            return nil
        }
        return Candidate(file: file, publicKey: publicKey, privateKey: privateKey, reason: reason)
    }
}
