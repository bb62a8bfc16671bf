// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol

// What a user can order of a link.

/// What has become of an order to connect again.
public enum Reconnection: Sendable, Equatable {
    /// There was a connection, and the server has answered on it.
    case wasConnected
    /// There is another connection.
    case isConnected
    /// There is none, for this reason.
    case failed(String)
}

extension ServerLink {
    /// How long a server may take to answer who asks whether the connection is good.
    private static let proofTime = Duration.seconds(5)

    /// Connects again, without any pause: what was in the way may have been put right.
    ///
    /// A connection on which the server answers is kept; one on which it does not is given up.
    ///
    /// - Throws: `CancellationError`.
    public func reconnect() async throws -> Reconnection {
        if !isDown {
            if try await isAnswering() { return .wasConnected }
            await client.disconnect(reason: "the server does not answer")
            noteLoss()
        }
        let attemptsBefore = attemptCount
        while true {
            switch state {
            case .connected: return .isConnected
            case .ended: return .failed("the connection has ended, and there is to be no other")
            case .reconnecting, .blocked: break
            }
            if dialling == nil {
                // One that was under way may have begun before all was right.
                if attemptCount > attemptsBefore, let lastFailure {
                    return .failed("\(lastFailure)")
                }
                attempt()
            }
            try await waiters.wait()
        }
    }

    /// Whether the server answers on the present connection.
    private func isAnswering() async throws -> Bool {
        let client = client
        do {
            _ = try await loop.withTimeout(Self.proofTime) {
                try await client.realpath([UInt8(ascii: ".")])
            }
        } catch is TimeoutError {
            return false
        } catch {
            try Task.checkCancellation()
        }
        // An error is an answer as well.
        return client.generation == generation && !isDown
    }
}
