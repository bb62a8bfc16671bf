// SPDX-License-Identifier: Apache-2.0

/// A queue in one array: elements go in at the end and come out at the front.
///
/// Taking an element costs constant time on average, and memory stays within twice what is queued.
struct FIFO<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { head == elements.count }
    var first: Element? { isEmpty ? nil : elements[head] }

    mutating func append(_ element: Element) { elements.append(element) }

    /// Puts another element into the first one's place.
    mutating func replaceFirst(_ element: Element) {
        precondition(!isEmpty, "nothing to replace")
        elements[head] = element
    }

    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        // Cleared at once, so that a payload is not kept alive by a queue that is done with it.
        let element = elements[head].take()
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: head <= 64)
            head = 0
        } else if head >= 32, head * 2 >= elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    mutating func removeAll() {
        elements = []
        head = 0
    }
}

extension FIFO: Sendable where Element: Sendable {}
