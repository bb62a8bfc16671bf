// SPDX-License-Identifier: Apache-2.0

import SFTPClient
import SFTPProtocol
import Wire

extension CopyEngine {
    /// The same place of both files, on its way.
    private struct Pair {
        let offset: UInt64
        let count: Int
        let source: Deferred<[Bytes]?>
        let target: Deferred<[Bytes]?>
        /// What both may take.
        var room: Int { 2 * count }
    }

    /// Reads a range of both files.
    ///
    /// - Returns: where they begin to differ, or one of them ends; the end of the range if they don't.
    func commonEnd(
        of source: any SourceFile, and target: any SourceFile, in range: Range<UInt64>
    ) async throws -> UInt64 {
        var pairs: [Pair] = []
        do {
            return try await compare(&pairs, source, target, range)
        } catch {
            giveBack(&pairs)
            throw error
        }
    }

    private func compare(
        _ pairs: inout [Pair], _ source: any SourceFile, _ target: any SourceFile,
        _ range: Range<UInt64>
    ) async throws -> UInt64 {
        let chunk = min(source.chunkBytes, target.chunkBytes)
        var next = range.lowerBound
        var same = range.lowerBound
        while same < range.upperBound {
            try requireGoingOn()
            while next < range.upperBound {
                let count = Int(min(UInt64(chunk), range.upperBound - next))
                // Whoever waits for room must not keep any: only the first waits.
                guard pairs.isEmpty || mayAdd(count, to: pairs) else { break }
                try await takeRoom(2 * count)
                do {
                    pairs.append(try await startPair(source, target, next, count))
                } catch {
                    giveRoomBack(2 * count)
                    throw error
                }
                next += UInt64(count)
            }
            let pair = pairs.removeFirst()
            defer { giveRoomBack(pair.room) }
            guard let left = try await pair.source.value(),
                let right = try await valueOfTarget(pair.target)
            else { break }
            let (count, isDifferent) = commonCount(left, right)
            guard count <= pair.count else { throw Errno.EPROTO }
            same = pair.offset + UInt64(count)
            if isDifferent { break }
            guard count > 0 else { throw SFTPError.noProgress }
            if count < pair.count {
                giveBack(&pairs)
                next = same
            }
        }
        giveBack(&pairs)
        return same
    }

    private func mayAdd(_ count: Int, to pairs: [Pair]) -> Bool {
        hasRoom(2 * count)
            && pairs.reduce(2 * count) { $0 + $1.room } <= CopyLimits.bytesUnderWayPerFile
    }

    private func startPair(
        _ source: any SourceFile, _ target: any SourceFile, _ offset: UInt64, _ count: Int
    ) async throws -> Pair {
        let left = try await source.startRead(at: offset, count: count)
        do {
            let right = try await target.startRead(at: offset, count: count)
            return Pair(offset: offset, count: count, source: left, target: right)
        } catch {
            throw TargetError(cause: error)
        }
    }

    private func valueOfTarget(_ data: Deferred<[Bytes]?>) async throws -> [Bytes]? {
        do { return try await data.value() } catch { throw TargetError(cause: error) }
    }

    private func giveBack(_ pairs: inout [Pair]) {
        for pair in pairs { giveRoomBack(pair.room) }
        pairs = []
    }

    /// How many bytes both have in common at the beginning, and whether others follow.
    private func commonCount(_ left: [Bytes], _ right: [Bytes]) -> (count: Int, isDifferent: Bool) {
        let (left, right) = (whole(left), whole(right))
        let count = min(left.count, right.count)
        if left.prefix(count) == right.prefix(count) { return (count, false) }
        return (zip(left, right).prefix { $0 == $1 }.count, true)
    }

    private func whole(_ pieces: [Bytes]) -> Bytes {
        pieces.count == 1 ? pieces[0] : Array(pieces.joined())[...]
    }
}
