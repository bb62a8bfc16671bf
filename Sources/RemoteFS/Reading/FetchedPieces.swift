// SPDX-License-Identifier: Apache-2.0

import SFTPClient
import Wire

/// Pieces of a file that have been asked for before programs read them: on their way, or here.
///
/// No two of them overlap. What is read is taken out.
struct FetchedPieces {
    /// What there is of a part of the file.
    enum Taken: Equatable {
        /// All of it.
        case here([Bytes])
        /// All of it, once the server has answered.
        case onItsWay
        /// Not all of it.
        case missing
        /// All of it, but too old to be shown.
        case tooOld
    }

    fileprivate struct Piece {
        let number: UInt64
        let stream: Int
        var range: Range<UInt64>
        let askedAt: Duration
        /// Nil while it is on its way.
        var data: [Bytes]?
    }

    /// In the order of their places.
    private var pieces: [Piece] = []
    private var lastNumber: UInt64 = 0
    /// How many bytes they have, or will have.
    private(set) var bytes = 0

    var isEmpty: Bool { pieces.isEmpty }

    /// The first part of a range that there is no piece of; nil if there is none.
    func gap(in range: Range<UInt64>) -> Range<UInt64>? {
        var next = range.lowerBound
        var index = firstIndex(endingBehind: next)
        while index < pieces.count, pieces[index].range.lowerBound <= next {
            next = pieces[index].range.upperBound
            index += 1
        }
        guard next < range.upperBound else { return nil }
        let end = index < pieces.count ? pieces[index].range.lowerBound : range.upperBound
        return next..<min(end, range.upperBound)
    }

    /// Adds a piece that is on its way.
    ///
    /// - Returns: its number.
    /// - Precondition: there is no piece of any part of it.
    mutating func expect(_ range: Range<UInt64>, for stream: Int, askedAt: Duration) -> UInt64 {
        precondition(gap(in: range) == range, "asked for twice")
        lastNumber += 1
        let piece = Piece(number: lastNumber, stream: stream, range: range, askedAt: askedAt)
        pieces.insert(piece, at: firstIndex(endingBehind: range.lowerBound))
        bytes += range.count
        return lastNumber
    }

    /// Takes what has come of a piece, which may be less than was asked for.
    mutating func receive(_ data: [Bytes], of number: UInt64) {
        guard let index = pieces.firstIndex(where: { $0.number == number }) else { return }
        let range = pieces[index].range
        let count = min(data.byteCount, range.count)
        guard count > 0 else { return remove { $0.number == number } }
        bytes -= range.count - count
        pieces[index].range = range.lowerBound..<range.lowerBound + UInt64(count)
        pieces[index].data = data
    }

    /// Gives a piece up that has not come.
    mutating func drop(_ number: UInt64) { remove { $0.number == number } }

    /// Takes a part of the file out, if all of it is here.
    ///
    /// - Parameter limit: what was asked for before this is too old.
    mutating func take(_ range: Range<UInt64>, askedSince limit: Duration) -> Taken {
        let first = firstIndex(endingBehind: range.lowerBound)
        var (next, index) = (range.lowerBound, first)
        var (isHere, isOld) = (true, false)
        while next < range.upperBound {
            guard index < pieces.count, pieces[index].range.lowerBound <= next else {
                return .missing
            }
            if pieces[index].data == nil { isHere = false }
            if pieces[index].askedAt < limit { isOld = true }
            next = pieces[index].range.upperBound
            index += 1
        }
        if isOld { return .tooOld }
        guard isHere else { return .onItsWay }
        var data: [Bytes] = []
        for place in first..<index { data += pieces[place].part(in: range) }
        for place in (first..<index).reversed() {
            bytes -= pieces[place].remove(range)
            if pieces[place].range.isEmpty { pieces.remove(at: place) }
        }
        return .here(data)
    }

    mutating func removeAll() { remove { _ in true } }

    /// Drops what nobody will read: the pieces of a stream, all of them or those before a place.
    mutating func removeAll(of stream: Int, before end: UInt64 = .max) {
        remove { $0.stream == stream && $0.range.upperBound <= end }
    }

    private mutating func remove(where isUnwanted: (Piece) -> Bool) {
        pieces.removeAll {
            guard isUnwanted($0) else { return false }
            bytes -= $0.range.count
            return true
        }
    }

    private func firstIndex(endingBehind offset: UInt64) -> Int {
        var (low, high) = (0, pieces.count)
        while low < high {
            let middle = (low + high) / 2
            if pieces[middle].range.upperBound > offset { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension FetchedPieces.Piece {
    /// The bytes of it that lie in a range, uncopied.
    fileprivate func part(in wanted: Range<UInt64>) -> [Bytes] {
        let part = range.clamped(to: wanted)
        var skipped = Int(part.lowerBound - range.lowerBound)
        var missing = part.count
        var found: [Bytes] = []
        for slice in data ?? [] where missing > 0 {
            let rest = slice.dropFirst(skipped).prefix(missing)
            skipped -= min(skipped, slice.count)
            missing -= rest.count
            if !rest.isEmpty { found.append(rest) }
        }
        return found
    }

    /// Drops what lies in a range, unless something would be left on both sides of it.
    ///
    /// - Returns: how many bytes.
    fileprivate mutating func remove(_ taken: Range<UInt64>) -> Int {
        let part = range.clamped(to: taken)
        let isBehind = part.upperBound < range.upperBound
        let isBefore = part.lowerBound > range.lowerBound
        guard !isBefore || !isBehind else { return 0 }
        let rest =
            isBehind ? part.upperBound..<range.upperBound : range.lowerBound..<part.lowerBound
        data = self.part(in: rest)
        range = rest
        return part.count
    }
}
