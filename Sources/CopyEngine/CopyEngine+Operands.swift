// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

extension CopyEngine {
    /// What is at the path that the user has given as the target.
    private enum Place {
        case folder(any Folder)
        case missing
        case file
    }

    /// Copies everything, and returns once nothing is under way any more.
    ///
    /// Targets are chosen as scp(1) does: into a directory that is there, or to the name that is given.
    ///
    /// - Parameters:
    ///   - sources: where one is on a server, `*`, `?` and `[...]` stand for what they match.
    ///   - target: for several sources a directory; on a server it is made if it is missing.
    public func copy(_ sources: [CopyOperand], to target: CopyOperand) async {
        let side = Side(label: target.label)
        do {
            var place = try await place(of: target)
            if options.deletes, sources.count > 1 { throw CopyProblem.severalSources }
            if sources.count > 1 { try await requireFolder(&place, target) }
            for source in sources {
                await copy(source, to: target, &place)
            }
        } catch {
            fail(target.path, side, error)
        }
        try? await drain()
    }

    private func place(of target: CopyOperand) async throws -> Place {
        let attributes: FileAttributes
        do {
            attributes = try await target.store.status(of: target.path)
        } catch {
            if endsConnection(error) || errno(of: error) == .EACCES { throw error }
            return .missing
        }
        guard attributes.kind == .folder else { return .file }
        return .folder(try await target.store.folder(at: target.path))
    }

    /// Several files go to a directory; on a server, one is made (as scp does).
    private func requireFolder(_ place: inout Place, _ target: CopyOperand) async throws {
        switch place {
        case .folder: return
        case .file: throw CopyProblem.isNotFolder
        case .missing:
            guard target.store is RemoteStore else { throw Errno.ENOENT }
            try await makeFolder(&place, target)
        }
    }

    private func makeFolder(_ place: inout Place, _ target: CopyOperand) async throws {
        if options.isDry {
            observer.planned(Side(label: target.label).shown(target.path))
            place = .folder(MissingFolder(path: target.path))
            return
        }
        let (parent, name) = split(target.path)
        try await target.store.folder(at: parent).makeFolder(name, permissions: 0o777)
        place = .folder(try await target.store.folder(at: target.path))
    }

    private func copy(
        _ source: CopyOperand, to target: CopyOperand, _ place: inout Place
    ) async {
        do {
            let paths =
                source.store is RemoteStore
                ? try await Glob(store: source.store).paths(for: source.path) : [source.path]
            if paths.count > 1 {
                switch place {
                case .folder: break
                case .file:
                    return fail(target.path, Side(label: target.label), CopyProblem.manyMatches)
                case .missing: try await makeFolder(&place, target)
                }
            }
            if options.deletes, paths.count > 1 { throw CopyProblem.severalSources }
            for path in paths {
                do {
                    try requireGoingOn()
                    try await copyPath(path, of: source, to: target, place)
                } catch {
                    fail(path, Side(label: source.label), error)
                }
            }
        } catch {
            fail(source.path, Side(label: source.label), error)
        }
    }

    private func copyPath(
        _ path: Bytes, of source: CopyOperand, to target: CopyOperand, _ place: Place
    ) async throws {
        let attributes = try await source.store.status(of: path)
        let (parent, name) = split(path)
        let isFolder = attributes.kind == .folder
        if isFolder, !options.isRecursive { throw CopyProblem.notARegularFile }
        if attributes.kind == .other { throw CopyProblem.notARegularFile }
        let folder = try await source.store.folder(at: parent)
        let identity =
            isFolder
            ? await identity(of: path, source) : await identity(of: parent, source).adding(name)
        let sides = (source: Side(label: source.label), target: Side(label: target.label))
        let goal: (folder: any Folder, name: Bytes, isNamed: Bool)
        do {
            goal = try await self.goal(for: name, isFolder: isFolder, target, place)
        } catch {
            return fail(target.path, sides.target, error)
        }
        if isFolder {
            try await requireOutside(path, source, goal.folder, goal.name, target)
            return await add(
                FolderJob(
                    source: folder, name: name, target: goal.folder, targetName: goal.name,
                    attributes: attributes, identity: identity, sides: sides, parent: nil,
                    isNamed: goal.isNamed))
        }
        try await add(
            FileJob(
                source: folder, name: name, target: goal.folder, targetName: goal.name,
                attributes: attributes, identity: identity,
                existing: await lookUp(goal.name, in: goal.folder),
                ownUser: options.resumes ? await ownUser(in: goal.folder) : nil,
                isNamed: goal.isNamed, sourceSide: sides.source, targetSide: sides.target,
                parent: nil))
    }

    /// Which directory this is, however its path is written.
    private func identity(of folder: Bytes, _ source: CopyOperand) async -> SourceIdentity {
        let key = Array(source.label.utf8) + folder
        if let known = identities[key[...]] { return known }
        let path = try? await source.store.canonicalPath(of: folder)
        let identity = SourceIdentity().adding(source.label.utf8).adding(path ?? folder)
        identities[key[...]] = identity
        return identity
    }

    /// Where what has this name goes.
    private func goal(
        for name: Bytes, isFolder: Bool, _ target: CopyOperand, _ place: Place
    ) async throws -> (folder: any Folder, name: Bytes, isNamed: Bool) {
        if case .folder(let folder) = place {
            // What has no name is the directory itself; the user has named it.
            return (folder, name, name.elementsEqual([UInt8(ascii: ".")]))
        }
        let (parent, targetName) = split(target.path)
        if isFolder, case .missing = place { progress.makesTarget = true }
        if !isFolder, target.path.last == UInt8(ascii: "/") { throw CopyProblem.isFolder }
        return (try await target.store.folder(at: parent), targetName, true)
    }

    /// Refuses to copy a directory into itself: it would have no end.
    private func requireOutside(
        _ path: Bytes, _ source: CopyOperand, _ folder: any Folder, _ name: Bytes,
        _ target: CopyOperand
    ) async throws {
        guard source.store.isSame(as: target.store) else { return }
        let outer = try await source.store.canonicalPath(of: path)
        let inner = try await target.store.canonicalPath(of: folder.path)
        if join(inner, name).isInside(outer) { throw CopyProblem.intoItself }
        let isNameless = name.elementsEqual([UInt8(ascii: ".")])
        if options.deletes, outer.isInside(isNameless ? inner : join(inner, name)) {
            throw CopyProblem.sourceInside
        }
    }
}
