// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
public import Wire

// READ and WRITE: one request at a time, or as many as it takes.

extension SFTPClient {
    /// READ, started: at most `length` bytes; nil at the end of the file.
    ///
    /// The server may send fewer bytes than there are, even none.
    ///
    /// - Precondition: `length` is at least 1 and not more than the `readBytes` of ``limits``.
    public func startRead(
        _ handle: SFTPHandle, offset: UInt64, length: Int
    ) throws(SFTPError) -> PendingReply<[Bytes]?> {
        precondition(1...limits.readBytes ~= length, "not the length of one READ")
        return try start(
            .read(handle: own(handle), offset: offset, length: UInt32(length)),
            payloadBytes: length, ReplyDecoding.data)
    }

    /// READ, whose answer is handed over in the very step in which it comes: as ``startRead(_:offset:length:)``,
    /// without a task that waits.
    ///
    /// - Parameters:
    ///   - handle: the file, open for reading.
    ///   - offset: where to begin in it.
    ///   - length: the most bytes to read: from 1 to the `readBytes` of ``limits``.
    ///   - onAnswer: called on the loop, once; also with why there is no answer.
    public func startRead(
        _ handle: SFTPHandle, offset: UInt64, length: Int,
        onAnswer: @escaping @Sendable (Result<[Bytes]?, SFTPError>) -> Void
    ) throws(SFTPError) {
        let pending = try startRead(handle, offset: offset, length: length)
        pending.whenAnswered(in: self) { answer in onAnswer(answer.map { $0?.joiningSmallPieces }) }
    }

    /// WRITE, started.
    ///
    /// The pieces are sent from where they are, uncopied.
    ///
    /// - Precondition: `data` has not more bytes than the `writeBytes` of ``limits``.
    public func startWrite(
        _ handle: SFTPHandle, offset: UInt64, data: [Bytes]
    ) throws(SFTPError) -> PendingReply<Void> {
        let count = data.byteCount
        precondition(count <= limits.writeBytes, "too long for one WRITE")
        return try start(
            .write(handle: own(handle), offset: offset, data: data), payloadBytes: count,
            ReplyDecoding.done)
    }

    /// Reads `length` bytes of a file, or what there is of them before its end.
    ///
    /// Finding the end takes one round trip more than reading up to it: don't ask for what is known not
    /// to be there.
    ///
    /// - Returns: the data in order; uncopied, but for small pieces.
    /// - Throws: ``SFTPError/noProgress``, or the first error; never less data instead of an error.
    ///   `EFBIG` beyond the largest offset of a file, 2^63 - 1.
    public func read(
        _ handle: SFTPHandle, offset: UInt64, length: Int
    ) async throws(SFTPError) -> [Bytes] {
        if Task.isCancelled { throw .cancelled }
        var parts: [PendingReply<[Bytes]?>] = []
        // What isn't needed after an error or the end of the file is not to be sent any more.
        defer { for part in parts { part.abandon(in: self) } }
        let ranges = try split(offset: offset, count: length, limit: limits.readBytes)
        for range in ranges {
            parts.append(try startRead(handle, offset: range.lowerBound, length: range.count))
        }
        var pieces: [Bytes] = []
        for (part, range) in zip(parts, ranges) {
            let count = try await finish(part, handle, range, into: &pieces)
            if count < range.count { break }
        }
        return pieces
    }

    /// Asks on after `part` until the whole of `range` or the end of the file is there.
    private func finish(
        _ part: PendingReply<[Bytes]?>, _ handle: SFTPHandle, _ range: Range<UInt64>,
        into pieces: inout [Bytes]
    ) async throws(SFTPError) -> Int {
        var next = range.lowerBound
        var part = part
        var wasEmpty = false
        while let data = try await value(of: part) {
            let count = data.byteCount
            if count == 0 && wasEmpty { throw .noProgress }
            wasEmpty = count == 0
            if pieces.isEmpty { pieces.reserveCapacity(data.count) }
            for piece in data { pieces.appendJoining(piece) }
            next += UInt64(count)
            if next == range.upperBound { break }
            part = try startRead(handle, offset: next, length: Int(range.upperBound - next))
        }
        return Int(next - range.lowerBound)
    }

