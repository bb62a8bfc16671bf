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
        /// The key has changed and `StrictHostKeyChecking no` says to go on: whoever is there must
        /// not get a password.
        case withoutPasswords
    }

    let context: ConnectContext
    let known: KnownHosts
    /// What `RevokedHostKeys` names, with its path; nil where it names nothing.
    let revoked: (path: String, keys: RevokedKeys)?
    /// How authorities may sign certificates.
    let authorityAlgorithms: [SignatureAlgorithm]

    /// Looks at the key that the server has proved to hold.
    ///
    /// - Throws: ``SSHClientError/hostKeyRefused(_:_:)``.
    func check(_ hostKey: HostKey, isLoopback: Bool) async throws -> Trust {
        let (options, key) = (context.options, hostKey.key)
        if let bits = key.rsaBits, bits < options.requiredRSASize {
            throw context.refused(.tooShort(bits: bits, required: options.requiredRSASize))
        }
        if let revoked, revoked.keys.contains(key, certificate: hostKey.certificate) {
            throw context.refused(.revoked(at: revoked.path))
        }
        if isLoopback, options.noHostAuthenticationForLocalhost, options.hostKeyAlias == nil {
            context.show("Forcing accepting of host key for loopback/localhost.", level: .debug1)
            return .full
        }
        if let certificate = hostKey.certificate, try vouches(for: certificate) { return .full }
        switch known.verdict(on: key.blob[...]) {
        case .match(let place):
            context.show("Host '\(known.name.name)' is known: \(place)", level: .debug1)
            if options.visualHostKey { context.show(picture(of: key), level: .info) }
            return .full
        case .revoked(let place): throw context.refused(.revoked(at: place.description))
        case .changed(let other): return try changed(key, known: other)
        case .unknown:
            try await decideOnUnknown(key)
            return .full
        }
    }

    /// Whether an authority that is known for the host says that the key is its.
    ///
    /// Where none does, the key inside the certificate counts as one that came without.
    private func vouches(for certificate: Certificate) throws -> Bool {
        switch known.verdict(onAuthority: certificate.authority.blob[...]) {
        case .revoked(let place): throw context.refused(.revoked(at: place.description))
        case .unknown, .changed:
            context.show("No authority that is known signed the host's certificate", level: .debug1)
            return false
        case .match(let place):
            let name = context.options.hostKeyAlias ?? context.options.hostName.lowercased()
            let fault = certificate.faultAsHost(
                at: context.world.secondsSince1970, signatureAlgorithms: authorityAlgorithms
            ) { wildcard($0, matches: name) }
            guard let fault else {
                context.show(
                    "The host's certificate \(certificate.keyID) is signed by \(place)",
                    level: .debug1)
                return true
            }
            context.show("The host's certificate \(fault)", level: .error)
            return false
        }
    }

    private func changed(_ key: PublicKey, known other: KnownHostKey) throws -> Trust {
        context.show(changeWarning(key, known: other), level: .error)
        let place = other.location.description
        guard context.options.strictHostKeyChecking == .no else {
            throw context.refused(
                .changed(knownAt: place, fingerprint: fingerprint(of: key)))
        }
        context.show(
            "Going on because StrictHostKeyChecking is off; no password will be sent.",
            level: .error)
        return .withoutPasswords
    }

    private func decideOnUnknown(_ key: PublicKey) async throws {
        switch context.options.strictHostKeyChecking {
        case .yes: throw context.refused(.unknown(fingerprint: fingerprint(of: key)))
        case .acceptNew, .no: break
        case .ask: try await ask(key)
        }
        await remember(key)
    }

    /// Appends the key to the user's first file; that it could not be is no reason not to connect.
    private func remember(_ key: PublicKey) async {
        guard let path = context.options.userKnownHostsFiles.first else { return }
        let salt =
            context.options.hashKnownHosts
            ? context.world.random(KnownHosts.hashByteCount).prefix(KnownHosts.hashByteCount) : nil
        let line = known.line(keyType: key.type.rawValue, blob: key.blob[...], salt: salt)
        guard let line else {
            context.show(
                "The host's name cannot stand in known_hosts, so the key is not remembered.",
                level: .info)
            return
        }
        do {
            try await context.loop.offload { [world = context.world] in
                try world.appendLine(line, to: path)
            }
            context.show(
                "Warning: Permanently added '\(known.name.name)' (\(key.kindName)) to the list of "
                    + "known hosts.", level: .info)
        } catch {
            context.show("Could not add the host key to \(path): \(error)", level: .error)
        }
    }
}
