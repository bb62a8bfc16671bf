// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHProtocol
import Wire

/// Opening channels, and what happens on them.
extension SSHSession {
    /// How long the server may take to open a channel and start what is to run on it.
    private static let openingTime = Duration.seconds(60)
    /// How long a program's last words may come after the end of its data.
    private static let lastWordsTime = Duration.seconds(1)
    /// The most of a program's standard error that is shown, in bytes per channel.
    private static let errorBytesShown = 64 * 1024

    /// Starts a subsystem of the server, such as `sftp`, on a channel of its own.
    ///
    /// - Throws: ``SSHClientError``, or `CancellationError`.
    public func openSubsystem(_ name: String) async throws -> SSHChannel {
        try await open(.subsystem(name: name), "the subsystem \"\(TerminalText.line(name))\"")
    }

    /// Runs a command through the user's shell on the server, on a channel of its own.
    ///
    /// - Throws: ``SSHClientError``, or `CancellationError`.
    public func openCommand(_ command: String) async throws -> SSHChannel {
        try await open(.exec(command: command), "the command")
    }

    /// Starts what is to run on the server, on a channel of its own.
    ///
    /// - Throws: ``SSHClientError``, or `CancellationError`.
    public func open(_ program: ServerProgram) async throws -> SSHChannel {
        switch program {
        case .subsystem(let name): try await openSubsystem(name)
        case .command(let command): try await openCommand(command)
        }
    }

    /// Opens a way from the server to another one.
    func openTunnel(to target: Endpoint, until deadline: Duration) async throws -> SSHChannel {
        if let endReason { throw endReason }
        let id = connection.openTunnel(host: target.host, port: target.port)
        let state = addChannel(id)
        do {
            while case .opening = state.phase { try await wait(state, until: deadline) }
            watchIdleness(of: state, id, type: "direct-tcpip")
            if case .closed(let reason) = state.phase {
                throw SSHClientError.channelRefused(
                    endpoint, "no way from there to \(target)" + (reason.map { ": \($0)" } ?? ""))
            }
        } catch {
            forget(id)
            throw error
        }
        return SSHChannel(session: self, id: id)
    }

    private func addChannel(_ id: ChannelID) -> ChannelState {
        let state = ChannelState(loop: loop)
        channels[id] = state
        stateChanged()
        return state
    }

    private func open(_ request: SessionRequest, _ name: String) async throws -> SSHChannel {
        if let endReason { throw endReason }
        let id = connection.openSession()
        let state = addChannel(id)
        state.program = name
        let deadline = loop.now + Self.openingTime
        do {
            while case .opening = state.phase { try await wait(state, until: deadline) }
            try requireOpen(state, "a session channel")
            for variable in context.options.variablesToSend(from: context.world.environment) {
                connection.request(
                    .environment(name: variable.name, value: variable.value), on: id,
                    wantsReply: false)
            }
            connection.request(request, on: id)
            stateChanged()
            while state.answers.isEmpty {
                try requireOpen(state, name)
                try await wait(state, until: deadline)
            }
            guard state.answers.removeFirst() else {
                throw SSHClientError.channelRefused(
                    endpoint, "the server refused to start \(name)")
            }
        } catch {
            forget(id)
            throw error
        }
        watchIdleness(of: state, id, type: request.channelType)
        return SSHChannel(session: self, id: id)
    }

    private func wait(_ state: ChannelState, until deadline: Duration) async throws {
        if let endReason { throw endReason }
        do {
            try await state.replies.wait(until: deadline)
        } catch is TimeoutError {
            throw SSHClientError.timedOut(endpoint, .openingChannel)
        }
        if let endReason { throw endReason }
    }

    private func requireOpen(_ state: ChannelState, _ name: String) throws(SSHClientError) {
        guard case .closed(let reason) = state.phase else { return }
        throw .channelRefused(
            endpoint, "the server did not open \(name)" + (reason.map { ": \($0)" } ?? ""))
    }

