// SPDX-License-Identifier: Apache-2.0

/// What the real and the simulated loop have in common: ready jobs, timers, work for after the turn.
///
/// Belongs to the loop's thread.
struct LoopCore {
    typealias Body = @Sendable () -> Void

    /// A piece of work that is ready: a task's next step or a plain closure.
    enum Item {
        case job(UnownedJob)
        case body(Body)

        func run(on loop: some EventLoop) {
            switch self {
            case .job(let job):
                unsafe job.runSynchronously(
                    isolatedTo: loop.asUnownedSerialExecutor(),
                    taskExecutor: loop.asUnownedTaskExecutor())
            case .body(let body):
                body()
            }
        }
    }

    /// How many jobs one turn runs before it looks at descriptors and timers again.
    static let jobsPerTurn = 1024
    /// How often one turn goes on with the jobs that its ``afterTurn`` work has made ready.
    ///
    /// What such work wakes up (the sender of what a turn has collected, and the socket behind it)
    /// then need not wait for another look at the descriptors.
    static let roundsPerTurn = 4

    var timers = TimerQueue()
    private(set) var turn: UInt64 = 0
    private var ready: [Item] = []
    private var head = 0
    private var afterTurn: [Body] = []

    /// Whether the next turn has work without waiting for anything.
    var hasReadyWork: Bool { head < ready.count || !afterTurn.isEmpty }

    mutating func append(_ item: Item) { ready.append(item) }

    mutating func append(contentsOf items: [Item]) { ready.append(contentsOf: items) }

    mutating func appendAfterTurn(_ body: @escaping Body) { afterTurn.append(body) }

    /// Takes the next piece of work for this round.
    mutating func popReady() -> Item? {
        guard head < ready.count else { return nil }
        let item = ready[head]
        head += 1
        if head == ready.count {
            ready.removeAll(keepingCapacity: true)
            head = 0
        } else if head == Self.jobsPerTurn {
            // Jobs that keep adding jobs would otherwise grow the array for ever.
            ready.removeFirst(head)
            head = 0
        }
        return item
    }

    /// Takes the work for after this round's jobs.
    mutating func takeAfterTurn() -> [Body] {
        guard !afterTurn.isEmpty else { return [] }
        defer { afterTurn = [] }
        return afterTurn
    }

    mutating func endTurn() { turn &+= 1 }
}

/// A loop whose turns are made of a ``LoopCore``'s work.
protocol CoreLoop: EventLoop {
    var core: LoopCore { get set }
}

extension CoreLoop {
    /// Runs the timers that are due, the jobs, and what is to follow them.
    func runTurn() {
        runTimers()
        for _ in 0..<LoopCore.roundsPerTurn where core.hasReadyWork {
            runJobs()
            for body in core.takeAfterTurn() { body() }
        }
        core.endTurn()
    }

    private func runTimers() {
        guard !core.timers.isEmpty else { return }
        let now = now
        let newest = core.timers.newest
        while let body = core.timers.popDue(at: now, setUpTo: newest) { body() }
    }

    private func runJobs() {
        for _ in 0..<LoopCore.jobsPerTurn {
            guard let item = core.popReady() else { return }
            item.run(on: self)
        }
    }
}
