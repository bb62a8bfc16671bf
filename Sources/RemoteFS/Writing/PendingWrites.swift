// SPDX-License-Identifier: Apache-2.0

import Wire

/// What programs have written to a file and the server has not acknowledged.
///
/// Data that wait to be sent never overlap each other: what is written later takes the place of what was
/// to be sent there. Nothing is sent while a request without an answer, or a write of its own, overlaps it, so
/// that the order in which a server, or two sessions of it, carry them out makes no difference.
struct PendingWrites {
    /// Data of up to so many bytes are copied behind what they follow, to become one request.
    ///
    /// More are sent from where they are.
    static let copiedBytes = 32 << 10
    /// The most requests of a file without an answer, as OpenSSH's client has.
    static let maximumRequests = 64
    /// The most pieces of a file that wait: of small ones that don't follow each other.
    static let maximumPieces = 1024

    /// Data to be sent.
    private struct Entry {
        var piece: FilePiece
        /// The number of the oldest write that they stand for.
        var number: UInt64
    }

    /// Data for one WRITE: pieces that follow each other.
    struct Request {
        let pieces: [FilePiece]
        /// The number of the oldest write that they stand for.
        fileprivate let number: UInt64

        var range: Range<UInt64> {
            (pieces.first?.range.lowerBound ?? 0)..<(pieces.last?.range.upperBound ?? 0)
        }
    }

    /// In the order in which they are sent.
    private var waiting: [Entry] = []
    /// The requests without an answer, the oldest first.
    private(set) var sent: [Request] = []
    /// The ranges that are being written by somebody who waits for it himself.
    private var claims: [Range<UInt64>] = []
    /// How many bytes wait or have no answer.
    private(set) var byteCount = 0
    /// The number of the last write.
    private(set) var lastNumber: UInt64 = 0

    /// Whether there are no data.
    var isEmpty: Bool { waiting.isEmpty && sent.isEmpty }
    /// Whether no data wait to be sent.
    var isAllSent: Bool { waiting.isEmpty }
    /// Whether there are data, and all of them have been sent.
    var isSent: Bool { waiting.isEmpty && !sent.isEmpty }
    /// Whether nothing is known here.
    var isUnused: Bool { isEmpty && claims.isEmpty }
    /// Whether no more pieces are to be added for now.
    var isCrowded: Bool { waiting.count >= Self.maximumPieces }

    /// Whether there are data that wait for nothing but their turn.
    var canSend: Bool { waiting.contains { !isBlocked($0.piece.range) } }

    /// Where the last of the data ends; 0 where there are none.
    var end: UInt64 {
        max(
            waiting.map(\.piece.range.upperBound).max() ?? 0,
            sent.map(\.range.upperBound).max() ?? 0)
    }

    /// Whether all that was written up to a number has been answered, but for what ends before an
    /// offset.
    func isSettled(upTo number: UInt64, from offset: UInt64 = 0) -> Bool {
        !waiting.contains { $0.number <= number && $0.piece.range.upperBound > offset }
            && !sent.contains { $0.number <= number && $0.range.upperBound > offset }
    }

    /// Whether data, or a write of its own, overlap a range.
    func overlaps(_ range: Range<UInt64>) -> Bool {
        waiting.contains { $0.piece.range.overlaps(range) } || isBlocked(range)
    }

    /// Whether a range can't be written by a request now.
    private func isBlocked(_ range: Range<UInt64>) -> Bool {
        sent.contains { $0.range.overlaps(range) } || claims.contains { $0.overlaps(range) }
    }

    // MARK: Coming

    /// Adds what has been written.
    ///
    /// - Parameters:
    ///   - piece: not empty.
    ///   - limit: the most bytes of one request.
    mutating func add(_ piece: FilePiece, limit: Int) {
        lastNumber += 1
        byteCount += piece.data.count
        if waiting.contains(where: { $0.piece.range.overlaps(piece.range) }) {
            replace(by: piece)
        } else if let last = waiting.last?.piece, last.range.upperBound == piece.offset,
            piece.data.count <= Self.copiedBytes, last.data.count + piece.data.count <= limit
        {
            waiting[waiting.count - 1].piece.data.append(contentsOf: piece.data)
        } else {
            waiting.append(Entry(piece: piece, number: lastNumber))
        }
    }

