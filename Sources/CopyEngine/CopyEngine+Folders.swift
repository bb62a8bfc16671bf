// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// The bits of a directory's mode that are copied (as scp's).
private let folderBits: UInt32 = 0o1777
/// What its owner needs while it is filled.
private let fillingBits: UInt32 = 0o300

extension CopyEngine {
    /// Makes the directory on the other side, and adds what is in it.
    func copyFolder(_ job: FolderJob) async throws {
        guard job.depth <= CopyLimits.depth else { throw CopyProblem.tooDeep }
        let source = try await job.source.folder(
            named: job.name, followingLink: job.parent == nil || !options.keepsLinks)
        var listing = try await source.list()
        do {
            guard let target = try await makeFolder(job) else {
                await listing.close()
                return
            }
            job.made = target
            // One that can't be listed can still be written to: its files are looked at one by one.
            let existing = job.isMade ? [:] : try? await entries(of: target)
            if options.resumes, existing?.isEmpty != true {
                job.ownUser = await ownUser(in: target)
            }
            try requireGoingOn()
            var names = FoundNames()
            while !(try await copyEntries(of: listing, source, target, existing, job, &names)) {
                await listing.close()
                listing = try await source.list()
            }
            if options.deletes { findObsolete(existing, names, job) }
        } catch {
            await listing.close()
            throw error
        }
        await listing.close()
    }

    /// The names of a directory's entries, each of which is copied once.
    ///
    /// Of each only the hash value is kept, which nobody else can foresee: a directory may have millions.
    private struct FoundNames {
        /// Those of this listing.
        var current: Set<Int> = []
        /// Those of listings that have not come to their end.
        var earlier: Set<Int> = []
        var losses = 0
        /// How many entries can't be.
        var bad = 0
    }

    /// Notes what is on the other side only.
    private func findObsolete(
        _ existing: [Bytes: FileJob.Existing]?, _ names: FoundNames, _ job: FolderJob
    ) {
        // One that can't be listed is not known.
        guard let existing else { return job.hasFailed = true }
        for case (let name, .something(let attributes, _)) in existing
        where !names.current.contains(name.hashValue) && !names.earlier.contains(name.hashValue) {
            job.obsolete.append((name, attributes.kind))
        }
    }

    /// Copies what is listed.
    ///
    /// - Returns: false if the connection was lost on the way, and there is another one.
    private func copyEntries(
        of listing: any Listing, _ source: any Folder, _ target: any Folder,
        _ existing: [Bytes: FileJob.Existing]?, _ job: FolderJob, _ names: inout FoundNames
    ) async throws -> Bool {
        while true {
            let entries: [NameEntry]
            do {
                guard let next = try await listing.next() else { return true }
                entries = next
            } catch  where endsConnection(error) {
                names.losses += 1
                guard names.losses < CopyLimits.attempts else { throw error }
                try await source.waitForConnection()
                names.earlier.formUnion(names.current)
                names.current = []
                return false
            }
            for entry in entries {
                try requireGoingOn()
                guard names.current.count < CopyLimits.entries else {
                    throw CopyProblem.tooManyEntries
                }
                guard names.bad < CopyLimits.badEntries else { throw CopyProblem.brokenListing }
                // A copy: the slice would keep the whole packet.
                let name = Array(entry.filename)[...]
                do {
                    names.bad += 1
                    guard isSafeComponent(name) else { throw CopyProblem.unsafeName }
                    guard names.current.insert(name.hashValue).inserted else {
                        throw CopyProblem.twice
                    }
                    names.bad -= 1
                    guard !names.earlier.contains(name.hashValue) else { continue }
                    var found = FileJob.Existing.nothing
                    if let existing {
                        found = existing[name] ?? .nothing
                    } else {
                        found = await lookUp(name, in: target)
                    }
                    try await add(entry.attributes, name, from: source, to: target, found, job)
                } catch {
                    job.hasFailed = true
                    fail(join(source.path, name), job.sourceSide, error)
                }
            }
        }
    }

    private func add(
        _ attributes: FileAttributes, _ name: Bytes, from source: any Folder, to target: any Folder,
        _ existing: FileJob.Existing, _ job: FolderJob
    ) async throws {
        var attributes = attributes
        if attributes.kind == .unknown {
            attributes = try await source.status(of: name, followingLink: false)
        }
        if attributes.kind == .link {
            if options.keepsLinks {
                return try await copyLink(
                    name, from: source, to: target, existing, job.targetSide)
            }
            attributes = try await source.status(of: name, followingLink: true)
        }
        switch attributes.kind {
        case .folder:
            await add(
                FolderJob(
                    source: source, name: name, target: target, targetName: name,
                    attributes: attributes, identity: job.identity.adding(name),
                    sides: (job.sourceSide, job.targetSide), parent: job))
        case .file, .unknown:
            try await add(
                FileJob(
                    source: source, name: name, target: target, targetName: name,
                    attributes: attributes, identity: job.identity.adding(name),
                    existing: existing, ownUser: job.ownUser, isNamed: false,
                    sourceSide: job.sourceSide, targetSide: job.targetSide, parent: job))
        case .link, .other:
            throw CopyProblem.notARegularFile
        }
    }

