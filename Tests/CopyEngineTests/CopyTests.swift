// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalFiles
import LocalSFTPServer
import SFTPClient
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import CopyEngine

/// What was said during a copy.
final class Witness: CopyObserver {
    private let lines = Mutex<[String]>([])

    var said: [String] { lines.withLock { $0 } }

    func failed(_ path: String, _ reason: String) {
        lines.withLock { $0.append("\(path): \(reason)") }
    }
    func note(_ path: String, _ text: String) {
        lines.withLock { $0.append("\(path): note: \(text)") }
    }
    func copied(_ path: String, bytes: UInt64) {}
}

extension StringProtocol {
    var bytes: Bytes { Array(utf8)[...] }
}

/// Copies with an engine of its own, and returns what was said.
func copy(
    _ sources: [CopyOperand], to target: CopyOperand, loop: any EventLoop,
    _ configure: (inout CopyOptions) -> Void = { _ in }
) async -> (said: [String], progress: CopyProgress) {
    var options = CopyOptions(random: { UInt32.random(in: 0...(.max)) })
    configure(&options)
    let witness = Witness()
    let engine = CopyEngine(options: options, observer: witness, loop: loop)
    await engine.copy(sources, to: target)
    return (witness.said, await engine.progress)
}

/// Copies against OpenSSH's server.
@Suite struct CopyTests {
    /// A directory of this machine, and the same one as a server shows it.
    private func withServer(
        _ body:
            @escaping @Sendable (
                _ local: LocalStore, _ remote: RemoteStore, _ path: String, _ loop: EpollLoop
            ) async throws -> Void
    ) throws {
        let directory = try TemporaryDirectory()
        let server = try LocalSFTPServer(directory: directory.path)
        defer { server.stop() }
        let loop = try EpollLoop()
        try loop.run {
            let client = try await SFTPClient.open(over: try server.channel(loop: loop), loop: loop)
            try await body(
                LocalStore(loop: loop), RemoteStore(client: client), directory.path, loop)
            await client.disconnect()
        }
    }

    private func write(_ text: String, to path: String, permissions: UInt32 = 0o644) throws {
        let file = try LocalFile(
            opening: path.bytes, flags: [.write, .create, .truncate], permissions: permissions)
        try file.write([text.bytes], at: 0)
        try file.close()
    }

    private func content(of path: String) throws -> String {
        let file = try LocalFile(opening: path.bytes, flags: .read, permissions: 0)
        return String(decoding: try file.read(upTo: 1 << 20, at: 0, behind: 0), as: UTF8.self)
    }

