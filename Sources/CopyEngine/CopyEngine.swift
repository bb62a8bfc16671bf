// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import SFTPProtocol
import Wire

/// Copies files and trees from one side to another, many at a time.
///
/// Directories are listed while the files of others are copied; what waits is bounded by
/// ``CopyLimits``. What can't be copied is told to the observer, and the rest goes on.
public actor CopyEngine: LoopActor {
    nonisolated let loop: any EventLoop
    nonisolated let options: CopyOptions
    nonisolated let observer: any CopyObserver
    /// How far it is.
    public internal(set) var progress = CopyProgress()

    /// The directories that wait, the last found first: so few are open at a time.
    private var waiting: [FolderJob] = []
    private var activeFolders = 0
    private var activeFiles = 0
    let changes: WaitQueue
    /// The files with several names that have been met, where those are kept.
    var linkedFiles: [ExactAttributes.Identity: LinkedFile] = [:]
    /// The bytes that are asked for and not yet written.
    var bytesUnderWay = 0
    /// When the next byte may be asked for, under a limit.
    var nextRead = Duration.zero
    /// What is known of the directories that sources are named in: the identities of their paths.
    var identities: [Bytes: SourceIdentity] = [:]
    /// Why nothing more is begun; nil while all is well.
    private var stopReason: (any Error)?

    /// The loop's.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Whether the caller is on the loop's thread.
    public nonisolated var isOnLoop: Bool { loop.isCurrent }

    /// A copy that has not begun.
    public init(options: CopyOptions, observer: any CopyObserver, loop: any EventLoop) {
        self.loop = loop
        self.options = options
        self.observer = observer
        changes = WaitQueue(loop: loop)
    }

    /// Begins nothing more, and lets go of what is under way; ``copy(_:to:)`` returns soon after.
    public func stop() { stop(CopyProblem.interrupted) }

    private func stop(_ reason: any Error) {
        guard stopReason == nil else { return }
        stopReason = reason
        waiting = []
        changes.wakeAll()
    }

    /// Whether something has gone wrong that ends the copy.
    public var isStopped: Bool { stopReason != nil }

    func requireGoingOn() throws {
        if let stopReason { throw stopReason }
    }

    // MARK: Telling

    func fail(_ path: Bytes, _ side: Side, _ error: any Error) {
        if endsConnection(error) {
            // Told once, not for each file.
            guard stopReason == nil else { return }
            stop(error)
        }
        if error is CopyProblem, stopReason != nil { return }
        progress.problems += 1
        observer.failed(side.shown(path), words(for: error))
    }

    // MARK: Directories

    /// Copies a directory when it is its turn; at once where too many wait already.
    func add(_ job: FolderJob) async {
        guard stopReason == nil else { return }
        job.parent?.outstanding += 1
        guard waiting.count < CopyLimits.waitingFolders else { return await work(on: job) }
        waiting.append(job)
        startFolders()
    }

    private func startFolders() {
        while activeFolders < CopyLimits.folders, let job = waiting.popLast() {
            activeFolders += 1
            loop.spawn { await self.run(job) }
        }
    }

    private func run(_ job: FolderJob) async {
        await work(on: job)
        activeFolders -= 1
        startFolders()
        changes.wakeAll()
    }

    private func work(on job: FolderJob) async {
        do {
            try await copyFolder(job)
        } catch {
            job.hasFailed = true
            fail(job.sourcePath, job.sourceSide, error)
        }
        await finishPart(of: job)
    }

    /// Notes that one thing in a directory is done, and finishes the directories that have nothing
    /// left to do.
    private func finishPart(of job: FolderJob) async {
        var next: FolderJob? = job
        while let job = next {
            job.outstanding -= 1
            guard job.outstanding == 0 else { return }
            do {
                try await finishFolder(job)
            } catch {
                fail(job.targetPath, job.targetSide, error)
            }
            next = job.parent
        }
    }

    // MARK: Files

    /// Copies a file as soon as there is room for one more; returns when it has begun.
    func add(_ job: FileJob) async throws {
        while activeFiles >= CopyLimits.files {
            try requireGoingOn()
            try await changes.wait()
        }
        try requireGoingOn()
        activeFiles += 1
        job.parent?.outstanding += 1
        progress.filesFound += 1
        progress.addFound(job.attributes.size ?? 0)
        loop.spawn { await self.run(job) }
    }

    private func run(_ job: FileJob) async {
        progress.current = job.sourcePath
        do {
            try await copyLinkedFile(job)
        } catch {
            job.parent?.hasFailed = true
            if let error = error as? TargetError {
                fail(job.targetPath, job.targetSide, error.cause)
            } else {
                fail(job.sourcePath, job.sourceSide, error)
            }
        }
        if let parent = job.parent { await finishPart(of: parent) }
        activeFiles -= 1
        changes.wakeAll()
    }

    /// Waits until everything that has been added is done.
    func drain() async throws {
        while activeFiles > 0 || activeFolders > 0 || !waiting.isEmpty { try await changes.wait() }
    }

    // MARK: What is under way

    /// Waits for room for `count` bytes, and takes it.
    func takeRoom(_ count: Int) async throws {
        while !hasRoom(count) {
            try requireGoingOn()
            try await changes.wait()
        }
        bytesUnderWay += count
    }

    func hasRoom(_ count: Int) -> Bool {
        bytesUnderWay == 0 || bytesUnderWay + count <= CopyLimits.bytesUnderWay
    }

    func giveRoomBack(_ count: Int) {
        bytesUnderWay -= count
        changes.wakeAll()
    }

    /// Waits as long as the limit on the rate demands.
    func keepPace(_ count: Int) async throws {
        guard let rate = options.bytesPerSecond, rate > 0 else { return }
        let begin = max(nextRead, loop.now)
        nextRead = begin + .seconds(Double(count) / Double(rate))
        if begin > loop.now { try await loop.sleep(for: begin - loop.now) }
    }
}
