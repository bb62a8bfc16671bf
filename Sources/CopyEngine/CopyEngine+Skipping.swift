// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

// Which targets are left as they are.

extension CopyEngine {
    /// Whether a file is not to be copied, since of what is there already.
    func isLeftAlone(_ job: FileJob) async throws -> Bool {
        guard case .something(let existing, let linkCount) = job.existing else { return false }
        if options.resumes, isWhole(existing, linkCount, job) { return true }
        switch options.skipping {
        case .nothing: return false
        case .existing: return true
        case .newer:
            guard let old = existing.times?.mtime, let new = job.attributes.times?.mtime else {
                return false
            }
            return old >= new
        case .sameSize: return existing.size != nil && existing.size == job.attributes.size
        case .sameContent: return try await hasSameContent(job, existing)
        }
    }

    /// Whether a file that an earlier copy may have made is whole.
    ///
    /// That is so if it has got its name only once it was: then its size, and a time that is not before
    /// the source's, are enough. What has been written in its place may have them and be half of each.
    private func isWhole(_ found: FileAttributes, _ linkCount: UInt32?, _ job: FileJob) -> Bool {
        guard !options.writesInPlace, job.target.canReplace, found.kind == .file, linkCount == 1,
            options.isDry || (job.ownUser != nil && job.ownUser == found.owner?.uid),
            found.size == job.attributes.size,
            let old = found.times?.mtime, let new = job.attributes.times?.mtime
        else { return false }
        return found.permissions.map { $0 & 0o200 != 0 } == true && old >= new
    }

    private func hasSameContent(_ job: FileJob, _ existing: FileAttributes) async throws -> Bool {
        guard existing.kind == .file, let size = job.attributes.size, existing.size == size else {
            return false
        }
        let source = try await job.source.openSource(job.name)
        // Where it can't be read, it is written.
        guard let target = try? await job.target.openSource(job.targetName) else {
            await source.close()
            return false
        }
        let end: UInt64
        do {
            end = try await commonEnd(of: source, and: target, in: 0..<size)
        } catch {
            await source.close()
            await target.close()
            throw error
        }
        await source.close()
        await target.close()
        return end == size
    }

    /// The user that new files in a directory belong to; nil where none can be made.
    func ownUser(in folder: any Folder) async -> UInt32? {
        guard !options.isDry else { return nil }
        let digits = String(options.random(), radix: 16)
        let name = Array(".\(digits).hawser-part".utf8)[...]
        guard let file = try? await folder.openTarget(name, .new(permissions: 0o600)) else {
            return nil
        }
        let status = try? await file.status()
        await file.abandon()
        try? await folder.remove(name)
        return status?.owner?.uid
    }
}
