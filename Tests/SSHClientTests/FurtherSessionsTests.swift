// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHClient
import Synchronization
import Testing

/// Connections beside a first one, to a server in memory.
@Suite struct FurtherSessionsTests {
    private final class Log: Sendable {
        private let text = Mutex<[String]>([])
        var lines: [String] { text.withLock { $0 } }
        func add(_ line: String) { text.withLock { $0.append(line) } }
    }

    private func simulation() throws -> Simulation {
        try Simulation(answers: Array(repeating: "correct horse", count: 20))
    }

    private func sessions(
        beside main: SSHSession, limit: Int, _ simulation: Simulation, _ log: Log,
        memory: FurtherSessions.Memory = .init()
    ) -> FurtherSessions {
        FurtherSessions(
            beside: main, limit: limit, memory: memory, loop: simulation.loop, log: log.add
        ) {
            try await SSHClient.connect(
                [simulation.options], loop: simulation.loop, world: simulation.world,
                prompter: simulation.prompter)
        }
    }

    /// Asks for the places of three channels, all at once, as a client of several channels does.
    private func three(_ further: FurtherSessions) async -> [SSHSession] {
        let found = FoundSessions()
        let tasks = (0..<3).map { _ in
            further.loop.spawn { found.add(await further.next()) }
        }
        for task in tasks { await task.value }
        return found.all
    }

    private final class FoundSessions: Sendable {
        private let sessions = Mutex<[SSHSession]>([])
        var all: [SSHSession] { sessions.withLock { $0 } }
        func add(_ session: SSHSession) { sessions.withLock { $0.append(session) } }
    }

    @Test(arguments: [(1, 1, 3), (2, 2, 1), (3, 3, 1), (4, 4, 0), (100, 4, 0)])
    func channelsAreSharedOutAmongAsManyAsAreAllowed(
        _ limit: Int, _ count: Int, _ onFirst: Int
    ) throws {
        let (simulation, log) = (try simulation(), Log())
        try simulation.run { main in
            let further = sessions(beside: main, limit: limit, simulation, log)
            let found = await three(further)
            #expect(simulation.world.connections == count)
            #expect(await further.count == count)
            #expect(found.count { $0 === main } == onFirst)
            #expect(log.lines.count == count - 1)
            #expect(log.lines.last == (count > 1 ? "\(count) connections" : nil))
            await further.end()
            for session in found where session !== main {
                #expect(await session.endReason != nil)
            }
            #expect(await further.count == 1)
            // Nothing is made any more.
            #expect(await further.next() === main)
            #expect(simulation.world.connections == count)
        }
    }

    @Test func whereTheServerCanNotBeReachedItIsTriedAFewTimesMore() throws {
        let (simulation, log) = (try simulation(), Log())
        try simulation.run { main in
            simulation.world.failNextDials(100)
            let memory = FurtherSessions.Memory()
            for attempts in [1, 2, 3, 3] {
                let further = sessions(beside: main, limit: 4, simulation, log, memory: memory)
                #expect(await three(further).allSatisfy { $0 === main })
                #expect(await further.count == 1)
                await further.close()
                #expect(simulation.world.connections == 1 + attempts)
                #expect(log.lines.count == (attempts < 3 ? 0 : 1))
            }
            #expect(log.lines[0].hasPrefix("no further connection, going on with 1: "))
            #expect(await main.endReason == nil)
        }
    }

    @Test func whoIsNotLetInAsksOnce() throws {
        let (simulation, log) = (try Simulation(answers: ["correct horse"]), Log())
        try simulation.run { main in
            let memory = FurtherSessions.Memory()
            for _ in 0..<2 {
                let further = sessions(beside: main, limit: 4, simulation, log, memory: memory)
                #expect(await three(further).allSatisfy { $0 === main })
                await further.close()
            }
            #expect(simulation.world.connections == 2)
            #expect(log.lines.count == 1)
            #expect(log.lines[0].hasPrefix("no further connection, going on with 1: "))
        }
    }

    @Test func asManyAsAreLetInGoOnBeingUsed() throws {
        let (simulation, log) = (
            try Simulation(answers: Array(repeating: "correct horse", count: 2)), Log()
        )
        try simulation.run { main in
            let memory = FurtherSessions.Memory()
            let further = sessions(beside: main, limit: 4, simulation, log, memory: memory)
            #expect(await three(further).count { $0 === main } == 2)
            #expect(await further.count == 2)
            #expect(memory.limit == 2)
            #expect(await three(further).count { $0 === main } == 2)
            #expect(simulation.world.connections == 4)
        }
    }

    @Test func oneToAnotherMachineIsNotUsed() throws {
        let (simulation, log) = (try simulation(), Log())
        try simulation.run { main in
            simulation.world.serverAddress = "192.0.2.77"
            let further = sessions(beside: main, limit: 2, simulation, log)
            #expect(await further.next() === main)
            #expect(await further.count == 1)
            #expect(simulation.world.connections == 2)
        }
    }

    /// Waiting is over for whoever is cancelled; that no turn of the loop passes meanwhile is what would
    /// stop everything.
    @Test func oneIsClosedThoughWhoeverClosesItIsCancelled() throws {
        try simulation().run { main in
            let closing = main.loop.spawn { await main.finish() }
            closing.cancel()
            await closing.value
            #expect(await main.endReason != nil)
        }
    }

    @Test func oneThatIsLostCountsNoMoreAndTheOthersAreAbandonedWithTheFirst() throws {
        let (simulation, log) = (try simulation(), Log())
        try simulation.run { main in
            let further = sessions(beside: main, limit: 3, simulation, log)
            let found = await three(further).filter { $0 !== main }
            await found[0].abandon()
            #expect(await further.count == 2)
            await further.abandon()
            #expect(await found[1].endReason != nil)
            #expect(await further.next() === main)
        }
    }

    @Test func closedOnesAreMadeAnewAndThoseThatComeTooLateAreEnded() throws {
        let (simulation, log) = (try simulation(), Log())
        try simulation.run { main in
            let further = sessions(beside: main, limit: 2, simulation, log)
            let first = await further.next()
            #expect(first !== main)
            await further.close()
            #expect(await first.endReason != nil)
            let waiting = simulation.loop.spawn {
                #expect(await further.next() === main)
            }
            await Task.yield()
            await further.abandon()
            await waiting.value
            #expect(await further.count == 1)
            #expect(log.lines == ["2 connections"])
        }
    }
}