    private func names(in path: String) throws -> [String] {
        let directory = try LocalDirectory(opening: path.bytes)
        var names: [String] = []
        while let name = try directory.next() {
            names.append(String(decoding: name, as: UTF8.self))
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    @Test func neverWritesThroughALinkThatItMeetsBelowTheTarget() throws {
        try withServer { local, remote, path, loop in
            try LocalFiles.makeDirectory("\(path)/tree".bytes, permissions: 0o755)
            try LocalFiles.makeDirectory("\(path)/tree/sub".bytes, permissions: 0o755)
            try write("new", to: "\(path)/tree/file")
            try write("new", to: "\(path)/tree/sub/inner")
            try LocalFiles.makeDirectory("\(path)/outside".bytes, permissions: 0o755)
            try write("kept", to: "\(path)/victim")
            for (number, stores) in [
                (local as any FileStore, remote as any FileStore), (remote, local),
            ]
            .enumerated() {
                let target = "\(path)/target\(number)"
                for folder in [target, "\(target)/tree"] {
                    try LocalFiles.makeDirectory(folder.bytes, permissions: 0o755)
                }
                try LocalFiles.makeSymbolicLink(
                    "\(target)/tree/file".bytes, to: "\(path)/victim".bytes)
                try LocalFiles.makeSymbolicLink(
                    "\(target)/tree/sub".bytes, to: "\(path)/outside".bytes)
                let outcome = await copy(
                    [CopyOperand(store: stores.0, path: "\(path)/tree".bytes)],
                    to: CopyOperand(store: stores.1, path: target.bytes), loop: loop
                ) { $0.isRecursive = true }
                #expect(outcome.progress.problems == 2)
                #expect(outcome.said.allSatisfy { $0.contains("symbolic link") }, "\(outcome.said)")
                #expect(try content(of: "\(path)/victim") == "kept")
                #expect(try names(in: "\(path)/outside") == [])
            }
        }
    }

    @Test func writesThroughALinkThatTheUserHasNamed() throws {
        try withServer { local, remote, path, loop in
            try write("new", to: "\(path)/source")
            try write("older and longer", to: "\(path)/file")
            try LocalFiles.makeSymbolicLink("\(path)/link".bytes, to: "file".bytes)
            let outcome = await copy(
                [CopyOperand(store: local, path: "\(path)/source".bytes)],
                to: CopyOperand(store: remote, path: "\(path)/link".bytes), loop: loop)
            #expect(outcome.said == [])
            #expect(try content(of: "\(path)/file") == "new")
            #expect(try LocalFiles.target(ofLink: "\(path)/link".bytes) == "file".bytes)
        }
    }

    @Test func keepsTheOtherNamesOfAFileThatItWritesOver() throws {
        try withServer { local, remote, path, loop in
            try write("new", to: "\(path)/source")
            for (number, store) in [local as any FileStore, remote].enumerated() {
                let folder = "\(path)/\(number)"
                try LocalFiles.makeDirectory(folder.bytes, permissions: 0o755)
                try write("old text", to: "\(folder)/source", permissions: 0o600)
                try LocalFiles.link("\(folder)/source".bytes, to: "\(folder)/second".bytes)
                let outcome = await copy(
                    [CopyOperand(store: local, path: "\(path)/source".bytes)],
                    to: CopyOperand(store: store, path: folder.bytes), loop: loop)
                #expect(outcome.said == [])
                #expect(try content(of: "\(folder)/second") == "new")
                #expect(try names(in: folder) == ["second", "source"])
            }
        }
    }

    @Test func keepsTheModeOfAFileThatItReplaces() throws {
        try withServer { local, _, path, loop in
            try write("new", to: "\(path)/source", permissions: 0o644)
            try write("old", to: "\(path)/target", permissions: 0o640)
            let before = try LocalFiles.status(of: "\(path)/target".bytes, followingLink: false)
            let outcome = await copy(
                [CopyOperand(store: local, path: "\(path)/source".bytes)],
                to: CopyOperand(store: local, path: "\(path)/target".bytes), loop: loop)
            #expect(outcome.said == [])
            let after = try LocalFiles.status(of: "\(path)/target".bytes, followingLink: false)
            #expect(after.mode == before.mode)
            #expect(after.inode != before.inode, "written in place")
            #expect(try content(of: "\(path)/target") == "new")
        }
    }

    @Test func refusesToCopyADirectoryIntoItself() throws {
        try withServer { local, remote, path, loop in
            try LocalFiles.makeDirectory("\(path)/tree".bytes, permissions: 0o755)
            try write("text", to: "\(path)/tree/file")
            for store in [local as any FileStore, remote] {
                let outcome = await copy(
                    [CopyOperand(store: store, path: "\(path)/tree".bytes)],
                    to: CopyOperand(store: store, path: "\(path)/tree".bytes), loop: loop
                ) { $0.isRecursive = true }
                #expect(outcome.progress.problems == 1)
                #expect(outcome.said.first?.contains("into itself") == true, "\(outcome.said)")
                #expect(try names(in: "\(path)/tree") == ["file"])
            }
        }
    }

    @Test func goesOnBehindAFileThatCannotBeCopied() throws {
        try withServer { local, remote, path, loop in
            try LocalFiles.makeDirectory("\(path)/tree".bytes, permissions: 0o755)
            for number in 0..<20 { try write("\(number)", to: "\(path)/tree/\(number)") }
            try LocalFiles.makeSymbolicLink("\(path)/tree/nowhere".bytes, to: "none".bytes)
            try LocalFiles.makeSymbolicLink("\(path)/tree/round".bytes, to: "round".bytes)
            let outcome = await copy(
                [CopyOperand(store: local, path: "\(path)/tree".bytes)],
                to: CopyOperand(store: remote, path: "\(path)/copy".bytes), loop: loop
            ) { $0.isRecursive = true }
            #expect(outcome.progress.problems == 2)
            #expect(outcome.progress.filesDone == 20)
            #expect(try names(in: "\(path)/copy").count == 20)
        }
    }

    @Test func copiesLinksAsLinksWhereThatIsWanted() throws {
        try withServer { local, remote, path, loop in
            try LocalFiles.makeDirectory("\(path)/tree".bytes, permissions: 0o755)
            try LocalFiles.makeSymbolicLink("\(path)/tree/loop".bytes, to: "../tree".bytes)
            for _ in 0..<2 {
                let outcome = await copy(
                    [CopyOperand(store: local, path: "\(path)/tree".bytes)],
                    to: CopyOperand(store: remote, path: "\(path)/copy".bytes), loop: loop
                ) {
                    $0.isRecursive = true
                    $0.keepsLinks = true
                }
                #expect(outcome.said == [])
            }
            // The second copy found the first one there, and went into it.
            for link in ["copy/loop", "copy/tree/loop"] {
                #expect(try LocalFiles.target(ofLink: "\(path)/\(link)".bytes) == "../tree".bytes)
            }
        }
    }

    @Test func aTreeDeeperThanTheLimitIsAnErrorAndNotTheEnd() throws {
        try withServer { local, remote, path, loop in
            var folder = "\(path)/tree"
            try LocalFiles.makeDirectory(folder.bytes, permissions: 0o755)
            try write("top", to: "\(folder)/top")
            for _ in 0..<CopyLimits.depth {
                folder += "/d"
                try LocalFiles.makeDirectory(folder.bytes, permissions: 0o755)
            }
            let outcome = await copy(
                [CopyOperand(store: local, path: "\(path)/tree".bytes)],
                to: CopyOperand(store: remote, path: "\(path)/copy".bytes), loop: loop
            ) { $0.isRecursive = true }
            #expect(outcome.progress.problems == 1)
            #expect(outcome.said.first?.contains("deeper") == true, "\(outcome.said)")
            #expect(try content(of: "\(path)/copy/top") == "top")
        }
    }

    @Test func leavesAloneWhatItIsToldToLeaveAlone() throws {
        try withServer { local, remote, path, loop in
            try write("source", to: "\(path)/source")
            try write("target", to: "\(path)/target")
            for skipping in [CopyOptions.Skipping.existing, .sameSize, .newer] {
                let outcome = await copy(
                    [CopyOperand(store: remote, path: "\(path)/source".bytes)],
                    to: CopyOperand(store: local, path: "\(path)/target".bytes), loop: loop
                ) { $0.skipping = skipping }
                #expect(outcome.said == [])
                #expect(outcome.progress.filesSkipped == 1)
                #expect(try content(of: "\(path)/target") == "target")
            }
        }
    }
}
