// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Testing
import Wire

@testable import RemoteFS

/// Changes of attributes that programs like tar(1) make after they have written a file: with no more round
/// trips than they need.
@Suite struct ChangingTests {
    private static let flags: OpenFlags = [.write, .exclusive]

    /// Runs `body` with a new file that is open to write.
    private func create(
        flags: OpenFlags = flags, permissions: UInt32 = 0o600, isExact: Bool = false,
        _ body:
            @escaping @Sendable (RemoteFS, FakeNetwork, FakeDisk, InodeNumber, HandleID)
            async throws -> Void
    ) throws {
        let disk = FakeDisk()
        try simulateLink(isExact: isExact, answer: disk.answers()) { fileSystem, network in
            let (entry, file) = try await fileSystem.create(
                bytes("f"), in: rootInode, permissions: permissions, flags)
            try await body(fileSystem, network, disk, entry.status.inode, file.handle)
        }
    }

    private func changing(
        _ mtime: Int64, atime: Int64? = nil, owner: FileAttributes.Owner? = nil
    ) -> AttributeChanges {
        var changes = AttributeChanges()
        if let owner {
            (changes.uid, changes.gid) = (owner.uid, owner.gid)
        } else {
            changes.mtime = .at(FileTime(seconds: mtime))
            changes.atime = atime.map { .at(FileTime(seconds: $0)) }
        }
        return changes
    }

    /// What has been asked of the server, without names and numbers.
    private func order(_ network: FakeNetwork) async -> [String] {
        await network.requests.map { request in
            switch request {
            case .open: "open"
            case .write: "write"
            case .fsetstat, .setstat: "change"
            case .fstat, .lstat: "look"
            default: "other"
            }
        }
    }

    /// The kernel names no handle where a program sets the times of one.
    @Test(arguments: [true, false])
    func timesFollowWhatHasBeenWrittenInOneRoundTrip(namesHandle: Bool) throws {
        try create { fileSystem, network, disk, inode, handle in
            await network.server.answer(after: .seconds(1))
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("content")[...])
            let setting = await network.loop.timed {
                try await fileSystem.setattr(inode, changing(7), handle: namesHandle ? handle : nil)
            }
            #expect(setting.time == .seconds(1))
            #expect(await order(network) == ["open", "look", "write", "change", "look"])
            // What came with it is known.
            let (status, validity) = try await fileSystem.getattr(inode, handle: handle)
            #expect(status.size == 7)
            #expect(validity > .zero)
            #expect(await network.requests.count == 5)
        }
    }

    /// The time of last access goes along: as it was heard, where nobody reads through the handle.
    @Test(arguments: [[.write, .exclusive], [.read, .write, .exclusive]] as [OpenFlags])
    func accessTimeIsAskedForWhereItMayHaveChanged(flags: OpenFlags) throws {
        try create(flags: flags) { fileSystem, network, disk, inode, handle in
            _ = try await fileSystem.setattr(inode, changing(7), handle: handle)
            let looks = flags.contains(.read) ? ["look", "look"] : ["look"]
            #expect(await order(network) == ["open"] + looks + ["change", "look"])
            let times = await network.requests.compactMap {
                if case .fsetstat(_, let attributes) = $0 { attributes.times } else { nil }
            }
            #expect(times == [.init(atime: 1, mtime: 7)])
        }
    }

    @Test func anAccessTimeOfOursIsNotUndone() throws {
        try create { fileSystem, network, disk, inode, handle in
            try await network.server.answer { request in
                if case .fstat = request { return failure }
                return disk.answers()(request)
            }
            _ = try? await fileSystem.setattr(inode, changing(7, atime: 50), handle: handle)
            try await network.server.answer(disk.answers())
            await network.server.forgetRequests()
            _ = try? await fileSystem.setattr(inode, changing(8), handle: handle)
            #expect(await order(network).first == "look")
        }
    }

    /// What is written anew after a loss would change the time again.
    @Test func timesAreSetAgainBehindWhatIsWrittenAgain() throws {
        try create { fileSystem, network, disk, inode, handle in
            // The change is answered, but what was sent before it never is.
            try await network.server.answer { request in
                switch request {
                case .write: nil
                case .fsetstat: ok
                default: disk.answers()(request)
                }
            }
            _ = try await fileSystem.write(handle, offset: 0, data: bytes("content")[...])
            await network.answer(disk.answers())
            let setting = network.loop.spawn {
                _ = try? await fileSystem.setattr(inode, changing(7), handle: handle)
            }
            try await network.loop.sleep(for: .milliseconds(100))
            await network.cut()
            _ = await setting.value
            #expect(disk["/srv/f"]?.data == bytes("content"))
            let last = await order(network).last { $0 == "write" || $0 == "change" }
            #expect(last == "change")
            #expect(await order(network).count { $0 == "change" } == 2)
        }
    }

    // MARK: What is so already

    @Test func ownOwnerIsNotSent() throws {
        try create { fileSystem, network, disk, inode, handle in
            let count = await network.requests.count
            let same = changing(0, owner: .init(uid: 1, gid: 1))
            let (status, _) = try await fileSystem.setattr(inode, same, handle: handle)
            #expect((status.uid, status.gid) == (1, 1))
            #expect(await network.requests.count == count)
            let other = changing(0, owner: .init(uid: 1, gid: 2))
            _ = try await fileSystem.setattr(inode, other, handle: handle)
            #expect(await order(network).contains("change"))
        }
    }

    /// A change of owner takes the set-ID bits away; of what has not just been heard nothing is known; and
    /// a server that tells the time of changes has another one to tell.
    @Test(arguments: ["set-ID", "old", "exact"]) func ownerIsSent(why: String) throws {
        try create(permissions: why == "set-ID" ? 0o4700 : 0o600, isExact: why == "exact") {
            fileSystem, network, disk, inode, handle in
            if why == "old" { try await network.loop.sleep(for: .seconds(2)) }
            let same = changing(0, owner: .init(uid: 1, gid: 1))
            _ = try await fileSystem.setattr(inode, same, handle: handle)
            #expect(await order(network).contains("change"))
        }
    }

    /// Somebody else's file: whether that is allowed is for the server to say.
    @Test func ownerOfAnotherIsSent() throws {
        try create { fileSystem, network, disk, inode, handle in
            disk["/srv/g"] = FakeDisk.File(owner: .init(uid: 2, gid: 2))
            let other = try await fileSystem.find("g")
            let same = changing(0, owner: .init(uid: 2, gid: 2))
            _ = try await fileSystem.setattr(other, same, handle: nil)
            #expect(await order(network).contains("change"))
        }
    }
}
