// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import SSHProtocol
import Wire

/// One connection of an SSH server with SFTP: our own server core over a tree in memory.
actor SimulatedServer {
    private let loop: SimulatedLoop
    private let pipe: InMemoryPipe
    private var connection: SSHServerConnection
    private let makeSession: () -> SimulatedSession
    /// What runs on each channel; the first to be opened is the client's own.
    private var programs: [ChannelID: Program] = [:]
    private let numbers: SeededNumbers
    private let weather: SimulatedWeather
    /// What has come and is not carried out yet, since the disk holds it up.
    private var held: [(channel: ChannelID, id: UInt32, request: SFTPRequest)] = []
    private var isHeldUp = false
    /// Whether a newer session has taken its place.
    private var isEnded = false
    private let sessions: SimulatedSessions
    private var onLogin: (() -> Void)?

    private struct Program {
        let session: SimulatedSession
        let isFirst: Bool
        var decoder = SFTPPacketDecoder()
    }
    private let senders: WaitQueue
    private var hasEnded = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    init(
        _ loop: SimulatedLoop, _ pipe: InMemoryPipe, _ configuration: SSHServerConfiguration,
        _ sessions: SimulatedSessions, _ numbers: SeededNumbers, _ weather: SimulatedWeather,
        makeSession: @escaping () -> SimulatedSession
    ) {
        self.loop = loop
        self.pipe = pipe
        self.makeSession = makeSession
        self.sessions = sessions
        self.numbers = numbers
        self.weather = weather
        connection = SSHServerConnection(
            configuration: configuration, now: loop.now, random: numbers.source)
        senders = WaitQueue(loop: loop)
    }

    /// Serves until the connection ends.
    ///
    /// - Parameters:
    ///   - isOther: whether this is not the server that the client knows.
    ///   - note: takes what must never happen.
    func run(isOther: Bool, note: @escaping (String) -> Void) async {
        if isOther { onLogin = { note("a stranger was told the password") } }
        loop.spawn { await self.sendAll() }
        while let bytes = try? await pipe.read() {
            connection.receive(bytes, now: loop.now)
            stateChanged()
        }
        connection.receiveEnd(now: loop.now)
        hasEnded = true
        stateChanged()
    }

    private func sendAll() async {
        while true {
            let output = connection.takeOutput(maximum: 64 * 1024, now: loop.now)
            if !output.isEmpty {
                if (try? await pipe.write([output[...]])) == nil { break }
            } else if hasEnded {
                break
            } else {
                try? await senders.wait()
            }
        }
        await pipe.close()
    }

    private func stateChanged() {
        while let event = connection.nextEvent() { handle(event) }
        senders.wakeAll()
    }

    private func handle(_ event: SSHServerEvent) {
        switch event {
        case .authenticationRequested(let attempt):
            if case .password = attempt.method {
                onLogin?()
                connection.acceptAuthentication()
            } else {
                connection.rejectAuthentication()
            }
        case .sessionRequested(let id):
            programs[id] = Program(session: makeSession(), isFirst: programs.isEmpty)
            connection.accept(id)
        case .request(let id, let request, let wantsReply):
            guard wantsReply else { return }
            connection.answerRequest(on: id, isSuccess: request == .subsystem(name: "sftp"))
        case .channel(let id, .data(let bytes)):
            connection.consumed(bytes.count, on: id)
            programs[id]?.decoder.append(bytes)
            takePackets(on: id)
        case .channel(let id, .endOfData), .channel(let id, .closed):
            programs[id] = nil
            connection.close(id, discardingUnsentData: false)
        case .disconnected: hasEnded = true
        case .channel, .authenticated, .keepaliveAnswered: break
        }
    }

    private func takePackets(on id: ChannelID) {
        while let frame = try? programs[id]?.decoder.next(),
            let message = try? SFTPClientMessage(decoding: frame)
        {
            switch message {
            case .initialize(_, let extensions):
                var version = SFTPVersion(extensions: SimulatedSession.extensions.map { .init($0) })
                if weather.endsOlderSessions, let request = SFTPProtocol.SessionRequest(extensions)
                {
                    version.extensions.append(
                        sessions.begin(request) { self.assumeIsolated { $0.end() } }.pair)
                }
                connection.send(SFTPServerMessage.version(version).encode(), on: id)
            case .request(let number, let request):
                if weather.sticks, !isHeldUp, numbers.oneIn(80) { holdUp() }
                if weather.breaks, programs[id]?.isFirst == false, numbers.oneIn(100) {
                    // Of several programs that serve one client, one dies.
                    programs[id] = nil
                    return connection.close(id, discardingUnsentData: true)
                }
                held.append((id, number, request))
                carryOut()
            }
        }
    }

    /// Carries nothing out any more.
    private func end() {
        isEnded = true
        held = []
    }

    /// Carries requests out in order; it is the answers that take their time.
    private func carryOut() {
        guard !isHeldUp, !isEnded else { return }
        // Nothing is excused where a server could have been told to carry nothing out late.
        let isLate = hasEnded && !weather.endsOlderSessions
        for (channel, id, request) in held {
            guard let session = programs[channel]?.session else { continue }
            answer(session.reply(to: request, isLate: isLate).encode(id: id), on: channel)
        }
        held = []
    }

    private func holdUp() {
        isHeldUp = true
        let time = Duration.milliseconds(numbers.below(40_000))
        loop.spawn {
            try? await self.loop.sleep(for: time)
            await self.goOn()
        }
    }

    private func goOn() {
        isHeldUp = false
        carryOut()
        stateChanged()
    }

    private func answer(_ reply: [Bytes], on id: ChannelID) {
        guard !hasEnded else { return }
        guard weather.slowness > .zero, numbers.oneIn(4) else {
            return connection.send(reply, on: id)
        }
        let delay = weather.slowness * numbers.below(100) / 100
        loop.spawn {
            try? await self.loop.sleep(for: delay)
            await self.answerLate(reply, on: id)
        }
    }

    private func answerLate(_ reply: [Bytes], on id: ChannelID) {
        guard !hasEnded else { return }
        connection.send(reply, on: id)
        stateChanged()
    }
}
