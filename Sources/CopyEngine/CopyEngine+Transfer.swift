// SPDX-License-Identifier: Apache-2.0

import SFTPClient
import SFTPProtocol
import Wire

extension CopyEngine {
    /// The state of one file on its way.
    private struct Flow {
        struct Read {
            let offset: UInt64
            let count: Int
            let data: Deferred<[Bytes]?>
        }
        struct Write {
            let count: Int
            let end: Deferred<Void>
        }
        var reads: [Read] = []
        var writes: [Write] = []
        /// The offset of the next read.
        var next: UInt64
        /// How many bytes from the beginning have been written.
        var confirmed: UInt64
        /// Whether zeros may be left out.
        let leavesHoles: Bool
        var hasHoles = false
        /// The bytes of ``reads`` and ``writes``.
        var bytes = 0
        /// The bytes of ``writes``.
        var bytesWritten = 0
        /// How many bytes may be asked for ahead: it grows with what comes, as TCP's window does.
        var readWindow = CopyLimits.firstReadWindow
    }

    /// What is asked for where the end is expected.
    private static let probeBytes = 4096

    /// Copies the content of a file: reads ahead, writes in order, and waits for all of it.
    ///
    /// The end is where the source says so, whatever its size was said to be.
    ///
    /// - Parameter confirmed: how many bytes from the beginning are in the target; in the end all of
    ///   them.
    /// - Returns: whether zeros have been left out, so that the file may end too soon.
    func transfer(
        from source: any SourceFile, to target: any TargetFile, size: UInt64?,
        leavingHoles leavesHoles: Bool, confirmed: inout UInt64
    ) async throws -> Bool {
        try await copyDirectly(from: source, to: target, size: size ?? 0, &confirmed)
        var flow = Flow(next: confirmed, confirmed: confirmed, leavesHoles: leavesHoles)
        do {
            try await run(&flow, source, target, expected: size ?? 0)
            confirmed = flow.confirmed
            return flow.hasHoles
        } catch {
            // What is on its way will be there, too, if it is the source that has failed.
            while !(error is TargetError), !endsConnection(error), !flow.writes.isEmpty {
                do { try await finishWrite(&flow) } catch { break }
            }
            giveRoomBack(flow.bytes)
            confirmed = flow.confirmed
            throw error
        }
    }

    /// Lets a side that holds both files copy by itself as much as it can.
    private func copyDirectly(
        from source: any SourceFile, to target: any TargetFile, size: UInt64,
        _ done: inout UInt64
    ) async throws {
        guard options.bytesPerSecond == nil else { return }
        while done < size {
            try requireGoingOn()
            let step = min(CopyLimits.directStep, size - done)
            // Why it can't, the ordinary way finds out.
            let count = (try? await target.copy(from: source, at: done, count: step)) ?? 0
            guard count <= step else { throw Errno.EPROTO }
            done += count
            progress.bytesDone += count
            if count < step { return }
        }
    }

    private func run(
        _ flow: inout Flow, _ source: any SourceFile, _ target: any TargetFile, expected: UInt64
    ) async throws {
        var chunk = min(options.chunkBytes ?? source.chunkBytes, source.chunkBytes)
        if let rate = options.bytesPerSecond {
            chunk = min(chunk, Int(clamping: max(rate / 4, CopyLimits.slowestChunk)))
        }
        var emptyReads = 0
        while true {
            try requireGoingOn()
            try await readAhead(&flow, source, chunk, expected: expected)
            let read = flow.reads.removeFirst()
            guard let data = try await read.data.value() else {
                giveBack(read.count, &flow)
                break
            }
            let count = data.byteCount
            guard count <= read.count else { throw Errno.EPROTO }
            flow.readWindow = min(
                flow.readWindow + count, CopyLimits.largestReadWindow)
            if count == 0 {
                giveBack(read.count, &flow)
                emptyReads += 1
                guard emptyReads == 1 else { throw SFTPError.noProgress }
                dropReads(&flow, from: read.offset)
                continue
            }
            emptyReads = 0
            do {
                let end = try await startWrite(data, at: read.offset, to: target, &flow)
                flow.writes.append(.init(count: count, end: end))
                flow.bytesWritten += count
            } catch {
                throw TargetError(cause: error)
            }
            giveBack(read.count - count, &flow)
            if count < read.count { dropReads(&flow, from: read.offset + UInt64(count)) }
            while let write = flow.writes.first, write.end.isDone() {
                try await finishWrite(&flow)
            }
            // As much is waited for as is beyond the writes' half.
            while flow.writes.count > 1, flow.bytesWritten > CopyLimits.bytesUnderWayPerFile / 2 {
                try await finishWrite(&flow)
            }
        }
        while !flow.writes.isEmpty { try await finishWrite(&flow) }
    }

    /// Writes what was read, or leaves a hole where there are only zeros.
    private func startWrite(
        _ data: [Bytes], at offset: UInt64, to target: any TargetFile, _ flow: inout Flow
    ) async throws -> Deferred<Void> {
        guard flow.leavesHoles, data.byteCount >= CopyLimits.leastHole,
            data.allSatisfy({ piece in piece.allSatisfy { $0 == 0 } })
        else { return try await target.startWrite(data, at: offset) }
        flow.hasHoles = true
        return Deferred(isDone: { true }) {}
    }

    /// Asks for what comes next; beyond the size that is expected, for one more piece only.
    private func readAhead(
        _ flow: inout Flow, _ source: any SourceFile, _ chunk: Int, expected: UInt64
    ) async throws {
        while true {
            let isBeyond = flow.next >= expected
            // The end of a small file comes in the same round trip as its content.
            let count =
                if !isBeyond {
                    Int(min(UInt64(chunk), expected - flow.next))
                } else if flow.next == expected, expected > 0 {
                    min(chunk, Self.probeBytes)
                } else {
                    chunk
                }
            if !flow.reads.isEmpty {
                let endIsAsked = isBeyond && flow.reads.last.map { $0.offset >= expected } ?? false
                guard !endIsAsked, hasRoom(count),
                    flow.bytes - flow.bytesWritten + count <= flow.readWindow
                else { return }
            } else if !flow.writes.isEmpty, !hasRoom(count) {
                // Whoever waits for room must not keep any.
                while !flow.writes.isEmpty { try await finishWrite(&flow) }
            }
            guard flow.next <= UInt64(Int64.max) - UInt64(count) else { throw Errno.EFBIG }
            try await takeRoom(count)
            flow.bytes += count
            try await keepPace(count)
            let data = try await source.startRead(at: flow.next, count: count)
            flow.reads.append(.init(offset: flow.next, count: count, data: data))
            flow.next += UInt64(count)
            if flow.reads.count == 1, options.bytesPerSecond != nil { return }
        }
    }

    /// Forgets what has been asked for behind a read that came back short, and goes on from there.
    private func dropReads(_ flow: inout Flow, from offset: UInt64) {
        for read in flow.reads { giveBack(read.count, &flow) }
        flow.reads = []
        flow.next = offset
    }

    private func finishWrite(_ flow: inout Flow) async throws {
        let write = flow.writes.removeFirst()
        flow.bytesWritten -= write.count
        do {
            try await write.end.value()
        } catch {
            giveBack(write.count, &flow)
            throw TargetError(cause: error)
        }
        giveBack(write.count, &flow)
        flow.confirmed += UInt64(write.count)
        progress.bytesDone += UInt64(write.count)
    }

    private func giveBack(_ count: Int, _ flow: inout Flow) {
        flow.bytes -= count
        giveRoomBack(count)
    }
}
