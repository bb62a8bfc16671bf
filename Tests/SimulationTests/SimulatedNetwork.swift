// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHClient
import Wire

/// The network between a client and its server, which carries bytes late, in pieces, or not at all.
actor SimulatedNetwork {
    private struct Frost {
        var toServer = false
        var toClient = false

        func holds(toServer isToServer: Bool) -> Bool { isToServer ? toServer : toClient }
    }

    /// A connection through it; it belongs to the loop's thread.
    private final class Line: @unchecked Sendable {
        let client: InMemoryPipe
        let server: InMemoryPipe
        /// How many more bytes it carries, both directions together; nil for any number.
        var budget: Int?
        var isCut = false

        init(client: InMemoryPipe, server: InMemoryPipe, budget: Int?) {
            self.client = client
            self.server = server
            self.budget = budget
        }
    }

    private let loop: SimulatedLoop
    private let numbers: SeededNumbers
    private let weather: SimulatedWeather
    private let serve: @Sendable (InMemoryPipe, _ isOther: Bool) async -> Void
    private var lines: [Line] = []
    /// Whether nothing comes through, and in which directions.
    private var frost = Frost()
    /// Whether it leads to another server.
    private var isMisled = false
    private var isRefusing = false
    private let thaw: WaitQueue

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    /// - Parameter serve: takes the server's end of each connection; the other server is one with
    ///   another key.
    init(
        _ loop: SimulatedLoop, _ numbers: SeededNumbers, _ weather: SimulatedWeather,
        _ serve: @escaping @Sendable (InMemoryPipe, _ isOther: Bool) async -> Void
    ) {
        self.loop = loop
        self.numbers = numbers
        self.weather = weather
        breaks = weather.breaks
        self.serve = serve
        thaw = WaitQueue(loop: loop)
    }

    /// Connects to the server.
    func dial() async throws -> InMemoryPipe {
        while frost.toServer || frost.toClient { try await thaw.wait() }
        if isRefusing {
            throw DialError.notConnected([
                .init(address: "192.0.2.1", error: SystemError(call: "connect", code: 111))
            ])
        }
        let (clientEnd, nearEnd) = InMemoryPipe.makePair(loop: loop)
        let (farEnd, serverEnd) = InMemoryPipe.makePair(loop: loop)
        let line = Line(client: nearEnd, server: farEnd, budget: budget())
        lines.append(line)
        loop.spawn { await self.relay(line, toServer: true) }
        loop.spawn { await self.relay(line, toServer: false) }
        loop.spawn { [serve, isMisled] in await serve(serverEnd, isMisled) }
        return clientEnd
    }

    /// Some connections end in the middle of whatever they carry then.
    private func budget() -> Int? {
        breaks && numbers.oneIn(3) ? numbers.below(numbers.oneIn(2) ? 4_000 : 200_000) : nil
    }

    private func relay(_ line: Line, toServer: Bool) async {
        let (from, to) = toServer ? (line.client, line.server) : (line.server, line.client)
        while let bytes = try? await from.read() {
            try? await loop.sleep(for: weather.latency * (1 + numbers.below(8)) / 8)
            while frost.holds(toServer: toServer), !line.isCut { try? await thaw.wait() }
            if line.isCut { break }
            let part = bytes.prefix(line.budget ?? bytes.count)
            line.budget = line.budget.map { $0 - part.count }
            _ = try? await to.write([part])
            if line.budget == 0 { break }
        }
        await cut(line)
    }

    private func cut(_ line: Line) async {
        line.isCut = true
        await line.client.close()
        await line.server.close()
        lines.removeAll { $0 === line }
    }

    // MARK: Breaking

    /// Whether connections break.
    private var breaks: Bool

    /// Breaks something, for some time.
    func breakSomething() async {
        switch numbers.below(weather.changesHostKey ? 6 : 5) {
        case 0: await cutAll()
        case 1:
            // The server, or the way to it, is away.
            isRefusing = true
            await cutAll()
            try? await loop.sleep(for: .milliseconds(numbers.below(12_000)))
            isRefusing = false
        case 5:
            isMisled = true
            await cutAll()
            try? await loop.sleep(for: .milliseconds(numbers.below(20_000)))
            isMisled = false
            await cutAll()
        default:
            // Nothing comes through, or only one way; what was on its way may arrive later, or never.
            frost = numbers.pick([
                Frost(toServer: true, toClient: true), Frost(toServer: true),
                Frost(toClient: true),
            ])
            try? await loop.sleep(for: .milliseconds(numbers.below(25_000)))
            if numbers.oneIn(2) { await cutAll() }
            endFrost()
        }
    }

    /// Nothing breaks from now on.
    func heal() {
        (breaks, isRefusing, isMisled) = (false, false, false)
        for line in lines { line.budget = nil }
        endFrost()
    }

    private func endFrost() {
        frost = Frost()
        thaw.wakeAll()
    }

    private func cutAll() async {
        for line in lines { await cut(line) }
        thaw.wakeAll()
    }
}
