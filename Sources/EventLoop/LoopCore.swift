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

    mutating func takeAfterTurn() -> [Body] {
        turn &+= 1
        guard !afterTurn.isEmpty else { return [] }
        defer { afterTurn = [] }
        return afterTurn
    }
}
