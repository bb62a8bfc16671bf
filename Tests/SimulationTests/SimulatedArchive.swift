// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RemoteFS
import SFTPProtocol

/// Old files that somebody at the server changes now and then, while programs go through them and read.
///
/// Each content says of which file and which version it is.
enum SimulatedArchive {
    static let directory = Array("archive".utf8)
    static let names = (10..<22).map { Array("old\($0)".utf8) }

    static func path(_ name: [UInt8]) -> [UInt8] { directory + Array("/".utf8) + name }

    static func content(_ name: [UInt8], version: Int) -> [UInt8] {
        name + Array(" \(version + 1000)".utf8)
    }

    /// The version that a content is; nil where it is none of this file.
    static func version(_ name: [UInt8], _ content: [UInt8]) -> Int? {
        let words = content.split(separator: UInt8(ascii: " "), maxSplits: 1)
        guard words.count == 2, Array(words[0]) == name else { return nil }
        return Int(String(decoding: words[1], as: UTF8.self)).map { $0 - 1000 }
    }

    /// Makes it, as it has been for long.
    static func make(in tree: SimulatedTree, mtime: UInt32) throws {
        try tree.makeDirectory(directory[...], permissions: 0o755)
        for name in names {
            let node = try tree.open(path(name)[...], [.write, .create], permissions: 0o644)
            node.content = content(name, version: 0)
            node.mtime = mtime
        }
        try tree.node(directory[...]).mtime = mtime
    }

    /// Makes a new version of a file, in place or as another file of the same size and time.
    ///
    /// The time that tells it is another one than before, and an old one all the same, as tools set it that
    /// unpack or synchronise.
    static func change(_ name: [UInt8], in tree: SimulatedTree, replaces: Bool) throws(Errno) {
        let old = try tree.node(path(name)[...])
        let next = content(name, version: (version(name, old.content) ?? 0) + 1)
        guard replaces else {
            let mtime = old.mtime
            try tree.write(next, at: 0, to: old)
            return old.mtime = mtime + 1
        }
        let folder = try tree.node(directory[...])
        let mtime = folder.mtime
        let temporary = path(Array("new".utf8))
        let node = try tree.open(temporary[...], [.write, .create], permissions: 0o644)
        (node.content, node.mtime) = (next, old.mtime)
        try tree.rename(temporary[...], path(name)[...])
        folder.mtime = mtime + 1
    }
}

extension SimulatedProgram {
    /// Reads the archive, file by file: each is shown as it was when it was opened, or later.
    func readArchive() async {
        let names = numbers.oneIn(2) ? SimulatedArchive.names : SimulatedArchive.names.reversed()
        for name in names {
            await attempt("read the archive's \(text(name))", on: .nothing) {
                () async throws(Errno) in
                do throws(Errno) {
                    try await readArchived(name)
                } catch .ESTALE {
                    // Replaced just now: the kernel would look it up again.
                } catch {
                    throw error
                }
            }
        }
    }

    private func readArchived(_ name: [UInt8]) async throws(Errno) {
        let directory = try await node(SimulatedArchive.directory)
        guard case .found(let entry) = try await fileSystem.lookup(name, in: directory) else {
            return violation("\(text(name)) is not in the archive", in: SimulatedArchive.directory)
        }
        defer {
            loop.spawn { [fileSystem] in await fileSystem.forget(entry.status.inode, count: 1) }
        }
        let before = archivedVersion(name)
        let file = try await fileSystem.open(entry.status.inode, .read)
        let result: Result<[UInt8], Errno>
        do throws(Errno) {
            let pieces = try await fileSystem.read(file.handle, offset: 0, count: Self.longestFile)
            result = .success(pieces.flatMap { $0 })
        } catch {
            result = .failure(error)
        }
        await fileSystem.release(file.handle)
        let content = try result.get()
        guard let version = SimulatedArchive.version(name, content),
            (before...archivedVersion(name)).contains(version)
        else {
            return violation(
                "\(text(name)) was \"\(text(content))\", and is of version \(before) or later",
                in: SimulatedArchive.directory)
        }
    }

    private func archivedVersion(_ name: [UInt8]) -> Int {
        let node = try? tree.node(SimulatedArchive.path(name)[...])
        return node.flatMap { SimulatedArchive.version(name, $0.content) } ?? 0
    }
}
