// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// The bits of a file's mode that are copied: as scp, no set-user-ID.
let fileBits: UInt32 = 0o777

extension CopyEngine {
    /// Copies one file, over one connection after the other if need be.
    ///
    /// - Throws: ``TargetError`` where the target is at fault.
    func copyFile(_ job: FileJob) async throws {
        if try await isLeftAlone(job) {
            progress.filesSkipped += 1
            progress.bytesFound -= min(job.attributes.size ?? 0, progress.bytesFound)
            return
        }
        if options.isDry {
            progress.filesDone += 1
            return observer.planned(job.targetSide.shown(job.targetPath))
        }
        var attempt = FileAttempt()
        while true {
            let before = attempt.confirmed
            do {
                return try await copyOnce(job, &attempt)
            } catch  where endsConnection(cause(of: error)) {
                attempt.losses = attempt.confirmed > before ? 1 : attempt.losses + 1
                do {
                    try await recover(job, &attempt, cause(of: error))
                } catch {
                    if attempt.confirmed > 0, attempt.part != nil { progress.partsLeft += 1 }
                    throw error
                }
            }
        }
    }

    /// Waits for the connection, and looks whether the source is still what it was.
    private func recover(
        _ job: FileJob, _ attempt: inout FileAttempt, _ reason: any Error
    ) async throws {
        try requireGoingOn()
        guard attempt.losses < CopyLimits.attempts else {
            throw CopyProblem.lostEachTime(words(for: reason))
        }
        try await job.source.waitForConnection()
        try await job.target.waitForConnection()
        guard attempt.confirmed > 0 else { return }
        let now = try await job.source.status(of: job.name, followingLink: true)
        guard
            now.size != job.attributes.size
                || now.modificationTime != job.attributes.modificationTime
        else { return }
        progress.bytesDone -= min(attempt.confirmed, progress.bytesDone)
        attempt.confirmed = 0
    }

    private func copyOnce(_ job: FileJob, _ attempt: inout FileAttempt) async throws {
        let source = try await job.source.openSource(job.name)
        do {
            try await copyContent(of: source, job, &attempt)
        } catch {
            await source.close()
            throw error
        }
        await source.close()
    }

    private func copyContent(
        of source: any SourceFile, _ job: FileJob, _ attempt: inout FileAttempt
    ) async throws {
        var opened: OpenTarget
        do {
            opened = try await openTarget(job, source, &attempt)
        } catch {
            throw TargetError(cause: cause(of: error))
        }
        do {
            let hasHoles = try await transfer(
                from: source, to: opened.file, size: job.attributes.size,
                leavingHoles: opened.part != nil && job.attributes.mayHaveHoles,
                confirmed: &attempt.confirmed)
            opened.isCut = opened.isCut || hasHoles
            if options.verifies { try await verify(source, job, opened, attempt.confirmed) }
            var attributes = options.preserved(of: job.attributes, bits: fileBits)
            attributes.permissions = attributes.permissions ?? attempt.attributes.permissions
            if opened.isCut { attributes.size = attempt.confirmed }
            do {
                try await opened.file.finish(attributes)
                if let part = opened.part {
                    try await job.target.rename(part, to: job.targetName)
                }
            } catch {
                throw TargetError(cause: error)
            }
        } catch {
            await leave(opened, job, attempt, error)
            throw error
        }
        noteChange(of: job, attempt.confirmed)
        progress.filesDone += 1
        observer.copied(job.targetSide.shown(job.targetPath), bytes: attempt.confirmed)
    }

    /// Leaves what is not whole: as a part that another copy can go on with, if that is worth it.
    private func leave(
        _ opened: OpenTarget, _ job: FileJob, _ attempt: FileAttempt, _ error: any Error
    ) async {
        let reason = cause(of: error)
        guard let part = opened.part, !endsConnection(reason) else {
            return await opened.file.abandon()
        }
        var isKept = attempt.confirmed >= CopyLimits.leastPart && part == job.partName
        switch reason {
        case CopyProblem.interrupted: break
        case is CopyProblem: isKept = false
        default: isKept = isKept && error is TargetError
        }
        if isKept {
            // Behind a write that has failed, another one may have been done.
            if error is TargetError {
                try? await opened.file.set(FileAttributes(size: attempt.confirmed))
            }
            progress.partsLeft += 1
        }
        await opened.file.abandon()
        if !isKept { try? await job.target.remove(part) }
    }

    /// Reads back what was written.
    private func verify(
        _ source: any SourceFile, _ job: FileJob, _ opened: OpenTarget, _ count: UInt64
    ) async throws {
        let written: any SourceFile
        do {
            if opened.isCut { try await opened.file.set(FileAttributes(size: count)) }
            written = try await job.target.openSource(opened.part ?? job.targetName)
        } catch {
            throw TargetError(cause: error)
        }
        do {
            let end = try await commonEnd(of: source, and: written, in: 0..<count)
            guard end == count else { throw TargetError(cause: CopyProblem.notVerified) }
        } catch {
            await written.close()
            throw error
        }
        await written.close()
    }

    /// Tells of a source that is not what it was when its size was asked for.
    private func noteChange(of job: FileJob, _ count: UInt64) {
        // Files that the kernel makes up, such as those in /proc, say that they are empty.
        guard let size = job.attributes.size, size != 0, size != count else { return }
        observer.note(
            job.sourceSide.shown(job.sourcePath),
            "changed while it was copied: \(count) bytes instead of \(size)")
    }

    private func cause(of error: any Error) -> any Error {
        (error as? TargetError)?.cause ?? error
    }
}

extension FileAttempt {
    /// The part that is being written.
    var part: Bytes? {
        if case .part(let name) = place { name } else { nil }
    }
}

/// What went wrong on the target's side.
struct TargetError: Error {
    let cause: any Error
}
