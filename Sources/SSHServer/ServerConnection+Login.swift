// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPServer
import SSHCrypto
import SSHProtocol
import Wire

// Who is let in, and what is logged of it: in sshd's words, since people's tools read them.
extension ServerConnection {
    /// The client's user, as far as known, and address.
    var peerText: String {
        if let user { return "user \(ServerLog.escaped(user.utf8)) \(client.logText)" }
        guard let claimedUser else { return client.logText }
        let kind = settings.login.isKnown(claimedUser) ? "authenticating user" : "invalid user"
        return "\(kind) \(ServerLog.escaped(claimedUser.utf8)) \(client.logText)"
    }

    /// Answers a client that wants to be let in.
    ///
    /// Somebody whom nobody knows is answered as everybody else.
    func decide(_ attempt: AuthenticationAttempt) {
        if claimedUser == nil {
            claimedUser = attempt.user
            if !settings.login.isKnown(attempt.user) {
                let name = ServerLog.escaped(attempt.user.utf8)
                log.log(.info, "Invalid user \(name) from \(client.logText)")
            }
        }
        switch attempt.method {
        case .publicKeyQuery(let key, _): answer(attempt, key, isProved: false)
        case .publicKey(let key, _): answer(attempt, key, isProved: true)
        case .password(let password):
            isChecking = true
            loop.spawn { await self.check(password, of: attempt.user) }
        case .passwordChange, .keyboardInteractive, .answers:
            // Never asked for.
            ending = .authenticationFailed
            ssh.rejectAuthentication()
        }
    }

    private func check(_ password: Bytes, of user: String) async {
        let verdict = await settings.login.verdict(onPassword: password, of: user)
        isChecking = false
        // Nobody may be left who wants to know.
        if !hasEnded {
            answer(
                verdict, method: "password", facts: "\(attemptText(user)) ssh2", isProved: true)
        }
        checked()
    }

    private func answer(_ attempt: AuthenticationAttempt, _ key: PublicKey, isProved: Bool) {
        var facts = "\(attemptText(attempt.user)) ssh2: \(key.kindName)"
        if let certificate = attempt.certificate {
            facts += "-CERT \(key.fingerprint) ID \(ServerLog.escaped(certificate.keyID.utf8))"
            facts += " (serial \(certificate.serial)) CA \(certificate.authority.kindName)"
            facts += " \(certificate.authority.fingerprint)"
        } else {
            facts += " \(key.fingerprint)"
        }
        let verdict = settings.login.verdict(
            on: key, certificate: attempt.certificate, of: attempt.user, from: client)
        answer(verdict, method: "publickey", facts: facts, isProved: isProved)
    }

    /// - Parameter isProved: whether the client would be in, and not only told to go on.
    private func answer(
        _ verdict: LoginRules.Verdict, method: String, facts: String, isProved: Bool
    ) {
        switch verdict {
        case .accepted:
            if isProved { log.log(.info, "Accepted \(method) for \(facts)") }
            ssh.acceptAuthentication()
        case .refused(let reasons):
            ending = .authenticationFailed
            refusals += 1
            for reason in reasons { log.log(.info, "Authentication refused: \(reason)") }
            // Clients try all keys that they have: the first ones are nothing to worry about.
            let isSuspicious =
                method == "password" || facts.hasPrefix("invalid user ")
                || refusals >= settings.ssh.authentication.maximumAttempts / 2
            log.log(isSuspicious ? .info : .verbose, "Failed \(method) for \(facts)")
            ssh.rejectAuthentication()
        }
    }

    private func attemptText(_ user: String) -> String {
        let kind = settings.login.isKnown(user) ? "" : "invalid user "
        return "\(kind)\(ServerLog.escaped(user.utf8)) from \(client.logText)"
    }

    /// Logs why the connection has ended.
    func logEnd(_ error: SSHError) {
        let place = user == nil ? " [preauth]" : ""
        let text = ServerLog.escaped(
            error.reason.trimmingPrefix(SSHError.disconnectedPrefix).utf8)
        switch error.code {
        case .disconnectedByPeer(let reason):
            log.log(
                .info, "Received disconnect from \(client.logText):\(reason.rawValue): \(text)")
            log.log(.info, "Disconnected from \(peerText)\(place)")
        case .connectionLost: log.log(.info, "Connection closed by \(peerText)\(place)")
        case .authenticationFailed:
            let user = attemptText(claimedUser ?? "")
            log.log(
                .error, "maximum authentication attempts exceeded for \(user) ssh2 [preauth]")
            log.log(.info, "Disconnecting \(peerText): Too many authentication failures [preauth]")
        case .noCommonAlgorithm:
            log.log(.info, "Unable to negotiate with \(client.logText): \(text) [preauth]")
        case .versionExchangeFailed:
            log.log(
                .error, "banner exchange: Connection from \(client.logText): invalid format")
        default: log.log(.info, "Disconnecting \(peerText): \(text)\(place)")
        }
    }
}
