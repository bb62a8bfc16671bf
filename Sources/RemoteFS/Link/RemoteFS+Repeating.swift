// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol

// The one place where operations get over the loss of a connection.

extension RemoteFS {
    /// How often the connection may be lost during one operation before that counts as a link over which
    /// it is never done.
    private static let vainAttempts = 8

    /// Runs an operation that may be done twice, and again for as long as the connection is lost
    /// meanwhile.
    ///
    /// It is begun even where there is no connection: what is known needs none.
    ///
    /// - Throws: what the operation throws while there is a connection; `ETIMEDOUT` once there has been
    ///   none for too long, or none for long enough; `EINTR` when the task is cancelled while there is
    ///   none.
    func again<T>(_ operation: () async throws(Errno) -> T) async throws(Errno) -> T {
        onLink { $0.begin() }
        defer { onLink { $0.finishOperation() } }
        let start = loop.now
        var losses = 0
        while true {
            let generation = onLink { $0.generation }
            do throws(Errno) {
                return try await operation()
            } catch {
                // Of an attempt during which the connection was lost, no error tells anything.
                guard onLink({ $0.isLost(generation) }) else { throw error }
                losses += 1
                if losses >= Self.vainAttempts, let timeout = onLink({ $0.options.timeout }),
                    loop.now >= start + timeout
                {
                    throw .ETIMEDOUT
                }
                // What one server after the other can't answer is what makes them silent.
                if onLink({ $0.lastMuteness >= start + $0.options.muteTime * 2 }) {
                    throw .ETIMEDOUT
                }
                try await serverLink.waitForConnection()
            }
        }
    }

    /// Does something to the link in this very step.
    func onLink<T: Sendable>(_ body: (isolated ServerLink) -> T) -> T {
        serverLink.assumeIsolated(body)
    }
}
