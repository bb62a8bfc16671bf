// SPDX-License-Identifier: Apache-2.0

/// The timers of one loop, by deadline and, for equal deadlines, in the order they were set.
///
/// A binary heap of keys beside a table of bodies: cancelling only takes the body away, and the
/// keys left behind are swept out once they are the majority.
struct TimerQueue {
    typealias Body = @Sendable () -> Void

    private struct Key: Comparable {
        let deadline: Duration
        let id: UInt64

        static func < (left: Key, right: Key) -> Bool {
            (left.deadline, left.id) < (right.deadline, right.id)
        }
    }

    private var heap: [Key] = []
    private var bodies: [UInt64: Body] = [:]
    private var lastID: UInt64 = 0

    var isEmpty: Bool { bodies.isEmpty }

    /// The earliest deadline.
    mutating func nextDeadline() -> Duration? {
        dropCancelled()
        return heap.first?.deadline
    }

    mutating func insert(at deadline: Duration, _ body: @escaping Body) -> TimerID {
        lastID += 1
        bodies[lastID] = body
        heap.append(Key(deadline: deadline, id: lastID))
        siftUp(from: heap.count - 1)
        return TimerID(rawValue: lastID)
    }

    mutating func remove(_ timer: TimerID) {
        bodies[timer.rawValue] = nil
        if heap.count > 64, heap.count > 2 * bodies.count { sweep() }
    }

    /// Takes out the earliest timer that is due at `now` and was set no later than `lastSet`.
    ///
    /// The bound keeps a timer that sets another one for now from holding up the turn.
    mutating func popDue(at now: Duration, setUpTo lastSet: TimerID) -> Body? {
        dropCancelled()
        guard let first = heap.first, first.deadline <= now, first.id <= lastSet.rawValue else {
            return nil
        }
        removeFirst()
        return bodies.removeValue(forKey: first.id)
    }

    /// The timer that was set last.
    var newest: TimerID { TimerID(rawValue: lastID) }

    private mutating func dropCancelled() {
        while let first = heap.first, bodies[first.id] == nil { removeFirst() }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown(from: 0)
    }

    private mutating func sweep() {
        heap.removeAll { bodies[$0.id] == nil }
        // A sorted array is a heap.
        heap.sort()
    }

    private mutating func siftUp(from start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(from start: Int) {
        var parent = start
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { return }
            let right = left + 1
            let least = right < heap.count && heap[right] < heap[left] ? right : left
            guard heap[least] < heap[parent] else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
