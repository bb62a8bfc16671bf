// SPDX-License-Identifier: Apache-2.0

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
        case .publicKeyQuery(let key, _):
            answer(attempt.user, key, isProved: false)
        case .publicKey(let key, _):
            answer(attempt.user, key, isProved: true)
        case .password, .passwordChange, .keyboardInteractive, .answers:
            // Never offered.
            ending = .authenticationFailed
            ssh.rejectAuthentication()
        }
    }

    private func answer(_ user: String, _ key: PublicKey, isProved: Bool) {
        let facts = "\(attemptText(user)) ssh2: \(key.kindName) \(key.fingerprint)"
        switch settings.login.verdict(on: key, of: user, from: client) {
        case .accepted:
            if isProved { log.log(.info, "Accepted publickey for \(facts)") }
            ssh.acceptAuthentication()
        case .refused(let reasons):
            ending = .authenticationFailed
            refusals += 1
            for reason in reasons { log.log(.info, "Authentication refused: \(reason)") }
            // Clients try all keys that they have: the first ones are nothing to worry about.
            let isSuspicious =
                !settings.login.isKnown(user)
                || refusals >= settings.ssh.authentication.maximumAttempts / 2
            log.log(isSuspicious ? .info : .verbose, "Failed publickey for \(facts)")
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
