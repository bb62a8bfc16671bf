// SPDX-License-Identifier: Apache-2.0

public import Wire

/// Bytes that have come and not been read yet, in the pieces in which they came.
public struct PieceQueue: Sendable {
    private var pieces: [Bytes] = []
    private var head = 0
    /// Whether the last piece is an array of its own, which others can be added to.
    private var isLastJoined = false

    /// Pieces up to this size are joined, in bytes.
    ///
    /// Each piece keeps its packet's buffer, so a peer that sends single bytes could otherwise make a
    /// window of them take many times its size.
    private static let smallPiece = 2048

    /// An empty queue.
    public init() {}

    /// Adds a piece at the end.
    public mutating func append(_ bytes: Bytes) {
        guard bytes.count <= Self.smallPiece else {
            pieces.append(bytes)
            isLastJoined = false
            return
        }
        if let last = pieces.indices.last, last >= head, isLastJoined,
            pieces[last].count <= Self.smallPiece
        {
            pieces[last] += bytes
        } else {
            pieces.append(Array(bytes)[...])
        }
        isLastJoined = true
    }

    /// Takes the oldest piece.
    public mutating func popFirst() -> Bytes? {
        guard head < pieces.count else { return nil }
        let bytes = pieces[head]
        pieces[head] = []
        head += 1
        if head == pieces.count {
            removeAll()
        } else if head == 1024 {
            // A reader that never catches up quite would otherwise let the array grow for ever.
            pieces.removeFirst(head)
            head = 0
        }
        return bytes
    }

    /// Forgets all of it.
    public mutating func removeAll() {
        pieces.removeAll(keepingCapacity: true)
        head = 0
    }
}
