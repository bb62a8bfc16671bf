// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Testing
import Wire

@testable import RemoteFS

/// What becomes of what must not be done twice when the connection is lost.
@Suite struct SettlingTests {
    /// Runs `body` over a disk with a file `/srv/f` that holds "content".
    private func survive(
        _ body: @escaping @Sendable (RemoteFS, FakeNetwork, FakeDisk) async throws -> Void
    ) throws {
        let disk = FakeDisk()
        disk["/srv/f"] = FakeDisk.File(data: bytes("content"))
        try simulateLink(answer: disk.answers()) { fileSystem, network in
            try await body(fileSystem, network, disk)
        }
    }

    /// Has a request carried out, or not, and its answer lost with the connection.
    private func interrupt(
        _ network: FakeNetwork, _ disk: FakeDisk, carriesOut: Bool,
        _ operation: @escaping @Sendable () async -> Void
    ) async throws {
        let answers = disk.answers()
        try await network.server.answer { request in
            if carriesOut { _ = answers(request) }
            return nil
        }
        let running = network.loop.spawn { await operation() }
        try await network.loop.sleep(for: .seconds(1))
        await network.answer(disk.answers())
        await network.cut()
        await running.value
    }

    @Test(arguments: [false, true])
    func directoryIsMadeOnce(hadArrived: Bool) throws {
        try survive { fileSystem, network, disk in
            // What the server gives to what we make is known by then.
            _ = try await fileSystem.mkdir(bytes("first"), in: rootInode, permissions: 0o755)
            _ = try await fileSystem.lookup(bytes("d"), in: rootInode)
            try await interrupt(network, disk, carriesOut: hadArrived) {
                await #expect(throws: Never.self) {
                    try await fileSystem.mkdir(bytes("d"), in: rootInode, permissions: 0o755)
                }
            }
            #expect(disk["/srv/d"] != nil)
        }
    }

    /// Nothing is known then of what the server gives to what we make.
    @Test(arguments: [false, true])
    func firstThingOfAMountIsMadeOnce(hadArrived: Bool) throws {
        try survive { fileSystem, network, disk in
            _ = try await fileSystem.lookup(bytes("n"), in: rootInode)
            try await interrupt(network, disk, carriesOut: hadArrived) {
                await #expect(throws: Never.self) {
                    try await fileSystem.create(
                        bytes("n"), in: rootInode, permissions: 0o644, [.write, .exclusive])
                }
            }
            #expect(disk["/srv/n"] != nil)
        }
    }

    @Test func firstThingInADirectoryOfOthersIsAnError() throws {
        try survive { fileSystem, network, disk in
            disk["/srv"]?.owner = .init(uid: 0, gid: 0)
            _ = try await fileSystem.lookup(bytes("d"), in: rootInode)
            try await interrupt(network, disk, carriesOut: true) {
                #expect(
                    await fails(.EIO) { () async throws(Errno) in
                        try await fileSystem.mkdir(bytes("d"), in: rootInode, permissions: 0o755)
                    })
            }
        }
    }

    @Test(arguments: [1, 2]) func directoryIsOursWhateverItsGroupIs(user: UInt32) throws {
        try survive { fileSystem, network, disk in
            _ = try await fileSystem.mkdir(bytes("first"), in: rootInode, permissions: 0o755)
            _ = try await fileSystem.lookup(bytes("d"), in: rootInode)
            try await interrupt(network, disk, carriesOut: false) {
                disk["/srv/d"] = FakeDisk.File(
                    mode: 0o042755, owner: .init(uid: user, gid: 7))
                let isOurs = await !fails(.EIO) { () async throws(Errno) in
                    try await fileSystem.mkdir(bytes("d"), in: rootInode, permissions: 0o755)
                }
                #expect(isOurs == (user == 1))
            }
        }
    }

    @Test func directoryOfSomebodyElseIsNotTakenForOurs() throws {
        try survive { fileSystem, network, disk in
            _ = try await fileSystem.mkdir(bytes("first"), in: rootInode, permissions: 0o755)
            _ = try await fileSystem.lookup(bytes("d"), in: rootInode)
            try await interrupt(network, disk, carriesOut: false) {
                // Older than our request.
                disk["/srv/d"] = FakeDisk.File(mtime: 999_000, mode: 0o040755)
                #expect(
                    await fails(.EIO) { () async throws(Errno) in
                        try await fileSystem.mkdir(bytes("d"), in: rootInode, permissions: 0o755)
                    })
            }
        }
    }

    @Test(arguments: [false, true])
    func fileIsCreatedOnce(hadArrived: Bool) throws {
        try survive { fileSystem, network, disk in
            _ = try await fileSystem.mkdir(bytes("first"), in: rootInode, permissions: 0o755)
            _ = try await fileSystem.lookup(bytes("n"), in: rootInode)
            try await interrupt(network, disk, carriesOut: hadArrived) {
                let created = try? await fileSystem.create(
                    bytes("n"), in: rootInode, permissions: 0o644, [.write, .exclusive])
                #expect(created != nil)
                if let created {
                    _ = try? await fileSystem.write(
                        created.file.handle, offset: 0, data: bytes("new")[...])
                    try? await fileSystem.settle(created.file.handle)
                }
            }
            #expect(disk["/srv/n"]?.data == bytes("new"))
        }
    }

    @Test(arguments: [false, true])
    func fileIsRemovedOnce(hadArrived: Bool) throws {
        try survive { fileSystem, network, disk in
            _ = try await fileSystem.find("f")
            try await interrupt(network, disk, carriesOut: hadArrived) {
                await #expect(throws: Never.self) {
                    try await fileSystem.unlink(bytes("f"), in: rootInode)
                }
            }
            #expect(disk["/srv/f"] == nil)
        }
    }

    @Test func fileThatSomebodyElseHasPutThereIsNotRemoved() throws {
        try survive { fileSystem, network, disk in
            _ = try await fileSystem.find("f")
            try await interrupt(network, disk, carriesOut: true) {
                let removing = network.loop.spawn {
                    #expect(
                        await fails(.EIO) { () async throws(Errno) in
                            try await fileSystem.unlink(bytes("f"), in: rootInode)
                        })
                }
                try? await network.loop.sleep(for: .milliseconds(500))
                disk["/srv/f"] = FakeDisk.File(data: bytes("precious"), mtime: 1_000_005)
                await removing.value
            }
            #expect(disk["/srv/f"]?.data == bytes("precious"))
        }
    }

    @Test(arguments: [false, true])
    func directoryThatSomebodyElseHasPutThereIsNotRemoved(isNew: Bool) throws {
        try survive { fileSystem, network, disk in
            // The server's clock is known by then.
            _ = try await fileSystem.mkdir(bytes("first"), in: rootInode, permissions: 0o755)
            disk["/srv/d"] = FakeDisk.File(mtime: 999_000, mode: 0o040755)
            _ = try await fileSystem.find("d")
            try await interrupt(network, disk, carriesOut: isNew) {
                let removing = network.loop.spawn {
                    let isDone = await !fails(.EIO) { () async throws(Errno) in
                        try await fileSystem.rmdir(bytes("d"), in: rootInode)
                    }
                    #expect(isDone == !isNew)
                }
                try? await network.loop.sleep(for: .milliseconds(500))
                // What had the name has been emptied before; what has been made since is newer.
                disk["/srv/d"] = FakeDisk.File(
                    mtime: isNew ? 1_000_005 : 1_000_000, mode: 0o040755)
                await removing.value
            }
            #expect((disk["/srv/d"] != nil) == isNew)
        }
    }

    @Test(arguments: [false, true])
    func fileIsRenamedOnce(hadArrived: Bool) throws {
        try survive { fileSystem, network, disk in
            _ = try await fileSystem.find("f")
            try await interrupt(network, disk, carriesOut: hadArrived) {
                await #expect(throws: Never.self) {
                    try await fileSystem.rename(
                        Rename(
                            oldParent: rootInode, oldName: bytes("f"), newParent: rootInode,
                            newName: bytes("g"), mayReplace: true))
                }
            }
            #expect(disk["/srv/f"] == nil)
            #expect(disk["/srv/g"]?.data == bytes("content"))
            #expect(try await fileSystem.find("g") != 0)
        }
    }
}