    private func copyLink(
        _ name: Bytes, from source: any Folder, to target: any Folder, _ existing: FileJob.Existing,
        _ side: Side
    ) async throws {
        if options.isDry { return observer.planned(side.shown(join(target.path, name))) }
        let content = try await source.target(ofLink: name)
        if case .something(let attributes, _) = existing {
            guard attributes.kind == .link else { throw Errno.EEXIST }
            guard try await target.target(ofLink: name) != content else { return }
            try await target.remove(name)
        }
        try await target.makeLink(name, to: content)
    }

    // MARK: The directory on the other side

    /// Says that it would be made, or finds it there.
    private func planFolder(_ job: FolderJob) async throws -> any Folder {
        let found = try? await job.target.status(of: job.targetName, followingLink: job.isNamed)
        switch found?.kind {
        case nil:
            observer.planned(job.targetSide.shown(job.targetPath))
            job.isMade = true
            return MissingFolder(path: job.targetPath)
        case .folder:
            return try await job.target.folder(named: job.targetName, followingLink: job.isNamed)
        case .link: throw CopyProblem.linkBelowTarget
        default: throw CopyProblem.isNotFolder
        }
    }

    /// Makes it, or finds it there; nil if it can't be used, which has been told.
    private func makeFolder(_ job: FolderJob) async throws -> (any Folder)? {
        // Without a word about it, what mkdir(1) makes.
        let permissions = (job.attributes.permissions ?? 0o777) & folderBits
        do {
            if options.isDry { return try await planFolder(job) }
            do {
                try await job.target.makeFolder(
                    job.targetName, permissions: permissions | fillingBits)
                job.isMade = true
            } catch {
                // SFTP has no word for what is there already, so it is looked at.
                guard !endsConnection(error) else { throw error }
                guard
                    let found = try? await job.target.status(
                        of: job.targetName, followingLink: job.isNamed)
                else { throw error }
                switch found.kind {
                case .folder: break
                case .link: throw CopyProblem.linkBelowTarget
                default: throw CopyProblem.isNotFolder
                }
            }
            return try await job.target.folder(named: job.targetName, followingLink: job.isNamed)
        } catch {
            job.hasFailed = true
            fail(job.targetPath, job.targetSide, error)
            return nil
        }
    }

    /// What is in a directory that was there before.
    func entries(of folder: any Folder) async throws -> [Bytes: FileJob.Existing] {
        let limit = options.deletes ? CopyLimits.entries : CopyLimits.knownEntries
        var result: [Bytes: FileJob.Existing] = [:]
        let listing = try await folder.list()
        do {
            while let entries = try await listing.next() {
                guard result.count + entries.count <= limit else {
                    throw CopyProblem.tooManyEntries
                }
                for entry in entries {
                    var attributes = entry.attributes
                    if attributes.kind == .unknown {
                        attributes = try await folder.status(
                            of: entry.filename, followingLink: false)
                    }
                    result[Array(entry.filename)[...]] = .something(
                        attributes,
                        linkCount: attributes.exact?.linkCount ?? linkCount(in: entry.longname))
                }
            }
        } catch {
            await listing.close()
            throw error
        }
        await listing.close()
        return result
    }

    /// What the target's place holds.
    func lookUp(_ name: Bytes, in folder: any Folder) async -> FileJob.Existing {
        // An error here is one of opening it, too, and is told then.
        guard let found = try? await folder.status(of: name, followingLink: false) else {
            return .nothing
        }
        return .something(found, linkCount: found.exact?.linkCount)
    }

    /// How many names a file has, by the line that OpenSSH's server writes as `ls -l` does.
    private func linkCount(in line: Bytes) -> UInt32? {
        let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard words.count > 1, words[0].count >= 10, words[0].first == UInt8(ascii: "-") else {
            return nil
        }
        return UInt32(String(decoding: words[1], as: UTF8.self))
    }

    /// Sets what had to wait until the directory was full.
    func finishFolder(_ job: FolderJob) async throws {
        guard let made = job.made, !isStopped else { return }
        try await removeObsolete(in: made, job)
        guard !options.isDry else { return }
        var attributes = options.preserved(of: job.attributes, bits: folderBits)
        if let permissions = job.attributes.permissions.map({ $0 & folderBits }) {
            let isHampered = permissions & fillingBits != fillingBits
            if job.isMade, isHampered { attributes.permissions = permissions }
        }
        if attributes != FileAttributes() { try await made.set(attributes) }
    }
}
