// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto
import SSHProtocol
import Wire

/// The keys that a server has beside the one that it showed.
extension SSHSession {
    /// How long a server may take to prove that it holds its keys.
    private static let proofTime = Duration.seconds(60)

    /// Takes what the server advertises, once in a connection, if that may be remembered.
    func hostKeysAdvertised(_ blobs: [Bytes]) {
        guard let host = updatableHost else { return }
        updatableHost = nil
        let update = HostKeyUpdate(
            context: context, trusted: host.key, address: host.address
        ) { [self] keys in
            try await areProved(keys)
        }
        loop.spawn { [context] in
            do {
                try await update.run(advertised: blobs)
            } catch {
                // The connection is none the worse for it.
                context.show("The host's keys were not updated: \(error)", level: .verbose)
            }
        }
    }

    private func areProved(_ keys: [PublicKey]) async throws -> Bool {
        guard endReason == nil else { return false }
        connection.proveHostKeys(keys)
        stateChanged()
        let deadline = loop.now + Self.proofTime
        while provedHostKeys == nil, endReason == nil {
            try await proofWaiters.wait(until: deadline)
        }
        return provedHostKeys == keys
    }

    func hostKeysProved(_ keys: [PublicKey]) {
        provedHostKeys = keys
        proofWaiters.wakeAll()
    }
}
