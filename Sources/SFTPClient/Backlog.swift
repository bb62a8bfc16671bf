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
    private var readCount = 0

    var isEmpty: Bool { head == entries.count }

    /// The oldest.
    var first: Entry? { isEmpty ? nil : entries[head] }

    /// Whether nothing waits but READs, which change nothing and on which nothing depends.
    var isOfReadsOnly: Bool { readCount == entries.count - head }

    mutating func append(_ entry: Entry) {
        entries.append(entry)
        if entry.request.isRead { readCount += 1 }
    }

    mutating func removeFirst() {
        if entries[head].request.isRead { readCount -= 1 }
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

extension SFTPRequest {
    /// Whether it reads from a file.
    fileprivate var isRead: Bool {
        if case .read = self { true } else { false }
    }
}
