// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import Wire

// Requests are carried out as they come. Only what waits for a disk is handed to other threads; requests
// that could tell whether it has ended wait for it, and others for them. So the results are those of
// carrying out one behind the other.
extension SFTPSession {
    /// Whether work is under way.
    var isWorking: Bool { !work.isEmpty }

    /// Carries out a request now, or as soon as those before it on which it depends have been.
    func order(_ request: SFTPRequest, id: RequestID) {
        let isTooEarly = isTooEarly(request)
        guard isWorking || isTooEarly else { return carryOut(request, id: id) }
        let footprint = footprint(
            of: request, pathsAreKnown: work.heldFootprint.names != .changed)
        if isTooEarly || work.mustWait(footprint) || (request.isSlow && !work.hasRoomForJob) {
            work.hold(request, id: id, footprint)
        } else {
            carryOut(request, id: id)
        }
    }

    /// Begins what may take long, or does it at once where there is nobody to do it.
    func begin(
        _ request: SFTPRequest, work body: @escaping @Sendable () -> SlowJob.Result,
        finish: @escaping (SlowJob.Result) -> Void
    ) {
        guard let startJob else { return finish(body()) }
        let footprint = footprint(of: request, pathsAreKnown: true)
        let number = work.begin(.init(footprint: footprint, finish: finish))
        startJob(SlowJob(number: number, work: body))
    }

    /// Takes the result of a job, and goes on with what had to wait for it.
    func finish(_ number: Int, _ result: SlowJob.Result) {
        work.end(number).finish(result)
        for held in work.takeHeld() { order(held.request, id: held.id) }
    }
}

extension SFTPRequest {
    /// Whether it is never done at once.
    fileprivate var isSlow: Bool {
        switch self {
        case .copyData, .fsync: true
        default: false
        }
    }
}
