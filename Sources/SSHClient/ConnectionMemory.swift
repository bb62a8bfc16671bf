// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto
import SSHProtocol
import Synchronization

/// What later connections to a server need of the first one, so that they read no file and trust nobody
/// new: the files may lie in what this process itself has mounted by then.
public final class ConnectionMemory: Sendable {
    /// By their places on the way.
    private let hosts = Mutex<[Int: HostMemory]>([:])

    /// Nothing yet: the next connection fills it.
    public init() {}

    func host(_ place: Int) -> HostMemory {
        hosts.withLock { hosts in
            if let host = hosts[place] { return host }
            let host = HostMemory()
            hosts[place] = host
            return host
        }
    }
}

/// What is remembered of one host on the way.
final class HostMemory: Sendable {
    /// A key that the host has proved to hold, and how far that was trusted.
    struct Accepted: Sendable {
        let blob: [UInt8]
        let trust: HostKeyCheck.Trust
    }

    private struct Content {
        var check: HostKeyCheck?
        var files: IdentityFiles?
        var accepted: Accepted?
    }

    private let content = Mutex(Content())

    /// What the known_hosts files said.
    var check: HostKeyCheck? {
        get { content.withLock { $0.check } }
        set { content.withLock { $0.check = newValue } }
    }

    /// The keys to log in with.
    var files: IdentityFiles? {
        get { content.withLock { $0.files } }
        set { content.withLock { $0.files = newValue } }
    }

    /// The key of the first connection.
    var accepted: Accepted? {
        get { content.withLock { $0.accepted } }
        set { content.withLock { $0.accepted = newValue } }
    }
}

extension HostKeyCheck {
    /// Looks at the key of a host that has been connected to before: it must be the same one, or one
    /// that known_hosts had for it all along.
    ///
    /// Nobody is asked, and no option makes it believe another one.
    func checkAgain(
        _ hostKey: HostKey, accepted: HostMemory.Accepted
    ) throws -> Acceptance {
        let key = hostKey.key
        if key.blob == accepted.blob {
            return Acceptance(trust: accepted.trust, mayLearnKeys: false)
        }
        if let certificate = hostKey.certificate, case .trusted = standing(of: certificate) {
            return Acceptance(trust: .full, mayLearnKeys: false)
        }
        if case .match = known.verdict(on: key.blob[...]) {
            return Acceptance(trust: .full, mayLearnKeys: false)
        }
        throw context.refused(.other(fingerprint: fingerprint(of: key)))
    }
}
