// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// The bits of a file's mode that are copied: as scp, no set-user-ID.
private let fileBits: UInt32 = 0o777
/// The mode of a file whose source tells none.
private let usualPermissions: UInt32 = 0o666

extension CopyEngine {
    /// Where a file's content goes first.
    private struct Opened {
        let file: any TargetFile
        /// The name that it has until it is whole; nil if it is written in its place.
        let part: Bytes?
        /// What is to be set in the end besides what is preserved.
        var attributes = FileAttributes()
        /// Whether an older, longer content may be there.
        var isCut = false
    }

    /// Copies one file.
    func copyFile(_ job: FileJob) async throws {
        if isLeftAlone(job) {
            progress.filesSkipped += 1
            progress.bytesFound -= min(job.attributes.size ?? 0, progress.bytesFound)
            return
        }
        let source = try await job.source.openSource(job.name)
        do {
            try await copyContent(of: source, job)
        } catch {
            await source.close()
            throw error
        }
        await source.close()
    }

    private func isLeftAlone(_ job: FileJob) -> Bool {
        guard case .something(let existing, _) = job.existing else { return false }
        switch options.skipping {
        case .nothing: return false
        case .existing: return true
        case .newer:
            guard let old = existing.times?.mtime, let new = job.attributes.times?.mtime else {
                return false
            }
            return old >= new
        case .sameSize: return existing.size != nil && existing.size == job.attributes.size
        }
    }

    private func copyContent(of source: any SourceFile, _ job: FileJob) async throws {
        let opened: Opened
        do {
            opened = try await openTarget(job)
        } catch {
            return fail(job.targetPath, job.targetSide, error)
        }
        var attributes = opened.attributes
        do {
            let count = try await transfer(
                from: source, to: opened.file, size: job.attributes.size)
            if opened.isCut { attributes.size = count }
            if options.preserves {
                attributes.permissions = job.attributes.permissions.map { $0 & fileBits }
                attributes.times = job.attributes.times
            }
            do {
                try await opened.file.finish(attributes)
                if let part = opened.part {
                    try await job.target.rename(part, to: job.targetName)
                }
            } catch {
                throw TargetError(cause: error)
            }
            noteChange(of: job, count)
            progress.filesDone += 1
            observer.copied(job.targetSide.shown(job.targetPath), bytes: count)
        } catch {
            await opened.file.abandon()
            if let part = opened.part { try? await job.target.remove(part) }
            guard let error = error as? TargetError else { throw error }
            fail(job.targetPath, job.targetSide, error.cause)
        }
    }

    /// Tells of a source that is not what it was when its size was asked for.
    private func noteChange(of job: FileJob, _ count: UInt64) {
        // Files that the kernel makes up, such as those in /proc, say that they are empty.
        guard let size = job.attributes.size, size != 0, size != count else { return }
        observer.note(
            job.sourceSide.shown(job.sourcePath),
            "changed while it was copied: \(count) bytes instead of \(size)")
    }

    // MARK: The target

    /// Opens what the content is written to: a part beside the target, if that harms nobody, or the
    /// target itself.
    private func openTarget(_ job: FileJob) async throws -> Opened {
        let permissions = (job.attributes.permissions ?? usualPermissions) & fileBits
        guard case .something(let found, let linkCount) = job.existing else {
            if !options.writesInPlace, let opened = try? await openPart(job, permissions) {
                return opened
            }
            try requireGoingOn()
            return Opened(
                file: try await job.target.openTarget(
                    job.targetName, .inPlace(permissions: permissions)),
                part: nil, isCut: true)
        }
        switch found.kind {
        case .folder: throw CopyProblem.isFolder
        case .link:
            guard job.isNamed else { throw CopyProblem.linkBelowTarget }
            let target = try? await job.target.status(of: job.targetName, followingLink: true)
            if let target, target.kind != .file { return try await openStream(job, target) }
        case .other: return try await openStream(job, found)
        case .file, .unknown:
            if !options.writesInPlace, linkCount == 1, found.kind == .file, job.target.canReplace,
                let opened = await openReplacement(job, found)
            {
                return opened
            }
        }
        return Opened(
            file: try await job.target.openTarget(
                job.targetName, .inPlace(permissions: permissions)),
            part: nil, isCut: true)
    }

    private func openStream(_ job: FileJob, _ found: FileAttributes) async throws -> Opened {
        if found.kind == .folder { throw CopyProblem.isFolder }
        return Opened(file: try await job.target.openTarget(job.targetName, .stream), part: nil)
    }

    /// A part that becomes a file which was not there.
    private func openPart(_ job: FileJob, _ permissions: UInt32) async throws -> Opened {
        let part = partName(for: job.targetName)
        return Opened(
            file: try await job.target.openTarget(part, .new(permissions: permissions)),
            part: part)
    }

    /// A part that takes the place of a file; nil if it could not be like that one.
    private func openReplacement(_ job: FileJob, _ found: FileAttributes) async -> Opened? {
        let permissions = (found.permissions ?? 0) & 0o7777
        // Whoever may not write to a file does not replace it, though the directory allows it.
        guard permissions & 0o200 != 0,
            var opened = try? await openPart(job, permissions & fileBits)
        else { return nil }
        if let ours = try? await opened.file.status(), let owner = ours.owner, owner == found.owner
        {
            if (ours.permissions ?? 0) & 0o7777 != permissions {
                opened.attributes.permissions = permissions
            }
            return opened
        }
        await opened.file.abandon()
        if let part = opened.part { try? await job.target.remove(part) }
        return nil
    }

    /// A name beside the target that nobody else uses.
    private func partName(for name: Bytes) -> Bytes {
        let digits = String(options.random(), radix: 16)
        let number = String(repeating: "0", count: 8 - digits.count) + digits
        let end = Array(".\(number).hawser-part".utf8)
        return [UInt8(ascii: ".")] + name.prefix(CopyLimits.nameBytes - 1 - end.count) + end
    }
}

/// What went wrong on the target's side.
struct TargetError: Error {
    let cause: any Error
}
