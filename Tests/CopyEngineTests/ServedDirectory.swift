// SPDX-License-Identifier: Apache-2.0

import EventLoop
import LocalFiles
import LocalSFTPServer
import SFTPClient
import SFTPProtocol
import Synchronization
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
    func removed(_ path: String) { lines.withLock { $0.append("removed \(path)") } }
    func planned(_ path: String) { lines.withLock { $0.append("planned \(path)") } }
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

/// A directory of this machine, and the same one as a server shows it.
func withServedDirectory(
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

func write(_ text: String, to path: String, permissions: UInt32 = 0o644) throws {
    let file = try LocalFile(
        opening: path.bytes, flags: [.write, .create, .truncate], permissions: permissions)
    try file.write([text.bytes], at: 0)
    try file.close()
}

func content(of path: String, upTo limit: Int = 1 << 24) throws -> String {
    let file = try LocalFile(opening: path.bytes, flags: .read, permissions: 0)
    return String(decoding: try file.read(upTo: limit, at: 0, behind: 0), as: UTF8.self)
}

func names(in path: String) throws -> [String] {
    let directory = try DirectoryStream(opening: path.bytes)
    var names: [String] = []
    while let name = try directory.next() {
        names.append(String(decoding: name, as: UTF8.self))
    }
    return names.filter { $0 != "." && $0 != ".." }.sorted()
}
