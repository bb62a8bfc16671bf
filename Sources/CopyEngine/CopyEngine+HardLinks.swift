// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Wire

/// What has become of a file that has several names.
enum LinkedFile {
    case copying
    case copied(folder: any Folder, name: Bytes)
}

extension CopyEngine {
    /// Copies a file, or gives the copy of the same file another name.
    func copyLinkedFile(_ job: FileJob) async throws {
        guard options.keepsHardLinks, !options.isDry, let exact = job.attributes.exact,
            exact.linkCount > 1
        else { return try await copyFile(job) }
        // Whoever copies it has a place among those that are copied, so that this has an end.
        while case .copying? = linkedFiles[exact.identity] {
            try await changes.wait()
            try requireGoingOn()
        }
        if case .copied(let folder, let name)? = linkedFiles[exact.identity],
            await makeHardLink(job, to: folder, name)
        {
            progress.filesDone += 1
            progress.bytesFound -= min(job.attributes.size ?? 0, progress.bytesFound)
            return observer.copied(job.targetSide.shown(job.targetPath), bytes: 0)
        }
        linkedFiles[exact.identity] = .copying
        do {
            try await copyFile(job)
            linkedFiles[exact.identity] = .copied(folder: job.target, name: job.targetName)
        } catch {
            linkedFiles[exact.identity] = nil
            throw error
        }
    }

    /// Gives a copy another name; false if it can't be done, and the file has to be copied.
    private func makeHardLink(_ job: FileJob, to folder: any Folder, _ name: Bytes) async -> Bool {
        do {
            guard case .something(let found, _) = job.existing else {
                try await job.target.makeHardLink(job.targetName, to: folder, name)
                return true
            }
            guard found.kind == .file, job.target.canReplace, !options.writesInPlace else {
                return false
            }
            let part = job.hiddenName(String(options.random(), radix: 16))
            try await job.target.makeHardLink(part, to: folder, name)
            try? await job.target.rename(part, to: job.targetName)
            // Renaming one name of a file to another one of it does nothing.
            let isLeft = (try? await job.target.status(of: part, followingLink: false)) != nil
            if isLeft { try await job.target.remove(part) }
            return true
        } catch {
            return false
        }
    }
}
