// SPDX-License-Identifier: Apache-2.0

import EventLoop
import LocalFiles
import LocalSFTPServer
import SFTPClient
import SFTPProtocol
import Testing
import Wire

@testable import CopyEngine

/// One server after the other: each takes the place of one that has been ended.
private actor Servers {
    private let directory: String
    private let loop: EpollLoop
    private(set) var count = 0
    private(set) var client: SFTPClient?
    private var server: LocalSFTPServer?
    private var isConnecting = false
    private let changes: WaitQueue

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    init(directory: String, loop: EpollLoop) {
        self.directory = directory
        self.loop = loop
        changes = WaitQueue(loop: loop)
    }

    /// Connects, if there is no connection.
    func connect() async throws {
        while isConnecting { try await changes.wait() }
        if let client, await client.closeReason == nil { return }
        isConnecting = true
        defer {
            isConnecting = false
            changes.wakeAll()
        }
        let server = try LocalSFTPServer(directory: directory)
        self.server = server
        count += 1
        client = try await SFTPClient.open(
            over: try server.channel(loop: loop), generation: UInt64(count), loop: loop)
    }

    func end() {
        server?.stop()
        server = nil
    }

    nonisolated var link: RemoteLink {
        RemoteLink(
            current: {
                self.assumeIsolated { servers in
                    guard let client = servers.client else { preconditionFailure("no client") }
                    return client
                }
            }, next: { try await self.connect() })
    }
}

/// Copies that outlive the connection to OpenSSH's server.
@Suite struct ReconnectTests {
    /// Ends the server each time that so many more bytes or files have been copied.
    private func copyWithLosses(
        _ sources: [CopyOperand], to target: CopyOperand, _ servers: Servers, losses: Int,
        bytes: UInt64, files: Int, loop: EpollLoop, _ configure: (inout CopyOptions) -> Void
    ) async -> (said: [String], progress: CopyProgress) {
        var options = CopyOptions(random: { UInt32.random(in: 0...(.max)) })
        configure(&options)
        let witness = Witness()
        let engine = CopyEngine(options: options, observer: witness, loop: loop)
        loop.spawn {
            for _ in 0..<losses {
                let before = await engine.progress
                while true {
                    let now = await engine.progress
                    if now.bytesDone >= before.bytesDone + bytes,
                        now.filesDone >= before.filesDone + files
                    {
                        break
                    }
                    try? await loop.sleep(for: .milliseconds(2))
                }
                await servers.end()
            }
        }
        await engine.copy(sources, to: target)
        return (witness.said, await engine.progress)
    }

    @Test func aFileGoesOnWhereTheConnectionWasLost() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        let text = String(repeating: "0123456789abcde\n", count: 1 << 16)
        try write(text, to: "\(path)/source")
        let loop = try EpollLoop()
        try loop.run {
            let servers = Servers(directory: path, loop: loop)
            try await servers.connect()
            let remote = RemoteStore(link: servers.link)
            let local = LocalStore(loop: loop)
            for (number, stores) in [
                (local as any FileStore, remote as any FileStore), (remote, local),
            ].enumerated() {
                let before = await servers.count
                let outcome = await copyWithLosses(
                    [CopyOperand(store: stores.0, path: "\(path)/source".bytes)],
                    to: CopyOperand(store: stores.1, path: "\(path)/copy\(number)".bytes), servers,
                    losses: 3, bytes: 64 << 10, files: 0, loop: loop
                ) {
                    $0.chunkBytes = 8 << 10
                    $0.bytesPerSecond = 2 << 20
                }
                #expect(outcome.said == [])
                #expect(outcome.progress.filesDone == 1)
                #expect(outcome.progress.bytesDone == text.utf8.count)
                #expect(await servers.count == before + 3)
                #expect(try content(of: "\(path)/copy\(number)") == text)
            }
            await servers.end()
        }
        #expect(try names(in: path) == ["copy0", "copy1", "source"])
    }

    @Test func aTreeIsWholeThoughTheConnectionWasLost() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        for folder in ["tree", "tree/sub"] {
            try LocalFiles.makeDirectory("\(path)/\(folder)".bytes, permissions: 0o755)
            for number in 0..<300 { try write("\(number)", to: "\(path)/\(folder)/f\(number)") }
        }
        let loop = try EpollLoop()
        try loop.run {
            let servers = Servers(directory: path, loop: loop)
            try await servers.connect()
            let remote = RemoteStore(link: servers.link)
            let local = LocalStore(loop: loop)
            for (number, stores) in [
                (local as any FileStore, remote as any FileStore), (remote, local),
            ].enumerated() {
                let target = "\(path)/copy\(number)"
                let outcome = await copyWithLosses(
                    [CopyOperand(store: stores.0, path: "\(path)/tree".bytes)],
                    to: CopyOperand(store: stores.1, path: target.bytes), servers,
                    losses: 3, bytes: 0, files: 50, loop: loop
                ) { $0.isRecursive = true }
                #expect(outcome.said == [])
                #expect(outcome.progress.filesDone == 600)
                #expect(try names(in: target) == names(in: "\(path)/tree"))
                #expect(try names(in: "\(target)/sub") == names(in: "\(path)/tree/sub"))
                for file in ["f17", "sub/f299"] {
                    #expect(
                        try content(of: "\(target)/\(file)") == content(of: "\(path)/tree/\(file)"))
                }
            }
            await servers.end()
        }
    }

    @Test func aConnectionThatIsLostEachTimeEndsTheCopyOfAFile() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        try write("text", to: "\(path)/source")
        let loop = try EpollLoop()
        try loop.run {
            let servers = Servers(directory: path, loop: loop)
            try await servers.connect()
            let link = RemoteLink(
                current: { servers.link.client },
                next: {
                    try await servers.connect()
                    await servers.end()
                })
            await servers.end()
            let outcome = await copy(
                [CopyOperand(store: LocalStore(loop: loop), path: "\(path)/source".bytes)],
                to: CopyOperand(store: RemoteStore(link: link), path: "\(path)/x".bytes), loop: loop
            )
            #expect(outcome.progress.problems == 1)
            #expect(await servers.count < 50)
        }
    }
}
