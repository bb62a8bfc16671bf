// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

extension RemoteFS {
    /// One attempt at ``readlink(_:)``.
    func readlinkOnce(_ inode: InodeNumber) async throws(Errno) -> [UInt8] {
        let target = try await linkTarget(of: inode)
        let policy = options.symlinks
        // Where it is by now.
        let directory = try directory(of: inode)
        let parsed = LinkTarget(target)
        if policy.areContained {
            if let ups = parsed.leadingUps {
                do throws(Errno) {
                    try letWalk(ups, from: inode)
                    return target
                } catch .EPERM {
                    // There may be a shorter way.
                }
            }
            let place = try await resolve(parsed, from: directory)
            let resolved = LinkTarget(from: directory, to: place)
            // The kernel asks again where it has been moved meanwhile.
            guard try self.directory(of: inode) == directory else { throw .ESTALE }
            try letWalk(resolved.leadingUps ?? 0, from: inode)
            return resolved.text
        }
        guard policy.areTransformed, parsed.isAbsolute,
            let steps = try await stepsBelowRoot(of: parsed)
        else { return target }
        let place = steps.map { step in
            switch step {
            case .up: FileName("..".utf8)
            case .down(let name): name
            }
        }
        return LinkTarget(from: directory, to: place).text
    }

    /// The names that lead to the directory that a link is in.
    private func directory(of link: InodeNumber) throws(Errno) -> [FileName] {
        guard let names = nodes.names(to: link) else { throw .ESTALE }
        return names.dropLast()
    }

    /// The target as the server has it.
    private func linkTarget(of inode: InodeNumber) async throws(Errno) -> [UInt8] {
        if let target = nodes[inode]?.details?.linkTarget?.value(at: loop.now) { return target }
        let path = try await path(to: inode)
        let target = try await linkTarget(at: path)
        nodes[inode]?.makeDetails().linkTarget = Timed(
            value: target, validUntil: loop.now + options.cache.linkTimeout)
        return target
    }

    private func linkTarget(at path: Bytes) async throws(Errno) -> [UInt8] {
        let target = try options.shown(
            target: Array(
                try await ask { () async throws(SFTPError) in try await client.readlink(path) }))
        // No file system has such a target, and the kernel would take the part before the NUL for it.
        guard !target.contains(0) else { throw .EIO }
        return target
    }

    // MARK: Resolving

    /// Where a target leads, as names from the root.
    ///
    /// Only as far as the last `..`: the links behind that are the kernel's to follow, which asks for
    /// each of them.
    private func resolve(
        _ target: LinkTarget, from directory: [FileName]
    ) async throws(Errno) -> [FileName] {
        var place = directory
        var rest = try await begin(target, &place)
        var linkCount = 0
        while rest.contains(.up), let step = rest.popFirst() {
            switch step {
            case .up:
                guard place.popLast() != nil else { throw .EPERM }
            case .down(let name):
                guard let next = try await linkTarget(at: place + [name]) else {
                    place.append(name)
                    continue
                }
                linkCount += 1
                guard linkCount < LinkTarget.maximumLinks else { throw .ELOOP }
                rest = try await begin(next, &place) + rest
            }
        }
        for case .down(let name) in rest { place.append(name) }
        return place
    }

    /// The steps of a target, which begin at the root if it is absolute.
    private func begin(
        _ target: LinkTarget, _ place: inout [FileName]
    ) async throws(Errno) -> ArraySlice<LinkTarget.Step> {
        guard target.isAbsolute else { return target.steps[...] }
        guard let steps = try await stepsBelowRoot(of: target) else { throw .EPERM }
        place = []
        return steps
    }

    /// The target of what stands at a place, if that is a link.
    private func linkTarget(at place: [FileName]) async throws(Errno) -> LinkTarget? {
        let path = try path(of: place)
        let attributes = try await ask { () async throws(SFTPError) in
            try await client.lstat(path)
        }
        guard attributes.kind == .symbolicLink else { return nil }
        return LinkTarget(try await linkTarget(at: path))
    }

    /// The steps of an absolute target from the mounted directory on, if it begins with that.
    private func stepsBelowRoot(
        of target: LinkTarget
    ) async throws(Errno) -> ArraySlice<LinkTarget.Step>? {
        let given = LinkTarget(try options.shown(target: options.rootPath))
        if given.isAbsolute, let steps = target.steps(below: given) { return steps }
        return target.steps(below: try await realRoot())
    }

    /// The mounted directory's absolute path without links.
    private func realRoot() async throws(Errno) -> LinkTarget {
        if let knownRealRoot { return knownRealRoot }
        let path = try path(of: [])
        let real = try await ask { () async throws(SFTPError) in
            try await client.realpath(path)
        }
        let root = LinkTarget(try options.shown(target: Array(real)))
        guard root.isAbsolute else { throw .EPERM }
        knownRealRoot = root
        return root
    }
}
