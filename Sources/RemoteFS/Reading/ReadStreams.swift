// SPDX-License-Identifier: Apache-2.0

/// Where programs read an open file, and what they will probably read next.
///
/// A stream is a row of reads, each behind the one before it, or each at the same distance from it.
/// Several programs or threads may read one open file in different places, so that a few streams are
/// followed at a time. A read that belongs to none may be the first of a new one; nothing is asked for
/// ahead of that.
struct ReadStreams {
    /// How many streams of one open file are followed: the kernel's own read-ahead follows one.
    static let maximumCount = 4
    /// How many bytes are asked for ahead of a stream that has just been recognised: two of the reads
    /// that Linux makes.
    static let firstWindow: UInt64 = 256 << 10
    /// How far behind a stream a read may be and still belong to it: Linux sends several reads at once,
    /// and a program's threads may overtake each other.
    static let slack: UInt64 = 1 << 20
    /// The largest distance between reads that are taken for a row.
    static let maximumStep: Int64 = 16 << 20

    /// What should be asked for ahead.
    struct Wanted: Equatable {
        let stream: Int
        let range: Range<UInt64>
    }

    fileprivate struct Stream {
        let id: Int
        /// From the start of one read to the next one's; nil where each begins at the end of the last.
        let step: Int64?
        /// The length of each read, where they are at a distance.
        let count: UInt64
        /// Where the next read should begin.
        var next: UInt64
        /// Where the next to ask for ahead begins.
        var asked: UInt64
        /// How many bytes are asked for ahead.
        var window: UInt64
        /// How many bytes have been read since the window last grew.
        var sinceGrowth: UInt64 = 0
        /// Whether there has been a second read.
        var isRow: Bool
    }

    /// The last to have been used is the last here.
    private var streams: [Stream] = []
    private var lastID = 0
    private var previous: Range<UInt64>?
    private var distance: Int64 = 0
    /// Where the file seems to end, or can't be read.
    private var end: UInt64?

    /// The stream that was read last, and the place before which it will not be read any more.
    var latest: (id: Int, passed: UInt64) {
        guard let stream = streams.last else { return (0, 0) }
        let isForward = stream.step ?? 1 > 0
        return (stream.id, isForward ? stream.next - min(stream.next, Self.slack) : 0)
    }

    /// Takes note of a read.
    ///
    /// - Returns: whether it was to be expected, and a stream that is not followed any more.
    mutating func note(_ read: Range<UInt64>) -> (isExpected: Bool, ended: Int?) {
        if let end, read.upperBound > end { self.end = nil }
        let step = takeStep(to: read)
        if let index = streams.lastIndex(where: { $0.goesOn(with: read) }) {
            if index != streams.count - 1 { streams.append(streams.remove(at: index)) }
            streams[streams.count - 1].advance(over: read)
            return (true, nil)
        }
        lastID += 1
        var stream = Stream(
            id: lastID, step: step, count: max(UInt64(read.count), 1), next: read.upperBound,
            asked: read.upperBound, window: Self.firstWindow, isRow: step != nil)
        if step != nil { stream.advance(over: read) }
        streams.append(stream)
        let ended = streams.count > Self.maximumCount ? streams.removeFirst().id : nil
        return (step != nil, ended)
    }

    /// Takes note that what has been read last is still on its way: more should have been asked for
    /// before.
    ///
    /// The window doubles, as TCP's does: once for each window that has been read.
    mutating func noteWait() {
        guard let last = streams.indices.last, streams[last].sinceGrowth >= streams[last].window
        else { return }
        streams[last].sinceGrowth = 0
        streams[last].window = min(streams[last].window * 2, UInt64(ReadAheadMemory.fileBytes))
    }

    /// What should be asked for next; nil if enough is.
    ///
    /// - Parameters:
    ///   - pieceBytes: how many bytes to ask for at a time.
    ///   - size: the file's size, where it is known.
    ///   - limit: the most bytes to ask for ahead.
    func wanted(pieceBytes: Int, size: UInt64?, limit: Int) -> Wanted? {
        let end = min(size ?? UInt64(Int64.max), end ?? UInt64(Int64.max))
        for index in streams.indices.reversed() where streams[index].isRow {
            let stream = streams[index]
            let window = min(stream.window, UInt64(max(limit, 0)))
            if let wanted = stream.wanted(UInt64(pieceBytes), end: end, window: window) {
                return wanted
            }
        }
        return nil
    }

    /// Takes note that what was wanted has been asked for.
    mutating func noteAsked(_ wanted: Wanted) {
        guard let index = streams.firstIndex(where: { $0.id == wanted.stream }) else { return }
        guard let step = streams[index].step else {
            return streams[index].asked = wanted.range.upperBound
        }
        streams[index].asked = streams[index].asked.moved(by: step) ?? UInt64(Int64.max)
    }

    /// Takes note that the server has sent less than was asked for: nothing behind it is worth asking
    /// for, until a program does.
    mutating func noteEnd(_ offset: UInt64) { end = offset }

    /// Begins anew behind what programs have read: what was asked for is not to be had any more.
    mutating func restart() {
        end = nil
        for index in streams.indices {
            streams[index].asked = streams[index].next
            streams[index].window = min(streams[index].window, Self.firstWindow)
            streams[index].sinceGrowth = 0
        }
    }

    /// The distance between this read and the last one, if it is that between that and the one before.
    private mutating func takeStep(to read: Range<UInt64>) -> Int64? {
        defer { previous = read }
        guard let previous, previous.lowerBound <= Int64.max, read.lowerBound <= Int64.max else {
            return nil
        }
        let step = Int64(read.lowerBound) - Int64(previous.lowerBound)
        let isSame = step == distance && read.count == previous.count
        distance = step
        let isApart = step.magnitude >= read.count && step != Int64(clamping: read.count)
        return isSame && isApart && step.magnitude <= Self.maximumStep ? step : nil
    }
}

extension ReadStreams.Stream {
    /// Whether a read belongs to this stream.
    func goesOn(with read: Range<UInt64>) -> Bool {
        guard isRow else { return read.lowerBound == next }
        if step != nil { return read.lowerBound == next && read.count <= count }
        return read.lowerBound <= asked
            && read.upperBound > next - min(next, ReadStreams.slack)
    }

    mutating func advance(over read: Range<UInt64>) {
        sinceGrowth += UInt64(read.count)
        isRow = true
        guard let step else {
            next = max(next, read.upperBound)
            asked = max(asked, next)
            return
        }
        next = read.lowerBound.moved(by: step) ?? UInt64(Int64.max)
        asked = step > 0 ? max(asked, next) : min(asked, next)
    }

    func wanted(_ pieceBytes: UInt64, end: UInt64, window: UInt64) -> ReadStreams.Wanted? {
        guard asked < end else { return nil }
        guard let step else {
            guard asked - next < window else { return nil }
            return .init(stream: id, range: asked..<asked + min(pieceBytes, end - asked))
        }
        let steps = (Int64(clamping: asked) - Int64(clamping: next)) / step
        guard UInt64(clamping: steps) < window / count else { return nil }
        return .init(stream: id, range: asked..<asked + min(count, pieceBytes, end - asked))
    }
}

extension UInt64 {
    /// A place in a file, so far from this one; nil where no file has it.
    fileprivate func moved(by step: Int64) -> UInt64? {
        guard let place = Int64(exactly: self) else { return nil }
        let (moved, overflow) = place.addingReportingOverflow(step)
        return overflow || moved < 0 ? nil : UInt64(moved)
    }
}
