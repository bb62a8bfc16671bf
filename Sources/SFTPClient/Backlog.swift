// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol

/// The requests that wait for room in flight, in the order in which they were made.
struct Backlog {
    /// A request that has not been sent, and who waits for its reply.
    struct Entry {
        let request: SFTPRequest
        let pending: any PendingRequest
    }

    private var entries: [Entry] = []
    private var head = 0

    var isEmpty: Bool { head == entries.count }

    /// The oldest.
    var first: Entry? { isEmpty ? nil : entries[head] }

    mutating func append(_ entry: Entry) { entries.append(entry) }

    mutating func removeFirst() {
        head += 1
        // Moves the rest up only when it is the smaller half, so that a removal stays cheap.
        if head * 2 >= entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }

    mutating func takeAll() -> ArraySlice<Entry> {
        defer { self = Backlog() }
        return entries[head...]
    }
}
