// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Testing
import Wire

@testable import RemoteFS

/// Programs that ask about each of the many files that they have open.
@Suite struct OpenFileLooksTests {
    private static let roundTrip = Duration.milliseconds(50)

    private struct Open {
        let inode: InodeNumber
        let handle: HandleID

        func size(_ fileSystem: RemoteFS) async throws(Errno) -> UInt64 {
            try await fileSystem.getattr(inode, handle: handle).status.size
        }
    }

    /// Runs `body` with ten open files, `/srv/f0` to `/srv/f9`, behind a link of 50 ms, once nothing of what
    /// their opens have told is believed any more.
    private func run(
        _ body: @escaping @Sendable (RemoteFS, FakeNetwork, FakeDisk, [Open]) async throws -> Void
    ) throws {
        let disk = FakeDisk()
        for number in 0..<10 {
            disk["/srv/f\(number)"] = FakeDisk.File(data: [UInt8](repeating: 7, count: number))
        }
        try simulateLink(answer: disk.answers()) { fileSystem, network in
            var files: [Open] = []
            for number in 0..<10 {
                let inode = try await fileSystem.find("f\(number)")
                let handle = try await fileSystem.open(inode, .read).handle
                files.append(Open(inode: inode, handle: handle))
            }
            try await network.loop.sleep(for: .seconds(2))
            await network.server.answer(after: Self.roundTrip)
            try await body(fileSystem, network, disk, files)
        }
    }

    private func looks(_ network: FakeNetwork) async -> Int {
        await network.requests.count { if case .fstat = $0 { true } else { false } }
    }

    @Test func waitForTwoRoundTripsOnly() throws {
        try run { fileSystem, network, _, files in
            let before = await looks(network)
            let start = network.loop.now
            for (number, file) in files.enumerated() {
                let size = try await file.size(fileSystem)
                #expect(size == UInt64(number))
            }
            #expect(network.loop.now - start == Self.roundTrip * 2)
            #expect(await looks(network) - before == 10)
        }
    }

    @Test func oneFileIsNoReasonToAskAboutOthers() throws {
        try run { fileSystem, network, _, files in
            let before = await looks(network)
            for _ in 0..<3 {
                _ = try await files[3].size(fileSystem)
                try await network.loop.sleep(for: .seconds(2))
            }
            #expect(await looks(network) - before == 3)
        }
    }

    @Test func whatHasChangedShowsAfterASecond() throws {
        try run { fileSystem, network, disk, files in
            for file in files { _ = try await file.size(fileSystem) }
            disk["/srv/f9"]?.data = [1]
            try await network.loop.sleep(for: .seconds(1))
            let size = try await files[9].size(fileSystem)
            #expect(size == 1)
        }
    }

    @Test func aLostConnectionLeavesNobodyWaiting() throws {
        try run { fileSystem, network, _, files in
            for number in 0..<2 { _ = try await files[number].size(fileSystem) }
            await network.cut()
            for number in 2..<10 {
                let size = try await files[number].size(fileSystem)
                #expect(size == UInt64(number))
            }
            #expect(await fileSystem.looks.isIdle)
        }
    }
}