    /// Puts data in the place of what was to be sent there.
    ///
    /// They are sent when that would have been, and stand for it.
    private mutating func replace(by piece: FilePiece) {
        var entry = Entry(piece: piece, number: lastNumber)
        var kept: [Entry] = []
        var place: Int?
        for old in waiting {
            guard old.piece.range.overlaps(piece.range) else {
                kept.append(old)
                continue
            }
            place = place ?? kept.count
            entry.number = min(entry.number, old.number)
            let rest = old.piece.outside(piece.range)
            byteCount -= old.piece.data.count - rest.reduce(0) { $0 + $1.data.count }
            kept += rest.map { Entry(piece: $0, number: old.number) }
        }
        kept.insert(entry, at: place ?? kept.count)
        waiting = kept
    }

    // MARK: Sending

    /// Takes the next data that can be sent; they have no answer yet.
    ///
    /// Data to which the next write may add are held back while another request has no answer, and until
    /// they are due.
    ///
    /// - Parameters:
    ///   - limit: the most bytes of one request.
    ///   - isUrgent: whether nothing is to be held back.
    ///   - isDue: whether what waits has waited long enough for more.
    mutating func takeRequest(limit: Int, isUrgent: Bool, isDue: Bool = true) -> Request? {
        guard sent.count < Self.maximumRequests,
            let first = waiting.firstIndex(where: { !isBlocked($0.piece.range) })
        else { return nil }
        let (count, room) = requestLength(from: first, limit: limit)
        let mayGrow = room > 0 && first + count == waiting.count
        if mayGrow, !isUrgent, !isDue || !sent.isEmpty { return nil }
        var entries = Array(waiting[first..<first + count])
        waiting.removeSubrange(first..<first + count)
        if let last = entries.last, room < 0 {
            // Only its beginning.
            let middle = last.piece.range.upperBound - UInt64(-room)
            let (head, tail) = (
                last.piece.inside(0..<middle), last.piece.inside(middle..<UInt64.max)
            )
            entries.removeLast()
            if let head { entries.append(Entry(piece: head, number: last.number)) }
            if let tail { waiting.insert(Entry(piece: tail, number: last.number), at: first) }
        }
        let request = Request(
            pieces: entries.map(\.piece), number: entries.map(\.number).min() ?? 0)
        sent.append(request)
        return request
    }

    /// How many pieces go into a request, and how many bytes more would fit; fewer than none where only a
    /// part of the last one does.
    private func requestLength(from first: Int, limit: Int) -> (count: Int, room: Int) {
        var count = 1
        var room = limit - waiting[first].piece.data.count
        while room > 0, first + count < waiting.count {
            let next = waiting[first + count].piece
            guard next.offset == waiting[first + count - 1].piece.range.upperBound,
                !isBlocked(next.range)
            else { break }
            room -= next.data.count
            count += 1
        }
        return (count, room)
    }

    /// The oldest request has been answered.
    ///
    /// - Returns: how many bytes it had.
    @discardableResult
    mutating func finishRequest() -> Int {
        let request = sent.removeFirst()
        byteCount -= request.range.count
        return request.range.count
    }

    /// The requests without an answer never get one: their data are sent again, but for what has been
    /// written there since.
    mutating func takeBack() {
        var newer = waiting
        let old = sent.flatMap { request in
            request.pieces.map { Entry(piece: $0, number: request.number) }
        }
        sent = []
        waiting = []
        for entry in old {
            var rest = [entry.piece]
            for index in newer.indices
            where newer[index].piece.range.overlaps(entry.piece.range) {
                rest = rest.flatMap { $0.outside(newer[index].piece.range) }
                newer[index].number = min(newer[index].number, entry.number)
            }
            byteCount -= entry.piece.data.count - rest.reduce(0) { $0 + $1.data.count }
            waiting += rest.map { Entry(piece: $0, number: entry.number) }
        }
        waiting += newer
    }

    /// Forgets all data.
    mutating func giveUp() {
        (waiting, sent, byteCount) = ([], [], 0)
    }

    // MARK: Writes of their own

    /// Keeps a range for somebody who writes it himself.
    ///
    /// - Precondition: nothing overlaps it.
    mutating func claim(_ range: Range<UInt64>) {
        precondition(!overlaps(range), "a range is written twice at a time")
        claims.append(range)
    }

    /// Gives a range back.
    mutating func endClaim(_ range: Range<UInt64>) {
        if let index = claims.firstIndex(of: range) { claims.remove(at: index) }
    }
}
