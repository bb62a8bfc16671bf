// SPDX-License-Identifier: Apache-2.0

import EventLoop
import LocalFiles
import SFTPServer
import SSHConfig
import SSHCrypto
public import Wire

/// Whom a server lets in: one user, by the keys of an authorized_keys file or by a password.
///
/// The files are read at each attempt, so that what is taken out of them is not let in any more.
public struct LoginRules: Sendable {
    /// The name by which clients log in.
    public var userName: Bytes
    /// The path of the authorized_keys file.
    public var authorizedKeys: Bytes
    /// The path of the file with hashes of passwords; nil where none let in.
    public var passwords: Bytes?
    /// Where hashes are made; the rules of all connections share them.
    private let passwordThreads = HelperThreads(limit: hashesAtOnce)

    /// How many hashes of passwords are made at once: each may take a processor for a second, and as
    /// much memory as its method says.
    private static let hashesAtOnce = 2

    /// Rules for one user.
    public init(userName: Bytes, authorizedKeys: Bytes, passwords: Bytes? = nil) {
        self.userName = userName
        self.authorizedKeys = authorizedKeys
        self.passwords = passwords
    }

    /// What comes of an attempt.
    enum Verdict: Equatable {
        case accepted
        /// The texts are for the log; the client is not told why.
        case refused([String])
    }

    /// Whether there is such a user.
    func isKnown(_ user: String) -> Bool { user.utf8.elementsEqual(userName) }

    /// Decides about a password, on a thread of its own.
    ///
    /// It takes as long as the hash does, no matter whether there is such a user. Few are made at a
    /// time: a hash is meant to be dear, and must not be a means to keep the server from its work.
    func verdict(onPassword password: Bytes, of user: String) async -> Verdict {
        await withCheckedContinuation { continuation in
            do throws(SystemError) {
                try passwordThreads.run {
                    continuation.resume(returning: check(password, of: user))
                }
            } catch {
                continuation.resume(returning: .refused(["\(error)"]))
            }
        }
    }

    private func check(_ password: Bytes, of user: String) -> Verdict {
        guard let passwords else { return .refused([]) }
        do throws(GuardedFile.Problem) {
            let file = PasswordFile(
                try GuardedFile.read(passwords, limit: PasswordFile.bytes, isSecret: true))
            switch file.answer(to: password, of: userName) {
            case .right: return isKnown(user) ? .accepted : .refused([])
            case .wrong: return .refused([])
            case .hashTooWeak:
                return .refused(["\(passwords.logText): a hash that is not good for new passwords"])
            }
        } catch {
            return .refused(["\(passwords.logText): \(error)"])
        }
    }

    /// Decides about a key that a client has, or says it has, with the certificate that it came in.
    ///
    /// It blocks for as long as reading the file takes.
    func verdict(
        on key: PublicKey, certificate: Certificate? = nil, of user: String,
        from client: ClientAddress
    ) -> Verdict {
        guard isKnown(user) else { return .refused([]) }
        let content: Bytes
        do {
            content = try GuardedFile.read(
                authorizedKeys, limit: ConfigurationLimits.authorizedKeysBytes)
        } catch {
            return .refused(["\(authorizedKeys.logText): \(error)"])
        }
        let keys = AuthorizedKeys(content)
        let now = LocalTime.secondsSince1970
        guard let utc = CalendarTime(now, isUTC: true), let local = CalendarTime(now, isUTC: false)
        else { return .refused(["the clock is beyond the calendar's end"]) }
        let facts = AuthorizedKeyOptions.Client(
            address: client.bytes, addressText: client.text, now: utc, localNow: local,
            seconds: UInt64(clamping: now))
        let verdict =
            certificate.map { keys.verdict(on: $0, of: user, for: facts) }
            ?? keys.verdict(on: key, for: facts)
        switch verdict {
        case .accepted: return .accepted
        case .refused(let line, let refusal):
            return .refused(["\(authorizedKeys.logText):\(line): \(refusal.logText)"])
        case .unknown:
            return .refused(
                keys.problems.map { problem in
                    "\(authorizedKeys.logText):\(problem.line): "
                        + ServerLog.escaped(problem.reason.utf8)
                })
        }
    }
}

extension CalendarTime {
    fileprivate init?(_ seconds: Int64, isUTC: Bool) {
        guard let time = LocalTime(secondsSince1970: seconds, isUTC: isUTC) else { return nil }
        self.init(
            year: time.year, month: time.month, day: time.day, hour: time.hour,
            minute: time.minute, second: time.second)
    }
}

extension AuthorizedKeyOptions.Refusal {
    fileprivate var logText: String {
        switch self {
        case .address: "the key may not be used from this address"
        case .expired: "the key has expired"
        case .authority: "the key signs certificates, and lets nobody in itself"
        case .noAuthority: "the key is there for itself, not to sign certificates"
        case .certificate(let fault): "the certificate \(fault)"
        case .command: "the key is to run a command, and none is run"
        }
    }
}
