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
    private let session: SimulatedSession
    private let numbers: SeededNumbers
    private let slowness: Duration
    private var decoder = SFTPPacketDecoder()
    private let senders: WaitQueue
    private var hasEnded = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    /// - Parameter slowness: the longest time that a reply takes; they may overtake each other.
    init(
        _ loop: SimulatedLoop, _ pipe: InMemoryPipe, _ configuration: SSHServerConfiguration,
        _ session: SimulatedSession, _ numbers: SeededNumbers, slowness: Duration
    ) {
        self.loop = loop
        self.pipe = pipe
        self.session = session
        self.numbers = numbers
        self.slowness = slowness
        connection = SSHServerConnection(
            configuration: configuration, now: loop.now, random: numbers.source)
        senders = WaitQueue(loop: loop)
    }

    /// Serves until the connection ends.
    func run() async {
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
                connection.acceptAuthentication()
            } else {
                connection.rejectAuthentication()
            }
        case .sessionRequested(let id): connection.accept(id)
        case .request(let id, let request, let wantsReply):
            guard wantsReply else { return }
            connection.answerRequest(on: id, isSuccess: request == .subsystem(name: "sftp"))
        case .channel(let id, .data(let bytes)):
            connection.consumed(bytes.count, on: id)
            decoder.append(bytes)
            takePackets(on: id)
        case .channel(let id, .endOfData): connection.close(id, discardingUnsentData: false)
        case .disconnected: hasEnded = true
        case .channel, .authenticated, .keepaliveAnswered: break
        }
    }

    private func takePackets(on id: ChannelID) {
        while let frame = try? decoder.next(), let message = try? SFTPClientMessage(decoding: frame)
        {
            switch message {
            case .initialize:
                let version = SFTPVersion(extensions: SimulatedSession.extensions.map { .init($0) })
                connection.send(SFTPServerMessage.version(version).encode(), on: id)
            case .request(let number, let request):
                // Carried out in order; it is the answers that take their time.
                answer(session.reply(to: request).encode(id: number), on: id)
            }
        }
    }

    private func answer(_ reply: [Bytes], on id: ChannelID) {
        guard slowness > .zero, numbers.oneIn(4) else { return connection.send(reply, on: id) }
        let delay = slowness * numbers.below(100) / 100
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
