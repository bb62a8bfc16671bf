// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto
import Wire

/// Puts the keys to try in ssh's order: certificates that the configuration names, keys of the agent
/// that it names, the agent's others, then those in files, each with its own certificate behind it.
struct IdentityCollector {
    let context: ConnectContext
    let files: IdentityFiles

    /// - Parameter agent: nil where there is none.
    func collect(agent: AgentClient?) async throws -> [Identity] {
        let held = await keys(of: agent)
        reportProblems(held)
        let configured = configuredIdentities(held)
        var identities: [Identity] = files.certificates.compactMap { file in
            signer(for: file.certificate, held).map {
                Identity(
                    name: file.path, publicKey: file.certificate.publicKey,
                    certificate: file.certificate, signer: $0)
            }
        }
        identities += configured.filter(\.isHeldByAgent)
        if !context.options.identitiesOnly { identities += held.map(\.identity) }
        identities += configured.filter { !$0.isHeldByAgent }
        return withoutRepetitions(identities).filter(isLongEnough)
    }

    /// The keys in files, each with the certificate beside it, by whoever can sign with them.
    private func configuredIdentities(_ held: [AgentKey]) -> [Identity] {
        files.keys.flatMap { file -> [Identity] in
            let signer =
                file.publicKey.flatMap { agentSigner($0.blob[...], held) } ?? file.signer
            var identities: [Identity] = []
            if let signer {
                identities.append(
                    Identity(name: file.path, publicKey: file.publicKey, signer: signer))
            }
            // As with ssh, named certificates keep those beside the keys away.
            if let certificate = file.certificate, context.options.certificateFiles.isEmpty,
                let signer = agentSigner(certificate.blob[...], held) ?? signer
            {
                identities.append(
                    Identity(
                        name: file.path, publicKey: certificate.publicKey,
                        certificate: certificate, signer: signer))
            }
            return identities
        }
    }

    /// Who can sign for a certificate: the agent, or a file with its key.
    private func signer(for certificate: Certificate, _ held: [AgentKey]) -> Identity.Signer? {
        agentSigner(certificate.blob[...], held)
            ?? agentSigner(certificate.publicKey.blob[...], held)
            ?? files.keys.first { $0.publicKey == certificate.publicKey }?.signer
    }

    private func agentSigner(_ blob: Bytes, _ held: [AgentKey]) -> Identity.Signer? {
        held.contains { $0.blob == blob } ? .agent(blob) : nil
    }

    private func withoutRepetitions(_ identities: [Identity]) -> [Identity] {
        var seen: Set<Bytes> = []
        return identities.filter { identity in
            identity.blob.map { seen.insert($0).inserted } ?? true
        }
    }

    private func isLongEnough(_ identity: Identity) -> Bool {
        let required = context.options.requiredRSASize
        guard let bits = identity.publicKey?.rsaBits, bits < required else { return true }
        context.show(
            "\(identity.name): the RSA key has \(bits) bits, and \(required) are required",
            level: .info)
        return false
    }

    // MARK: The agent

    private struct AgentKey {
        let blob: Bytes
        let identity: Identity
    }

    private func keys(of agent: AgentClient?) async -> [AgentKey] {
        guard let agent else { return [] }
        do {
            return try await agent.keys().compactMap(agentKey)
        } catch {
            context.show("No keys from the agent: \(error)", level: .info)
            return []
        }
    }

    /// Nil for keys of types that we do not know: nothing could check what is signed with them.
    private func agentKey(_ key: AgentClient.Key) -> AgentKey? {
        var identity = Identity(name: key.comment, signer: .agent(key.blob))
        if let certificate = try? Certificate(blob: key.blob) {
            guard certificate.kind == .user else { return nil }
            (identity.publicKey, identity.certificate) = (certificate.publicKey, certificate)
        } else if let publicKey = try? PublicKey(blob: key.blob) {
            identity.publicKey = publicKey
        } else {
            return nil
        }
        return AgentKey(blob: key.blob, identity: identity)
    }

    // MARK: What is of no use

    private func reportProblems(_ held: [AgentKey]) {
        for problem in files.problems { context.show(problem, level: .info) }
        for file in files.keys {
            if case .exposed(let permissions) = file.content {
                context.show(
                    """
                    WARNING: UNPROTECTED PRIVATE KEY FILE!
                    Permissions 0\(String(permissions, radix: 8)) for '\(file.path)' are too open: \
                    others may use the key. It is ignored; run chmod 600 on it.
                    """, level: .error)
            }
            let isHeld = file.publicKey.flatMap { agentSigner($0.blob[...], held) } != nil
            if !isHeld, let problem = file.problem {
                context.show("\(file.path): \(problem)", level: .info)
            }
        }
        if let library = context.options.pkcs11Provider {
            context.show(
                "PKCS11Provider \(library): its keys are used through the agent only; "
                    + "add them with ssh-add -s", level: .verbose)
        }
        if let library = context.options.securityKeyProvider, library != "internal" {
            context.show(
                "SecurityKeyProvider \(library): its keys are used through the agent only; "
                    + "add them with ssh-add -S", level: .verbose)
        }
    }
}

extension Identity {
    fileprivate var isHeldByAgent: Bool {
        switch signer {
        case .agent: true
        case .key, .locked: false
        }
    }
}

extension KeyFile {
    /// Who can sign, if the file can make it so.
    fileprivate var signer: Identity.Signer? {
        switch content {
        case .key(let key): .key(key)
        case .locked(let file): .locked(file)
        case .missing, .publicKey, .exposed, .unusable: nil
        }
    }

    /// Why the private half cannot be had from here; nil where it can, or nobody expects it.
    fileprivate var problem: String? {
        switch content {
        case .missing: isDefault || publicKey != nil ? nil : "no such identity"
        case .unusable(let text): text
        case .publicKey: "only the public half is here, and no agent has the other"
        case .key, .locked, .exposed: nil
        }
    }
}
