// SPDX-License-Identifier: Apache-2.0

import Wire

/// The data that waits to be sent on a channel, as the pieces in which it came.
struct SendQueue {
    private var pieces = FIFO<Bytes>()
    /// How many bytes are queued.
    private(set) var byteCount = 0

    var isEmpty: Bool { byteCount == 0 }

    mutating func append(_ piece: Bytes) {
        guard !piece.isEmpty else { return }
        byteCount += piece.count
        pieces.append(piece)
    }

    /// Takes the first `limit` bytes, or all if there are fewer: slices of the pieces, not copies.
    mutating func take(_ limit: Int) -> [Bytes] {
        var taken: [Bytes] = []
        var wanted = min(limit, byteCount)
        byteCount -= wanted
        while wanted > 0, let piece = pieces.first {
            if piece.count <= wanted {
                taken.append(piece)
                wanted -= piece.count
                _ = pieces.popFirst()
            } else {
                taken.append(piece.prefix(wanted))
                pieces.replaceFirst(piece.dropFirst(wanted))
                wanted = 0
            }
        }
        return taken
    }

    mutating func removeAll() {
        pieces.removeAll()
        byteCount = 0
    }
}
