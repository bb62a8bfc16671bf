// SPDX-License-Identifier: Apache-2.0

public import SFTPClient

/// The way to a server: the connection that there is, and how to wait for another one once it is lost.
public final class RemoteLink: Sendable {
    private let current: @Sendable () -> SFTPClient
    private let further: @Sendable () -> FurtherChannels?
    private let next: (@Sendable () async throws -> Void)?

    /// A way over one connection after the other.
    ///
    /// - Parameters:
    ///   - current: the present connection, or the one that was lost last; called on the loop.
    ///   - further: further channels of the present connection; called on the loop.
    ///   - next: returns once there is a connection, and throws if there will be none.
    public init(
        current: @escaping @Sendable () -> SFTPClient,
        further: @escaping @Sendable () -> FurtherChannels? = { nil },
        next: @escaping @Sendable () async throws -> Void
    ) {
        self.current = current
        self.further = further
        self.next = next
    }

    /// A way over one connection and no other.
    public init(only client: SFTPClient) {
        current = { client }
        further = { nil }
        next = nil
    }

    /// The present connection; on the loop.
    var client: SFTPClient { current() }

    /// Further channels of the present connection; nil where there can be none; on the loop.
    var furtherChannels: FurtherChannels? { further() }

    /// Returns once there is a connection.
    ///
    /// - Throws: why there is none.
    func waitForConnection() async throws {
        guard let reason = await current().closeReason else { return }
        guard let next else { throw reason }
        do {
            try await next()
        } catch {
            throw reason
        }
    }

    /// Does what can be done once more if the connection is lost before the answer has come.
    ///
    /// - Parameter operation: is told whether it may have been done before.
    func perform<Value: Sendable>(
        _ operation: (_ client: SFTPClient, _ isAgain: Bool) async throws -> Value
    ) async throws -> Value {
        var losses = 0
        while true {
            do {
                return try await operation(client, losses > 0)
            } catch  where endsConnection(error) {
                losses += 1
                guard losses < CopyLimits.attempts else { throw error }
                try await waitForConnection()
            }
        }
    }
}
