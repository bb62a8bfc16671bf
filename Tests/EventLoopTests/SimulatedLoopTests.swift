// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Testing

@Suite struct SimulatedLoopTests {
    @Test func timePassesFromTimerToTimer() throws {
        let loop = SimulatedLoop()
        let woke = Recorder()
        for hours in [3, 1, 2] {
            loop.spawn {
                try? await loop.sleep(for: .seconds(3600 * hours))
                woke.add(hours)
            }
        }
        loop.runUntilIdle()
        #expect(woke.values.isEmpty)
        loop.advance(by: .seconds(3600))
        #expect(woke.values == [1])
        #expect(loop.now == .seconds(3600))
        loop.advance(by: .seconds(7200))
        #expect(woke.values == [1, 2, 3])
        #expect(loop.now == .seconds(10_800))
    }

    @Test func operationThatCanNeverEndIsReported() throws {
        let loop = SimulatedLoop()
        #expect(throws: SimulationStalled.self) {
            try loop.run {
                let (first, second) = InMemoryPipe.makePair(loop: loop)
                _ = try await first.read()
                await second.close()
            }
        }
    }

    @Test func whoWaitsThroughoutIsNotMovedByBeingCancelled() throws {
        let loop = SimulatedLoop()
        let woke = Recorder()
        try loop.run {
            let queue = WaitQueue(loop: loop)
            let waiting = loop.spawn {
                await queue.waitThroughout()
                woke.add(1)
            }
            waiting.cancel()
            try await loop.sleep(for: .seconds(1))
            #expect(woke.values.isEmpty)
            queue.wakeAll()
            await waiting.value
            #expect(woke.values == [1])
        }
    }

    @Test func timeoutTakesItsVirtualTimeOnly() throws {
        let loop = SimulatedLoop()
        #expect(throws: TimeoutError.self) {
            try loop.run {
                try await loop.withTimeout(.seconds(60)) {
                    try await loop.sleep(for: .seconds(1_000_000))
                }
            }
        }
        #expect(loop.now == .seconds(60))
    }

    @Test func waitWithADeadlineTimesOut() throws {
        let loop = SimulatedLoop()
        try loop.run {
            let queue = WaitQueue(loop: loop)
            await #expect(throws: TimeoutError.self) { try await queue.wait(until: .seconds(5)) }
            #expect(loop.now == .seconds(5))
            #expect(queue.isEmpty)
            loop.spawn {
                try? await loop.sleep(for: .seconds(1))
                queue.wakeAll()
            }
            try await queue.wait(until: .seconds(100))
            #expect(loop.now == .seconds(6))
        }
    }

    @Test func whatAfterTurnWakesRunsBeforeTimePasses() throws {
        let loop = SimulatedLoop()
        let order = Recorder()
        try loop.run {
            let queue = WaitQueue(loop: loop)
            loop.spawn {
                try? await queue.wait()
                order.add(2)
                loop.afterTurn { order.add(3) }
            }
            let turn = loop.turn
            loop.afterTurn {
                order.add(1)
                queue.wakeAll()
            }
            loop.afterTurn { #expect(loop.turn == turn) }
            try await loop.sleep(for: .seconds(1))
        }
        #expect(order.values == [1, 2, 3])
    }

    @Test func offloadedWorkRunsAtOnce() throws {
        let loop = SimulatedLoop()
        #expect(try loop.run { try await loop.offload { loop.isCurrent } })
    }

    @Test func jobFromAnotherThreadTraps() async {
        await #expect(processExitsWith: .failure) {
            let real = try EpollLoop()
            let simulated = SimulatedLoop()
            try real.run { try await real.offload { simulated.execute {} } }
        }
    }
}
