// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto
import SSHProtocol

/// Decides whether a server's host key is the host's: by lists of revoked keys, by certificates, by the
/// known_hosts files, and by asking, in ssh's order.
struct HostKeyCheck: Sendable {
    /// How far a server is trusted once its key has been looked at.
    enum Trust: Equatable {
        case full
        /// The key has changed or is revoked, and `StrictHostKeyChecking no` says to go on: whoever
        /// is there must not get a password.
        case withoutPasswords
    }

    /// A server that may be talked to.
    struct Acceptance {
        let trust: Trust
        /// Whether further keys of the server may be learned (`UpdateHostKeys`): the user's own files
        /// hold this one, or the user has just accepted it.
        let mayLearnKeys: Bool
    }

    var context: ConnectContext
    var known: KnownHosts
    /// What `RevokedHostKeys` names, with its path; nil where it names nothing.
    let revoked: (path: String, keys: RevokedKeys)?
    /// How authorities may sign certificates.
    let authorityAlgorithms: [SignatureAlgorithm]
    /// What the DNS holds about the key that the server has shown.
    var dnsFinding = DNSFinding.notAsked
    /// Why the certificate that the server has shown is of no use; nil where it has shown none.
    var certificateFault: String?

    /// Looks at the key that the server has proved to hold.
    ///
    /// - Throws: ``SSHClientError/hostKeyRefused(_:_:)``.
    func check(_ hostKey: HostKey, from server: DialedConnection) async throws -> Acceptance {
        let (options, key) = (context.options, hostKey.key)
        if let bits = key.rsaBits, bits < options.requiredRSASize {
            throw context.refused(.tooShort(bits: bits, required: options.requiredRSASize))
        }
        if let revoked, revoked.keys.contains(key, certificate: hostKey.certificate) {
            throw context.refused(.revoked(at: revoked.path))
        }
        if let accepted = context.memory?.accepted {
            return try checkAgain(hostKey, accepted: accepted)
        }
        var check = self
        check.dnsFinding = try await lookUpInDNS(key)
        if check.dnsFinding == .secureMatch, options.verifyHostKeyDNS == .yes {
            context.trace("The DNS vouches for the host's key")
            return Acceptance(trust: .full, mayLearnKeys: true)
        }
        if server.isLoopback, options.noHostAuthenticationForLocalhost,
            options.hostKeyAlias == nil
        {
            context.show("Forcing accepting of host key for loopback/localhost.", level: .debug1)
            return Acceptance(trust: .full, mayLearnKeys: false)
        }
        check.known = try await Self.addCommandOutput(to: known, for: .hostName, hostKey, context)
        return try await check.decide(on: hostKey, server)
    }

    private func decide(
        on hostKey: HostKey, _ server: DialedConnection
    ) async throws -> Acceptance {
        let key = hostKey.key
        let address = try await addressRecord(of: server, hostKey)
        var check = self
        if let certificate = hostKey.certificate {
            switch standing(of: certificate) {
            case .trusted: return Acceptance(trust: .full, mayLearnKeys: false)
            case .revoked(let place): return try acceptDespite(revocation: place, of: key)
            case .useless(let fault): check.certificateFault = fault
            }
        }
        switch known.verdict(on: key.blob[...]) {
        case .match(let place):
            context.show("Host '\(known.name.name)' is known: \(place)", level: .debug1)
            let isLearned = await learn(address, key, known: place)
            if !isLearned, context.options.visualHostKey {
                context.show(picture(of: key), level: .info)
            }
            try await compare(address, key, known: place)
            let isUsers = context.options.userKnownHostsFiles.contains(place.file)
            return Acceptance(trust: .full, mayLearnKeys: isUsers && known.holds(key.blob))
        case .revoked(let place): return try acceptDespite(revocation: place, of: key)
        case .changed(let other):
            warnOfSpoofing(address, key, known: other)
            return try acceptDespite(change: other, to: key)
        case .unknown:
            let isConfirmed = try await check.accept(unknown: key, server)
            await remember(key, address)
            try await compare(address, key, known: nil)
            return Acceptance(trust: .full, mayLearnKeys: isConfirmed)
        }
    }

    enum CertificateStanding {
        case trusted
        /// Why, to follow "the certificate".
        case useless(String)
        case revoked(ConfigurationLocation)
    }

    /// Whether an authority that is known for the host says that the key is its.
    ///
    /// Where none does, the key inside the certificate counts as one that came without.
    func standing(of certificate: Certificate) -> CertificateStanding {
        // A certificate is worth nothing once its key is revoked.
        if case .revoked(let place) = known.verdict(on: certificate.publicKey.blob[...]) {
            return .revoked(place)
        }
        switch known.verdict(onAuthority: certificate.authority.blob[...]) {
        case .revoked(let place): return .revoked(place)
        case .unknown, .changed:
            let authority = certificate.authority
            let fault =
                "is signed by \(authority.kindName) \(fingerprint(of: authority)), which is no "
                + "authority in known_hosts"
            context.show("The host's certificate \(fault)", level: .debug1)
            return .useless(fault)
        case .match(let place):
            let name = context.options.hostKeyAlias ?? context.options.hostName.lowercased()
            let fault = certificate.faultAsHost(
                at: context.world.secondsSince1970, signatureAlgorithms: authorityAlgorithms
            ) { wildcard($0, matches: name) }
            guard let fault else {
                context.show(
                    "The host's certificate \(certificate.keyID) is signed by \(place)",
                    level: .debug1)
                return .trusted
            }
            context.show("The host's certificate \(fault)", level: .error)
            return .useless("\(fault)")
        }
    }

    private func acceptDespite(
        change other: KnownHostKey, to key: PublicKey
    ) throws -> Acceptance {
        context.show(changeWarning(key, known: other), level: .error)
        return try acceptWithoutPasswords(
            orRefuse: .changed(
                knownAt: other.location.description, fingerprint: fingerprint(of: key)))
    }

    private func acceptDespite(
        revocation place: ConfigurationLocation, of key: PublicKey
    ) throws -> Acceptance {
        context.show(revocationWarning(key), level: .error)
        return try acceptWithoutPasswords(orRefuse: .revoked(at: place.description))
    }

    private func acceptWithoutPasswords(orRefuse refusal: HostKeyRefusal) throws -> Acceptance {
        guard context.options.strictHostKeyChecking == .no else { throw context.refused(refusal) }
        context.show(
            "Going on because StrictHostKeyChecking is off; no password will be sent.",
            level: .error)
        return Acceptance(trust: .withoutPasswords, mayLearnKeys: false)
    }

    func refusal(ofUnknown key: PublicKey) -> SSHClientError {
        context.refused(
            .unknown(fingerprint: fingerprint(of: key), certificate: certificateFault))
    }

    /// Whether the user has said himself that an unknown key is the host's; refuses what nobody may
    /// or does accept.
    private func accept(unknown key: PublicKey, _ server: DialedConnection) async throws -> Bool {
        // As with ssh: what cannot be remembered would have to be trusted unseen every time.
        guard !context.options.userKnownHostsFiles.isEmpty else {
            throw context.refused(.notRememberable(fingerprint: fingerprint(of: key)))
        }
        switch context.options.strictHostKeyChecking {
        case .yes: throw refusal(ofUnknown: key)
        case .acceptNew, .no: return false
        case .ask:
            try await ask(key, server)
            return true
        }
    }
}
