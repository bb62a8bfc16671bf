// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol

/// Work of a session's that waits for a disk, to be done on another thread.
struct SlowJob: Sendable {
    /// By which the session knows it.
    let number: Int
    /// The work; it may block.
    let work: @Sendable () -> Result

    /// What came of it.
    enum Result: Sendable {
        case read(Swift.Result<[UInt8], Errno>)
        case copied(Swift.Result<UInt64, Errno>)
        case synchronized(Swift.Result<Void, Errno>)
    }
}

/// The work of a session that is under way, and what waits for its end.
struct WorkUnderWay {
    /// What has been begun: its footprint, and what is to be done with its result.
    struct Job {
        let footprint: Footprint
        let finish: (SlowJob.Result) -> Void
    }

    /// A request that is to be carried out once those before it have been.
    struct Held {
        let request: SFTPRequest
        let id: RequestID
    }

    /// How much of a session's work may be under way at a time: as many threads would wait for its disk.
    static let jobsAtOnce = 8
    /// How many requests may wait, and how many bytes they may hold, before no more are read.
    private static let heldRequests = 256
    private static let heldBytes = 4 << 20

    private(set) var jobs: [Int: Job] = [:]
    private(set) var held: [Held] = []
    /// The footprint of all that are held.
    private(set) var heldFootprint = Footprint()
    private var heldByteCount = 0
    private var lastNumber = 0

    var isEmpty: Bool { jobs.isEmpty && held.isEmpty }

    var hasRoomForJob: Bool { jobs.count < Self.jobsAtOnce }

    /// Whether no more requests are to be read for now.
    var isFull: Bool { held.count >= Self.heldRequests || heldByteCount >= Self.heldBytes }

    /// Whether something with this footprint has to wait for others.
    func mustWait(_ footprint: Footprint) -> Bool {
        footprint.mustFollow(heldFootprint)
            || jobs.values.contains { footprint.mustFollow($0.footprint) }
    }

    mutating func begin(_ job: Job) -> Int {
        lastNumber += 1
        jobs[lastNumber] = job
        return lastNumber
    }

    mutating func end(_ number: Int) -> Job {
        guard let job = jobs.removeValue(forKey: number) else {
            preconditionFailure("work that was never begun")
        }
        return job
    }

    mutating func hold(_ request: SFTPRequest, id: RequestID, _ footprint: Footprint) {
        held.append(Held(request: request, id: id))
        heldFootprint.add(footprint)
        heldByteCount += request.payloadByteCount
    }

    /// All that are held, in order; they aren't held any more.
    mutating func takeHeld() -> [Held] {
        defer {
            held = []
            heldFootprint = Footprint()
            heldByteCount = 0
        }
        return held
    }
}

extension SFTPRequest {
    /// How many bytes of data it brings.
    fileprivate var payloadByteCount: Int {
        guard case .write(_, _, let data) = self else { return 0 }
        return data.reduce(0) { $0 + $1.count }
    }
}
