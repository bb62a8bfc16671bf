// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol

/// How much is left to chance in a run: swarm testing, where each run does without some faults.
struct SimulatedWeather: Sendable {
    /// Whether connections break.
    let breaks: Bool
    /// The longest time that bytes take in one direction.
    let latency: Duration
    /// The longest time that a reply takes; they may overtake each other.
    let slowness: Duration
    let faults: RequestFaults
    /// Whether both sides make new keys again and again.
    let rekeysOften: Bool
    /// How many bytes a client may send before the server has taken any; nil for what servers allow.
    let window: UInt32?
    /// For how long operations wait for a lost connection; nil for as long as it takes.
    let patience: Duration?
    /// Whether programs are interrupted in the middle of what they do.
    let interrupts: Bool
    /// Whether another server answers at times.
    let changesHostKey: Bool
    /// Whether the server's disk holds a session up at times, whose requests are then carried out late:
    /// after those of the session that follows it.
    let sticks: Bool
    /// Whether the server ends the older session of a client that comes back, as ours does.
    let endsOlderSessions: Bool
    /// Whether somebody at the server makes and removes the same names.
    let hasRival: Bool
    /// Whether files are written over several channels as soon as two of their writes are under way.
    let widensAtOnce: Bool

    init(_ numbers: SeededNumbers) {
        breaks = !numbers.oneIn(8)
        latency = .milliseconds(numbers.pick([0, 1, 20, 150]))
        slowness = .milliseconds(numbers.pick([0, 5, 400]))
        faults = RequestFaults(
            shortReads: numbers.pick([0, 3]), readErrors: numbers.pick([0, 0, 30]),
            fullDisk: numbers.pick([0, 0, 30]), anyErrors: numbers.pick([0, 0, 0, 100]))
        rekeysOften = numbers.oneIn(3)
        window = numbers.oneIn(2) ? 40_000 : nil
        patience = numbers.oneIn(3) ? .seconds(10) : nil
        interrupts = numbers.oneIn(3)
        changesHostKey = numbers.oneIn(6)
        sticks = numbers.oneIn(4)
        endsOlderSessions = numbers.oneIn(2)
        hasRival = numbers.oneIn(3)
        widensAtOnce = numbers.oneIn(2)
    }

    /// Whether a program has to expect an error.
    func explains(_ error: Errno) -> Bool {
        switch error {
        case .ETIMEDOUT: patience != nil
        case .EIO, .ENOSPC: faults.areErrors
        case .EACCES: faults.anyErrors > 0
        case .EINTR: interrupts
        case .EKEYREJECTED: changesHostKey
        default: false
        }
    }
}

/// What a run does to requests, once in so many times each; 0 is never.
struct RequestFaults: Sendable {
    /// READ gives less than there is.
    var shortReads = 0
    /// READ fails.
    var readErrors = 0
    /// WRITE finds no room, and writes nothing.
    var fullDisk = 0
    /// Whatever it is fails, and nothing is done.
    var anyErrors = 0

    /// Whether there are errors.
    var areErrors: Bool { readErrors + fullDisk + anyErrors > 0 }
}
