// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Synchronization
import Testing

@Suite struct EpollLoopTests {
    private actor Counter {
        private let loop: any EventLoop
        private(set) var value = 0

        nonisolated var unownedExecutor: UnownedSerialExecutor {
            unsafe loop.asUnownedSerialExecutor()
        }

        init(loop: any EventLoop) { self.loop = loop }

        func increment() async { value += 1 }
    }

    @Test func returnsAndThrowsWhatItsOperationDoes() throws {
        struct Expected: Error {}
        #expect(try EpollLoop().run { 42 } == 42)
        #expect(throws: Expected.self) { try EpollLoop().run { throw Expected() } }
    }

    @Test func everythingRunsOnTheLoopsThread() throws {
        let loop = try EpollLoop()
        let counter = Counter(loop: loop)
        let total = try loop.run {
            for _ in 0..<1000 {
                await counter.increment()
                loop.checkIsolated()
            }
            try await loop.sleep(for: .milliseconds(1))
            loop.checkIsolated()
            return await counter.value
        }
        #expect(total == 1000)
    }

    @Test func spawnRunsUpToTheFirstSuspensionAtOnce() throws {
        let loop = try EpollLoop()
        let steps = Recorder()
        try loop.run {
            loop.spawn {
                steps.add(1)
                try? await loop.sleep(for: .milliseconds(1))
                steps.add(3)
            }
            steps.add(2)
            try await loop.sleep(for: .milliseconds(20))
        }
        #expect(steps.values == [1, 2, 3])
    }

    @Test func timersFireByDeadlineAndInTheOrderTheyWereSet() throws {
        let loop = try EpollLoop()
        let fired = Recorder()
        try loop.run {
            let start = loop.now
            for (delay, number) in [(3, 4), (1, 1), (2, 2), (2, 3)] {
                let deadline = start + .milliseconds(delay)
                _ = loop.schedule(at: deadline) {
                    #expect(loop.now >= deadline)
                    fired.add(number)
                }
            }
            let cancelled = loop.schedule(at: start) { fired.add(99) }
            loop.cancel(cancelled)
            try await loop.sleep(for: .milliseconds(10))
        }
        #expect(fired.values == [1, 2, 3, 4])
    }

    @Test func afterTurnRunsOnceWhenTheJobsAreDone() throws {
        let loop = try EpollLoop()
        let order = Recorder()
        try loop.run {
            loop.afterTurn { order.add(2) }
            loop.execute { order.add(1) }
            try await loop.sleep(for: .milliseconds(1))
            try await loop.sleep(for: .milliseconds(1))
        }
        #expect(order.values == [1, 2])
    }

    @Test func floodOfJobsStarvesNeitherTimersNorDescriptors() throws {
        let loop = try EpollLoop()
        try loop.run {
            let pair = try SocketPair()
            let sawBytes = Recorder()
            let watch = try loop.watch(pair.first.rawValue, for: .read) { _ in sawBytes.add(1) }
            defer { loop.unwatch(watch) }
            let flood = loop.spawn { while !Task.isCancelled { await Task.yield() } }
            pair.writeToSecond([1])
            try await loop.sleep(for: .milliseconds(2))
            flood.cancel()
            #expect(!sawBytes.values.isEmpty)
        }
    }

    /// Threads that wait for more work are given it, come and go, and lose none.
    @Test(arguments: [Duration.zero, .microseconds(50), .seconds(10)])
    func blockingWorkIsAllDone(patience: Duration) throws {
        let loop = try EpollLoop(threadPatience: patience)
        let threads = Recorder()
        try loop.run {
            for round in 0..<200 {
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<(1 + round % 20) {
                        group.addTask {
                            try? await loop.offload {
                                threads.add(Int(bitPattern: UInt(pthread_self())))
                            }
                        }
                    }
                }
                if round % 8 == 0 { try await loop.sleep(for: .microseconds(60)) }
            }
        }
        #expect(threads.values.count == (0..<200).reduce(0) { $0 + 1 + $1 % 20 })
        if patience == .seconds(10) { #expect(Set(threads.values).count <= 16) }
    }

