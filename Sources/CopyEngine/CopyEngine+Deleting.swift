// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

extension CopyEngine {
    /// Removes from a directory what its source does not have, once all else is done in it.
    ///
    /// Nothing is removed where anything has gone wrong: it may only seem not to be there.
    func removeObsolete(in folder: any Folder, _ job: FolderJob) async throws {
        guard !job.obsolete.isEmpty else { return }
        guard !job.hasFailed else {
            return observer.note(
                job.targetSide.shown(folder.path),
                "nothing is removed there, since something failed")
        }
        for (name, kind) in job.obsolete {
            try requireGoingOn()
            do {
                try await remove(name, kind, in: folder, job, depth: job.depth + 1)
            } catch {
                fail(join(folder.path, name), job.targetSide, error)
            }
        }
    }

    private func remove(
        _ name: Bytes, _ kind: FileKind, in folder: any Folder, _ job: FolderJob, depth: Int
    ) async throws {
        guard kind == .folder else {
            if !options.isDry { try await folder.remove(name) }
            return noteRemoval(of: name, in: folder, job)
        }
        guard depth <= CopyLimits.depth else { throw CopyProblem.tooDeep }
        let inner = try await folder.folder(named: name, followingLink: false)
        // All of them first: a listing may miss some if others are removed meanwhile.
        for (name, existing) in try await entries(of: inner) {
            try requireGoingOn()
            guard isSafeComponent(name) else { throw CopyProblem.unsafeName }
            guard case .something(let attributes, _) = existing else { continue }
            try await remove(name, attributes.kind, in: inner, job, depth: depth + 1)
        }
        if !options.isDry { try await folder.removeFolder(name) }
        noteRemoval(of: name, in: folder, job)
    }

    private func noteRemoval(of name: Bytes, in folder: any Folder, _ job: FolderJob) {
        progress.removed += 1
        observer.removed(job.targetSide.shown(join(folder.path, name)))
    }
}