    /// Closes a channel for good, whatever is still on its way.
    func forget(_ id: ChannelID) {
        guard let state = channels.removeValue(forKey: id) else { return }
        if case .open = state.phase, endReason == nil {
            connection.close(id, discardingUnsentData: true)
        }
        state.phase = .closed(nil)
        state.idle?.stop(loop)
        state.incoming.removeAll()
        state.wakeAll()
        endDeliveryIfDone(state)
        stateChanged()
    }

    // MARK: Events

    /// Keeps data for ``handOver()``, where the channel has a receiver.
    ///
    /// - Returns: whether it has.
    func collect(_ bytes: Bytes, _ id: ChannelID) -> Bool {
        if arrivals?.channel != id {
            handOver()
            guard channels[id]?.receiver != nil else { return false }
            arrivals = (id, [])
        }
        arrivals?.pieces.append(bytes)
        return true
    }

    /// Hands what has been collected to the channel's receiver.
    ///
    /// - Returns: whether there was anything.
    @discardableResult
    func handOver() -> Bool {
        guard let (id, pieces) = arrivals else { return false }
        arrivals = nil
        let count = pieces.reduce(0) { $0 + $1.count }
        if let state = channels[id], let receiver = state.receiver {
            noteActivity(on: state)
            receiver.receive(pieces)
            report(count, state, id)
        } else {
            connection.consumed(count, on: id)
        }
        return true
    }

    func handle(_ event: ChannelEvent, on id: ChannelID) {
        guard let state = channels[id] else {
            handleOnForgotten(event, id)
            return
        }
        switch event {
        case .opened:
            state.phase = .open
            state.replies.wakeAll()
        case .openFailed(let reason, let text):
            state.phase = .closed("\(reason): \(TerminalText.line(text))")
            state.wakeAll()
        case .data(let bytes):
            noteActivity(on: state)
            state.incoming.append(bytes)
            state.readers.wakeAll()
        case .extendedData(_, let bytes): showError(bytes, state, id)
        case .endOfData:
            guard state.program != nil else { return finishReading(state) }
            // What it wrote to its standard error, and how it ended, may come a moment later.
            _ = loop.schedule(at: loop.now + Self.lastWordsTime) {
                self.assumeIsolated { session in
                    if let state = session.channels[id] { session.finishReading(state) }
                }
            }
        case .requestAnswered(let isSuccess):
            state.answers.append(isSuccess)
            state.replies.wakeAll()
        case .exitStatus(let status):
            if status != 0 { state.programFailure = "exit status \(status)" }
            context.show("channel \(id): exit status \(status)", level: .verbose)
        case .exitSignal(let signal):
            state.programFailure = "signal \(TerminalText.line(signal.name))"
            context.show("channel \(id): ended by signal \(signal.name)", level: .info)
        case .peerStoppedReading:
            state.isFinished = true
            state.writers.wakeAll()
        case .closed:
            state.phase = .closed(nil)
            state.idle?.stop(loop)
            finishReading(state)
            state.wakeAll()
        }
    }

    /// Nothing more will come on a channel.
    func finishReading(_ state: ChannelState) {
        guard !state.hasEnded else { return }
        state.hasEnded = true
        state.readers.wakeAll()
        endDeliveryIfDone(state)
    }

    /// A channel that we gave up while it was being opened has to be closed once it is there.
    private func handleOnForgotten(_ event: ChannelEvent, _ id: ChannelID) {
        switch event {
        case .opened: connection.close(id, discardingUnsentData: true)
        case .data(let bytes), .extendedData(_, let bytes):
            connection.consumed(bytes.count, on: id)
        default: break
        }
    }

    /// Shows what a program writes to its standard error: some, and harmless.
    private func showError(_ bytes: Bytes, _ state: ChannelState, _ id: ChannelID) {
        connection.consumed(bytes.count, on: id)
        let shown = bytes.prefix(max(0, Self.errorBytesShown - state.shownErrorBytes))
        state.shownErrorBytes += bytes.count
        guard !shown.isEmpty else { return }
        context.show("remote: " + String(decoding: shown, as: UTF8.self), level: .info)
    }
}