    @Test func blockingWorkRunsOnAnotherThread() throws {
        let loop = try EpollLoop()
        struct Expected: Error {}
        try loop.run {
            let values = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        try await loop.offload {
                            #expect(!loop.isCurrent)
                            usleep(1000)
                            return number
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(values.sorted() == Array(0..<40))
            loop.checkIsolated()
            await #expect(throws: Expected.self) { try await loop.offload { throw Expected() } }
        }
    }

    @Test func otherThreadsReachTheLoopThroughExecute() throws {
        let loop = try EpollLoop()
        let seen = Recorder()
        try loop.run {
            try await loop.offload {
                for number in 0..<100 { loop.execute { seen.add(number) } }
            }
            while seen.values.count < 100 { try await loop.sleep(for: .milliseconds(1)) }
        }
        #expect(seen.values == Array(0..<100))
    }

    @Test func cancelledSleepEndsAtOnce() throws {
        let loop = try EpollLoop()
        try loop.run {
            let ended = Recorder()
            let task = loop.spawn {
                await #expect(throws: CancellationError.self) {
                    try await loop.sleep(for: .seconds(3600))
                }
                ended.add(1)
            }
            task.cancel()
            await task.value
            #expect(ended.values == [1])
        }
    }

    @Test func timeoutCancelsWhatTakesTooLong() throws {
        let loop = try EpollLoop()
        try loop.run {
            await #expect(throws: TimeoutError.self) {
                try await loop.withTimeout(.milliseconds(5)) {
                    try await loop.sleep(for: .seconds(3600))
                }
            }
            let value = try await loop.withTimeout(.seconds(3600)) { 7 }
            #expect(value == 7)
        }
    }

    @Test func workWithoutAThreadFailsAndDoesNotTrap() async {
        await #expect(processExitsWith: .success) {
            let loop = try EpollLoop()
            // No room for another thread's stack.
            var limit = rlimit(rlim_cur: 1, rlim_max: 1)
            let result = unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
            try #require(result == 0)
            do {
                try loop.run { try await loop.offload {} }
                exit(1)
            } catch let error as SystemError {
                exit(error == SystemError(call: "pthread_create", code: EAGAIN) ? 0 : 2)
            }
        }
    }

    @Test func stopDuringAnOperationEndsTheNextRun() throws {
        let loop = try EpollLoop()
        let value = try loop.run {
            loop.stop()
            try await loop.sleep(for: .milliseconds(2))
            return 7
        }
        #expect(value == 7)
        loop.run()
        _ = loop.schedule(at: loop.now) { loop.stop() }
        loop.run()
    }

    @Test func signalsArriveAsCallbacks() throws {
        // In a thread of its own: the signal mask belongs to the thread.
        let received = Recorder()
        let loop = try EpollLoop()
        try loop.handleSignals([SIGUSR2]) { received.add(Int($0)) }
        try loop.run {
            pthread_kill(pthread_self(), SIGUSR2)
            while received.values.isEmpty { try await loop.sleep(for: .milliseconds(1)) }
        }
        loop.stopHandlingSignals()
        #expect(received.values == [Int(SIGUSR2)])
    }
}

extension EpollLoopTests {
    @Test func saysOnceThatNothingHappensAnyMore() throws {
        let quiet = Recorder()
        let loop = try EpollLoop(quietTime: .milliseconds(20)) { quiet.add(1) }
        let pair = try SocketPair()
        let seen = Recorder()
        _ = try loop.watch(pair.first.rawValue, for: .read, trigger: .edge) { _ in seen.add(1) }
        try loop.run {
            try await loop.sleep(for: .milliseconds(100))
            // Nothing had come before, so there was nothing to clear away.
            #expect(quiet.values.isEmpty)
            pair.writeToSecond([1])
            try await loop.sleep(for: .seconds(1))
        }
        #expect(seen.values == [1])
        #expect(quiet.values == [1])
    }
}

/// Collects numbers from any thread.
final class Recorder: Sendable {
    private let state = Mutex<[Int]>([])

    var values: [Int] { state.withLock { $0 } }

    func add(_ value: Int) { state.withLock { $0.append(value) } }
}

/// Two connected stream sockets.
struct SocketPair: ~Copyable {
    let first: FileDescriptor
    let second: FileDescriptor

    init() throws {
        var pair: [CInt] = [0, 0]
        guard unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &pair) == 0 else {
            throw SystemError.last("socketpair")
        }
        first = FileDescriptor(owning: pair[0])
        second = FileDescriptor(owning: pair[1])
    }

    func writeToSecond(_ bytes: [UInt8]) {
        let count = unsafe write(second.rawValue, bytes, bytes.count)
        #expect(count == bytes.count)
    }

    consuming func split() -> (CInt, CInt) { (first.release(), second.release()) }
}
