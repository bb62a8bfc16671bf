// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// The mode of a file whose source tells none.
private let usualPermissions: UInt32 = 0o666

/// Where a file's content goes first.
struct OpenTarget {
    let file: any TargetFile
    /// The name that it has until it is whole; nil if it is written in its place.
    let part: Bytes?
    /// Whether there may be something behind the end.
    var isCut = false
}

extension CopyEngine {
    /// Opens what the content is written to: a part beside the target, if that harms nobody, or the
    /// target itself.
    func openTarget(
        _ job: FileJob, _ source: any SourceFile, _ attempt: inout FileAttempt
    ) async throws -> OpenTarget {
        let permissions = (job.attributes.permissions ?? usualPermissions) & fileBits
        if let part = attempt.part {
            let file = try await job.target.openTarget(part, .again)
            return OpenTarget(file: file, part: part, isCut: true)
        }
        guard case .something(let found, let linkCount) = job.existing else {
            if !options.writesInPlace,
                let opened = try await openPart(job, permissions, source, &attempt)
            {
                return opened
            }
            return try await openInPlace(job, permissions, nil, source, &attempt)
        }
        switch found.kind {
        case .folder: throw CopyProblem.isFolder
        case .link:
            guard job.isNamed else { throw CopyProblem.linkBelowTarget }
            let target = try? await job.target.status(of: job.targetName, followingLink: true)
            if let target, target.kind != .file { return try await openStream(job, target) }
            return try await openInPlace(job, permissions, target, source, &attempt)
        case .other: return try await openStream(job, found)
        case .file, .unknown:
            if !options.writesInPlace, linkCount == 1, found.kind == .file, job.target.canReplace,
                let opened = try await openReplacement(job, found, source, &attempt)
            {
                return opened
            }
            return try await openInPlace(job, permissions, found, source, &attempt)
        }
    }

    private func openStream(_ job: FileJob, _ found: FileAttributes) async throws -> OpenTarget {
        if found.kind == .folder { throw CopyProblem.isFolder }
        return OpenTarget(file: try await job.target.openTarget(job.targetName, .stream), part: nil)
    }

    // MARK: In its place

    /// Opens the target itself; what an earlier copy may have written there is compared with all of the
    /// source so far, since it may as well be something else.
    private func openInPlace(
        _ job: FileJob, _ permissions: UInt32, _ found: FileAttributes?,
        _ source: any SourceFile, _ attempt: inout FileAttempt
    ) async throws -> OpenTarget {
        try requireGoingOn()
        let file = try await job.target.openTarget(
            job.targetName, .inPlace(permissions: permissions))
        if options.resumes, attempt.confirmed == 0, let size = found?.size,
            let reader = try? await job.target.openSource(job.targetName)
        {
            do {
                let known = min(size, job.attributes.size ?? 0)
                attempt.confirmed = try await commonEnd(of: source, and: reader, in: 0..<known)
                progress.bytesDone += attempt.confirmed
                observer.note(
                    job.targetSide.shown(job.targetPath),
                    "written in its place; \(attempt.confirmed) bytes were the source's already")
            } catch {
                await reader.close()
                await file.abandon()
                throw error
            }
            await reader.close()
        }
        attempt.place = .target
        return OpenTarget(file: file, part: nil, isCut: true)
    }

    // MARK: Beside it

    /// A part that becomes a file; nil where none can be had.
    private func openPart(
        _ job: FileJob, _ permissions: UInt32, _ source: any SourceFile,
        _ attempt: inout FileAttempt
    ) async throws -> OpenTarget? {
        do {
            if let part = job.partName {
                if let opened = try await openNew(part, job, permissions, &attempt) {
                    return opened
                }
                if options.resumes || attempt.triedPart == part {
                    if let opened = try await resume(part, job, source, &attempt) { return opened }
                    if let opened = try await openNew(part, job, permissions, &attempt) {
                        return opened
                    }
                }
            }
            let other = job.hiddenName(String(options.random(), radix: 16))
            let opened = try await openNew(other, job, permissions, &attempt)
            // Somebody's else, or that of an earlier copy.
            if opened != nil, job.partName != nil { progress.partsLeft += 1 }
            return opened
        } catch {
            let reason = (error as? TargetError)?.cause ?? error
            guard endsConnection(reason) || reason is CopyProblem else { return nil }
            throw error
        }
    }

