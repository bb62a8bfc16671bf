// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import RemoteFS

/// Links whose `..` the kernel is following while directories are moved: none may lead out.
@Suite struct LinkWalkTests {
    /// A share of directories, where all that is named `k` is a link that leads up three times.
    private static func answer(_ request: SFTPRequest) -> SFTPReply? {
        switch request {
        case .lstat(let path) where path.last == UInt8(ascii: "k"):
            .attributes(FileAttributes(permissions: 0o120777))
        case .lstat: directory
        case .readlink: .name([NameEntry(path: bytes("../../../x")[...])])
        default: ok
        }
    }

    private func serve(
        body: @escaping @Sendable (RemoteFS, FakeServer) async throws -> Void
    ) throws {
        try simulate(answer: Self.answer) {
            $0.cache.linkTimeout = .seconds(100)
        } body: {
            try await body($0, $1)
        }
    }

    @Test func aDirectoryThatIsMovedUpIsJudgedByItsLeastDepth() throws {
        try serve { fileSystem, server in
            let link = try await fileSystem.find("a", "b", "c", "k")
            #expect(try await fileSystem.readlink(link) == bytes("../../../x"))
            try await fileSystem.loop.sleep(for: .seconds(3))
            try await server.answer { request in
                if case .posixRename = request { nil } else { Self.answer(request) }
            }
            let isDone = fileSystem.startMove("a", "b", "c", to: "c")
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            #expect(await server.renames == 1)
            #expect(
                await fails(.EPERM) { () async throws(Errno) in
                    try await fileSystem.readlink(link)
                })
            try await server.answer(Self.answer)
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            #expect(isDone())
            #expect(
                await fails(.EPERM) { () async throws(Errno) in
                    try await fileSystem.readlink(link)
                })
            // The kernel may not have gone by the move back when it follows the link.
            let isBack = fileSystem.startMove("c", to: "a", "b", "c")
            try await fileSystem.loop.sleep(for: .seconds(5))
            #expect(isBack())
            #expect(
                await fails(.EPERM) { () async throws(Errno) in
                    try await fileSystem.readlink(link)
                })
        }
    }

    @Test func aLinkThatIsBeingFollowedHoldsUpAMoveThatWouldLeadItOut() throws {
        try serve { fileSystem, server in
            let link = try await fileSystem.find("a", "b", "c", "k")
            _ = try await fileSystem.find("d", "e")
            _ = try await fileSystem.readlink(link)
            // This one leads it nowhere else.
            let isHarmless = fileSystem.startMove("a", "b", "c", to: "d", "e", "c")
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            #expect(isHarmless())
            // Who went up from `c` before that is in `b`, and who does so now, in `e`.
            for (path, count) in [(["a", "b"], 2), (["d", "e"], 3)] {
                let isDone = fileSystem.startMove(path, to: [path[1]])
                try await fileSystem.loop.sleep(for: .seconds(1.7))
                #expect(await server.renames == count - 1)
                #expect(!isDone())
                try await fileSystem.loop.sleep(for: .seconds(0.4))
                #expect(await server.renames == count)
                #expect(isDone())
                _ = try? await fileSystem.readlink(link)
            }
        }
    }

    @Test func theTimeThatTheKernelWaitsForAttributesOnItsWayDoesNotCount() throws {
        try serve { fileSystem, server in
            let link = try await fileSystem.find("a", "b", "c", "k")
            _ = try await fileSystem.readlink(link)
            try await fileSystem.loop.sleep(for: .seconds(1.5))
            try await server.answer { request in
                if case .lstat(let path) = request, path.elementsEqual("/srv/a/b/c".utf8) {
                    return nil
                }
                return Self.answer(request)
            }
            let parent = try #require(await fileSystem.look { $0[link]?.place?.parent })
            fileSystem.loop.spawn { _ = try? await fileSystem.getattr(parent, handle: nil) }
            try await fileSystem.loop.sleep(for: .seconds(60))
            let isDone = fileSystem.startMove("a", "b", "c", to: "c")
            try await fileSystem.loop.sleep(for: .seconds(60))
            #expect(!isDone())
            try await server.answer(Self.answer)
            try await fileSystem.loop.sleep(for: .seconds(3))
            #expect(isDone())
        }
    }

    @Test func aLinkThatIsMovedDownIsJudgedByItsOldPlaceForAWhile() throws {
        try serve { fileSystem, _ in
            _ = try await fileSystem.find("a", "b", "c")
            let link = try await fileSystem.find("s", "k")
            let isDone = fileSystem.startMove("s", "k", to: "a", "b", "c", "k")
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            #expect(isDone())
            // Who has found it in `s` stands there.
            #expect(
                await fails(.EPERM) { () async throws(Errno) in
                    try await fileSystem.readlink(link)
                })
            try await fileSystem.loop.sleep(for: .seconds(2))
            #expect(try await fileSystem.readlink(link) == bytes("../../../x"))
        }
    }
}

extension FakeServer {
    fileprivate var renames: Int {
        requests.count { if case .posixRename = $0 { true } else { false } }
    }
}

extension RemoteFS {
    /// Looks the names of a path up, one after the other.
    @discardableResult
    fileprivate func find(_ path: String...) async throws -> InodeNumber {
        try await find(path)
    }

    private func find(_ path: [String]) async throws -> InodeNumber {
        var inode = rootInode
        for name in path {
            guard case .found(let entry) = try await lookup(bytes(name), in: inode) else {
                throw Errno.ENOENT
            }
            inode = entry.status.inode
        }
        return inode
    }

    /// Moves what has a path to another one, as the kernel has it.
    ///
    /// - Returns: whether it has been answered.
    fileprivate nonisolated func startMove(
        _ old: String..., to new: String...
    ) -> @Sendable () -> Bool {
        startMove(old, to: new)
    }

    fileprivate nonisolated func startMove(
        _ old: [String], to new: [String]
    ) -> @Sendable () -> Bool {
        let isDone = SharedFlag()
        loop.spawn {
            guard let oldParent = try? await self.find(old.dropLast()),
                let newParent = try? await self.find(new.dropLast())
            else { return }
            try? await self.rename(
                Rename(
                    oldParent: oldParent, oldName: bytes(old[old.count - 1]),
                    newParent: newParent, newName: bytes(new[new.count - 1]), mayReplace: true))
            isDone.value.withLock { $0 = true }
        }
        return { isDone.value.withLock { $0 } }
    }
}

private final class SharedFlag: Sendable {
    let value = Mutex(false)
}
