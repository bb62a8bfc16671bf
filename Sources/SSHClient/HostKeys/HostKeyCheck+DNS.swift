// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto

/// Host keys in the DNS (`VerifyHostKeyDNS`).
extension HostKeyCheck {
    /// What the DNS holds about a key.
    enum DNSFinding {
        /// It has not been asked.
        case notAsked
        /// The key's fingerprint, in an answer that DNSSEC protects.
        case secureMatch
        /// The key's fingerprint, which anybody on the way may have put there.
        case match
        /// Nothing that says that the key is the host's.
        case noMatch
    }

    /// Looks a key up; says so loudly where the DNS has other keys.
    func lookUpInDNS(_ key: PublicKey) async throws -> DNSFinding {
        guard context.options.verifyHostKeyDNS != .no else { return .notAsked }
        let found: SSHFPRecords
        do {
            found = try await context.world.fingerprintsInDNS(of: context.options.hostName)
        } catch let error as LookupError {
            context.show("DNS lookup error: \(error.description)", level: .verbose)
            return .noMatch
        }
        context.trace(
            "found \(found.records.count) \(found.areSecure ? "secure" : "insecure") "
                + "fingerprints in DNS")
        switch found.verdict(on: key) {
        case .nothing: return .noMatch
        case .match: return found.areSecure ? .secureMatch : .match
        case .mismatch:
            context.show(recordWarning(key), level: .error)
            return .noMatch
        }
    }
}