    /// Makes a part; nil if the name is taken, or can't be had.
    private func openNew(
        _ part: Bytes, _ job: FileJob, _ permissions: UInt32, _ attempt: inout FileAttempt
    ) async throws -> OpenTarget? {
        do {
            let file = try await job.target.openTarget(part, .new(permissions: permissions))
            attempt.place = .part(part)
            return OpenTarget(file: file, part: part)
        } catch {
            if endsConnection(error) {
                attempt.triedPart = part
                throw error
            }
            try requireGoingOn()
            return nil
        }
    }

    /// Opens a part that is there, if it is what it seems to be; removes it if it is not a beginning of
    /// the source.
    private func resume(
        _ part: Bytes, _ job: FileJob, _ source: any SourceFile, _ attempt: inout FileAttempt
    ) async throws -> OpenTarget? {
        let found = try await job.target.status(of: part, followingLink: false)
        guard found.kind == .file, found.exact.map({ $0.linkCount == 1 }) ?? true,
            let size = found.size, let permissions = found.permissions
        else { return nil }
        let file = try await job.target.openTarget(part, .again)
        do {
            // Nobody else may have a hand in it: only its owner can do this, though it changes nothing.
            try await file.set(FileAttributes(permissions: permissions & 0o7777))
            if let known = try await commonBeginning(part, size, job, source) {
                attempt.place = .part(part)
                attempt.confirmed = known
                progress.bytesDone += known
                return OpenTarget(file: file, part: part, isCut: true)
            }
        } catch {
            await file.abandon()
            throw error
        }
        await file.abandon()
        try await job.target.remove(part)
        return nil
    }

    /// How much of a part of this size is the beginning of the source, as far as its end shows; nil if it is
    /// something else.
    private func commonBeginning(
        _ part: Bytes, _ size: UInt64, _ job: FileJob, _ source: any SourceFile
    ) async throws -> UInt64? {
        guard size <= job.attributes.size ?? 0 else { return nil }
        guard size > 0 else { return 0 }
        let reader = try await job.target.openSource(part)
        do {
            // Nothing shorter has been written over several channels.
            let doubtful = UInt64(options.doubtfulBytes)
            let compared = CopyLimits.leastCommon + (size >= doubtful ? doubtful : 0)
            let start = size - min(size, compared)
            let end = try await commonEnd(of: source, and: reader, in: start..<size)
            await reader.close()
            return start == 0 || end - start >= CopyLimits.leastCommon ? end : nil
        } catch {
            await reader.close()
            throw error
        }
    }

    /// A part that takes the place of a file; nil if it could not be like that one.
    private func openReplacement(
        _ job: FileJob, _ found: FileAttributes, _ source: any SourceFile,
        _ attempt: inout FileAttempt
    ) async throws -> OpenTarget? {
        let permissions = (found.permissions ?? 0) & 0o7777
        // Whoever may not write to a file does not replace it, though the directory allows it.
        guard permissions & 0o200 != 0,
            let opened = try await openPart(job, permissions & fileBits, source, &attempt)
        else { return nil }
        if let ours = try? await opened.file.status(), let owner = ours.owner, owner == found.owner
        {
            if (ours.permissions ?? 0) & 0o7777 != permissions {
                attempt.attributes.permissions = permissions
            }
            return opened
        }
        await opened.file.abandon()
        if let part = opened.part { try? await job.target.remove(part) }
        progress.bytesDone -= min(attempt.confirmed, progress.bytesDone)
        attempt.confirmed = 0
        attempt.place = nil
        return nil
    }
}