    /// Writes `data` with as many WRITEs as it takes, all in flight together.
    ///
    /// - Throws: what ``writeSome(_:offset:data:)`` tells as the failure.
    public func write(
        _ handle: SFTPHandle, offset: UInt64, data: [Bytes]
    ) async throws(SFTPError) {
        if let failure = await writeSome(handle, offset: offset, data: data).failure {
            throw failure
        }
    }

    /// Writes as much of `data` as can be written, with as many WRITEs as it takes, all in flight
    /// together.
    ///
    /// - Returns: how much from the start of `data` has been written, once all WRITEs are answered or
    ///   the task has been cancelled, and the first failure. It is `EFBIG` beyond the largest offset of
    ///   a file, 2^63 - 1: then nothing is written.
    public func writeSome(
        _ handle: SFTPHandle, offset: UInt64, data: [Bytes]
    ) async -> WriteOutcome {
        var parts: [PendingReply<Void>] = []
        defer { for part in parts { part.abandon(in: self) } }
        let ranges: [Range<UInt64>]
        do throws(SFTPError) {
            if Task.isCancelled { throw .cancelled }
            var rest = PieceReader(data)
            ranges = try split(offset: offset, count: data.byteCount, limit: limits.writeBytes)
            for range in ranges {
                parts.append(
                    try startWrite(handle, offset: range.lowerBound, data: rest.take(range.count)))
            }
        } catch {
            return WriteOutcome(count: 0, failure: error)
        }
        var outcome = WriteOutcome(count: 0)
        for (part, range) in zip(parts, ranges) {
            do {
                try await value(of: part)
                if outcome.failure == nil { outcome.count += range.count }
            } catch {
                outcome.failure = outcome.failure ?? error
                if error == .cancelled { break }
            }
        }
        return outcome
    }

    /// Cuts a part of a file into ranges of `limit` bytes and one of the rest.
    private func split(
        offset: UInt64, count: Int, limit: Int
    ) throws(SFTPError) -> [Range<UInt64>] {
        let (end, isBeyondAll) = offset.addingReportingOverflow(UInt64(count))
        guard !isBeyondAll, end <= UInt64(Int64.max) else {
            throw .status(SFTPStatus(errno: .EFBIG))
        }
        return stride(from: offset, to: end, by: limit).map { $0..<min($0 + UInt64(limit), end) }
    }
}

extension [Bytes] {
    /// Adds data behind what is there.
    ///
    /// Small pieces become one: a server that sends data byte by byte must not make a read hold the
    /// buffer of a packet for each.
    fileprivate mutating func appendJoining(_ piece: Bytes) {
        if let last = indices.last, self[last].count < ClientLimits.smallPieceBytes,
            piece.count < ClientLimits.smallPieceBytes
        {
            self[last].append(contentsOf: piece)
        } else {
            append(piece)
        }
    }

    /// The same data, small pieces of it joined.
    fileprivate var joiningSmallPieces: [Bytes] {
        guard count > 1 else { return self }
        var joined: [Bytes] = []
        joined.reserveCapacity(count)
        for piece in self { joined.appendJoining(piece) }
        return joined
    }
}

/// What has become of a write.
public struct WriteOutcome: Sendable {
    /// How many bytes from the start of the data have been written.
    ///
    /// Behind a part that could not be written, later ones may have been, too.
    public var count: Int
    /// Why not all of them have been; nil if all have.
    public var failure: SFTPError?

    /// An outcome.
    public init(count: Int, failure: SFTPError? = nil) {
        self.count = count
        self.failure = failure
    }
}

/// Takes data piece by piece, without copying it.
private struct PieceReader {
    private var pieces: ArraySlice<Bytes>

    init(_ pieces: [Bytes]) {
        self.pieces = pieces[...]
    }

    /// The next `count` bytes.
    ///
    /// - Precondition: there are as many.
    mutating func take(_ count: Int) -> [Bytes] {
        var taken: [Bytes] = []
        var missing = count
        while missing > 0 {
            let piece = pieces[pieces.startIndex]
            taken.append(piece.prefix(missing))
            if piece.count > missing {
                pieces[pieces.startIndex] = piece.dropFirst(missing)
                break
            }
            missing -= piece.count
            pieces = pieces.dropFirst()
        }
        return taken
    }
}
