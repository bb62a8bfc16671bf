// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHClient
import Testing
import Wire

/// Servers and links that fail, in virtual time: always a clear error, never a hang.
@Suite struct FailureTests {
    /// Cuts what the server sends after each of many counts, from the first byte to the last.
    @Test func linkCutAtAnyByteIsAnError() throws {
        let whole = try bytesOfAWholeSession()
        #expect(whole > 1000)
        var outcomes: Set<String> = []
        for count in Array(0..<60) + Array(stride(from: 60, to: whole, by: 23)) {
            let simulation = try cut(after: count)
            do {
                try simulation.run(limit: .seconds(300)) { try await echo($0, size: 1000) }
                // What is missing at the very end may be the goodbye only.
                #expect(count > whole - 200, "\(count) of \(whole) bytes were enough")
            } catch let error as SSHClientError {
                let text = "\(error)"
                #expect(text.hasPrefix("server.example port 22: "))
                outcomes.insert(text)
            }
        }
        #expect(
            outcomes.isSuperset(of: [
                "server.example port 22: unable to negotiate: "
                    + "the server closed the connection before it identified itself",
                "server.example port 22: unable to negotiate: "
                    + "the server closed the connection during the key exchange",
                "server.example port 22: login failed: "
                    + "the server closed the connection before the user was authenticated",
            ]))
    }

    private func cut(after count: Int) throws -> Simulation {
        try Simulation(wrap: { pipe, loop in CutChannel(pipe, loop: loop, after: count) })
    }

    private func bytesOfAWholeSession() throws -> Int {
        var low = 0
        var high = 100_000
        // The smallest count that is enough, by halving.
        while low < high {
            let middle = (low + high) / 2
            let isEnough =
                (try? cut(after: middle).run(limit: .seconds(300)) {
                    try await echo($0, size: 1000)
                }) != nil
            if isEnough { high = middle } else { low = middle + 1 }
        }
        return low
    }

    @Test func silentServerTimesOut() throws {
        for (option, seconds) in [("ConnectTimeout=7", 7), ("ConnectTimeout=0", 120)] {
            let simulation = try Simulation(
                [option],
                server: { pipe in
                    while (try? await pipe.read()) != nil {}
                })
            #expect {
                try simulation.run { _ in }
            } throws: { error in
                "\(error)" == "server.example port 22: timed out during the key exchange"
            }
            #expect(simulation.loop.now == .seconds(seconds))
        }
    }

    @Test(arguments: [false, true])
    func bannerThatNeverEndsIsCutShort(hasNewlines: Bool) throws {
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1000)
        let simulation = try Simulation(server: { pipe in
            let piece = hasNewlines ? line + [13, 10] : line
            var sent = 0
            while (try? await pipe.write([piece[...]])) != nil {
                sent += piece.count
                // Far more than a client may take in before it gives up.
                if sent > 16 << 20 { Issue.record("the client takes everything") }
            }
        })
        #expect(throws: SSHClientError.self) { try simulation.run { _ in } }
        #expect(simulation.loop.now < .seconds(10))
    }

    @Test func otherProtocolIsRecognised() throws {
        let simulation = try Simulation(server: { pipe in
            try? await pipe.write([Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)[...]])
            await pipe.close()
        })
        #expect(throws: SSHClientError.self) { try simulation.run { _ in } }
    }

    @Test func refusedConnectionIsTriedAgainAsOftenAsConfigured() throws {
        let patient = try Simulation(["ConnectionAttempts=3"])
        patient.world.failNextDials(2)
        try patient.run { _ in }
        #expect(patient.world.connections == 3)
        #expect(patient.loop.now >= .seconds(2))

        let impatient = try Simulation()
        impatient.world.failNextDials(1)
        #expect {
            try impatient.run { _ in }
        } throws: { error in
            "\(error)" == "connect to server.example port 22: Connection refused"
        }
    }

    @Test func serverThatFallsSilentIsGivenUp() throws {
        let simulation = try Simulation(
            ["ServerAliveInterval=10", "ServerAliveCountMax=2"],
            wrap: { pipe, loop in StallingChannel(pipe, loop: loop, at: .seconds(100)) })
        try simulation.run(limit: .seconds(1000)) { session in
            let channel = try await session.openSubsystem("echo")
            await #expect {
                _ = try await channel.read()
            } throws: { error in
                "\(error)" == "server.example port 22: timed out waiting for the server to answer"
            }
            // The last sign of life was the answer to a question at most ten seconds before.
            let silence = session.loop.now - .seconds(100)
            #expect(silence >= .seconds(20) && silence <= .seconds(30))
        }
    }

    @Test func idleSessionStaysAsLongAsTheServerAnswers() throws {
        let simulation = try Simulation(["ServerAliveInterval=10", "ServerAliveCountMax=1"])
        try simulation.run { session in
            try await session.loop.sleep(for: .seconds(36_000))
            try await echo(session, size: 1000)
        }
    }
}

/// Passes nothing on any more from some time on, in either direction.
actor StallingChannel: ByteChannel {
    private let loop: any EventLoop
    private let inner: any ByteChannel
    private let time: Duration

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    init(_ inner: any ByteChannel, loop: any EventLoop, at time: Duration) {
        self.inner = inner
        self.loop = loop
        self.time = time
    }

    func read() async throws -> Bytes? {
        while let bytes = try await inner.read() {
            if loop.now < time { return bytes }
        }
        return nil
    }

    func deliver(to receiver: any ByteReceiver) { deliver(to: receiver, by: loop) }

    nonisolated func enqueue(_ pieces: [Bytes]) throws -> Bool {
        try loop.now >= time || inner.enqueue(pieces)
    }

    func waitForRoom() async throws { try await inner.waitForRoom() }

    func finishWriting() async throws { try await inner.finishWriting() }

    func close() async { await inner.close() }
}
