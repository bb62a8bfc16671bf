// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient

// Making another connection when one is lost.

extension ServerLink {
    /// How long an attempt may take.
    private static let attemptTime = Duration.seconds(30)
    /// The shortest time from one attempt to the next, however many want one.
    private static let leastPause = Duration.seconds(1)

    /// Tries to connect at the next opportunity instead of when the pause is over: somebody wants it.
    func hasten() {
        let pause: Duration
        switch state {
        case .connected, .ended: return
        case .reconnecting: pause = Self.leastPause
        // Each is a login that fails, and servers count those.
        case .blocked: pause = BackOff.longest
        }
        let earliest = lastAttempt + pause
        if earliest <= loop.now { return attempt() }
        if let nextAttempt, nextAttempt.at <= earliest { return }
        attempt(after: earliest - loop.now)
    }

    /// Takes note that the network of this machine has changed, or that it was asleep.
    ///
    /// A connection is asked at once whether it has outlived that; where there is none, an attempt is made
    /// at once. Both at most once a second.
    public func noteChangeOfNetwork() {
        noteLoss()
        switch state {
        case .connected: doubt()
        // A server that has refused us is not helped by our network.
        case .reconnecting where (lastFailure?.kind ?? .unreachable) == .unreachable:
            guard loop.now >= lastAttempt + Self.leastPause else { return hasten() }
            redials = dialling != nil
            if let dialling { dialling.cancel() } else { attempt() }
        case .reconnecting, .blocked, .ended: break
        }
    }

    /// Tries to connect after a pause, unless an attempt is under way.
    func attempt(after pause: Duration) {
        guard dialling == nil else { return }
        cancelNextAttempt()
        let time = loop.now + pause
        let timer = loop.schedule(at: time) { [weak self] in
            self?.assumeIsolated { $0.attempt() }
        }
        nextAttempt = (time, timer)
    }

    func cancelNextAttempt() {
        if let nextAttempt { loop.cancel(nextAttempt.timer) }
        nextAttempt = nil
    }

    /// Tries to connect, unless an attempt is under way.
    func attempt() {
        guard let dial, dialling == nil else { return }
        cancelNextAttempt()
        redials = false
        lastAttempt = loop.now
        attemptCount += 1
        let generation = generation + 1
        dialling = loop.spawn { [loop, failures] in
            do {
                let connection = try await loop.withTimeout(Self.attemptTime) {
                    try await dial(generation, failures)
                }
                precondition(
                    connection.client.generation == generation, "the number of another connection")
                await self.adopt(connection)
            } catch {
                await self.noteFailure(error)
            }
        }
    }

    private func adopt(_ new: Connection) async {
        dialling = nil
        switch state {
        case .connected, .ended: return await new.close()
        case .reconnecting(let since, _), .blocked(let since, _):
            connection = new
            client = new.client
            generation = new.client.generation
            state = .connected
            connectedAt = loop.now
            failures = 0
            lastFailure = nil
            let seconds = Double((loop.now - since) / .milliseconds(100)) / 10
            options.log("connected again after \(seconds) seconds")
            watch(client)
            onReturn?()
            if operationCount > 0 { listen() }
            waiters.wakeAll()
        }
    }

    private func noteFailure(_ error: any Error) {
        dialling = nil
        if redials, error is CancellationError { return attempt() }
        failures += 1
        let failure = error as? LinkFailure ?? LinkFailure(.refused, Self.text(error))
        lastFailure = failure
        switch (state, failure.kind) {
        case (.connected, _), (.ended, _): return
        case (.blocked(let since, _), .hostKey), (.blocked(let since, _), .login):
            state = .blocked(since: since, failure)
        case (.reconnecting(let since, _), .hostKey), (.reconnecting(let since, _), .login):
            state = .blocked(since: since, failure)
            options.log("\(failure); not connecting again by itself")
        case (.blocked(let since, _), _):
            // Whether it would still refuse us can't be told.
            state = .reconnecting(since: since, reason: "\(failure)")
            attempt(after: pause(after: failure))
        case (.reconnecting, _): attempt(after: pause(after: failure))
        }
        waiters.wakeAll()
    }

    private func pause(after failure: LinkFailure) -> Duration {
        failure.kind == .unreachable
            ? backOff.afterUnreachable(options.random()) : backOff.afterRefusal(options.random())
    }

    private static func text(_ error: any Error) -> String {
        error is TimeoutError
            ? "the server did not let us in within \(attemptTime.components.seconds) seconds"
            : "\(error)"
    }
}
