// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import LocalFiles

/// Attempts to get out of a confined tree: each path that could lead out, by each operation.
@Suite struct ConfinementTests {
    /// A directory with a `root` to be confined to, and what must not be reached beside it.
    private final class Playground {
        private let folder: String
        /// Deep enough for `..` to stay within what is ours, should one lead out.
        let base: String

        static let secret = Array("secret".utf8)

        init() throws {
            var template = Array("/var/tmp/hawser-root.XXXXXX".utf8CString)
            try #require(unsafe mkdtemp(&template) != nil)
            folder = String(
                decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
            base = "\(folder)/base"
            for directory in ["", "outside", "outside/dir", "root", "root/inside"] {
                try LocalFiles.makeDirectory(path(directory), permissions: 0o755)
            }
            try write(Self.secret, "outside/secret")
            try write(Array("mine".utf8), "root/inside/file")
            for (name, target) in links {
                try LocalFiles.makeSymbolicLink(path("root/\(name)"), to: Array(target.utf8)[...])
            }
        }

        private var links: [(String, String)] {
            [
                ("up", ".."), ("out", "../outside"), ("abs", "\(base)/outside"),
                ("file-link", "../outside/secret"), ("proc", "/proc/self/root"),
                ("deep", "inside/../../outside"), ("chain", "out/dir"),
                ("inside/up", "../../../../../../../..\(base)/outside"),
            ]
        }

        func path(_ name: String) -> Bytes { Array("\(base)/\(name)".utf8)[...] }

        func write(_ content: [UInt8], _ name: String) throws {
            let file = try LocalFile(
                opening: path(name), flags: [.write, .create], permissions: 0o644)
            try file.write([content[...]], at: 0)
        }

        /// All that is known of what lies outside.
        func outside() throws -> [String] {
            try ["", "outside", "outside/dir", "outside/secret"].map { name in
                let status = try LocalFiles.status(of: path(name), followingLink: false)
                var names: [String] = []
                if !status.isRegular {
                    let directory = try DirectoryStream(opening: path(name))
                    while let name = try directory.next() {
                        names.append(String(decoding: name, as: UTF8.self))
                    }
                }
                return "\(name) \(status.mode) \(status.size) \(status.linkCount) \(status.mtime)"
                    + " \(names.sorted())"
            }
        }

        /// Whether a status is that of something outside.
        func isOutside(_ status: FileStatus) throws -> Bool {
            try ["", "..", "outside", "outside/dir", "outside/secret"]
                .contains { name in
                    try status.isSameFile(
                        as: LocalFiles.status(of: path(name), followingLink: true))
                }
        }

        deinit {
            var pending = [folder]
            var directories: [String] = []
            while let directory = pending.popLast() {
                directories.append(directory)
                guard let listing = try? DirectoryStream(opening: Array(directory.utf8)[...]) else {
                    continue
                }
                while let name = try? listing.next() {
                    let name = String(decoding: name, as: UTF8.self)
                    let path = "\(directory)/\(name)"
                    if name == "." || name == ".." { continue }
                    if unsafe unlink(path) != 0 { pending.append(path) }
                }
            }
            for directory in directories.reversed() { _ = unsafe rmdir(directory) }
        }
    }

    /// What leads, or would lead, out.
    private static func paths(_ base: String) -> [String] {
        [
            "..", "/..", "../..", "./../.", "../", "../outside", "../outside/secret",
            "/../outside/secret", "//..//outside//secret", "inside/../../outside/secret",
            "out", "out/", "out/.", "out/secret", "out/dir", "out/new", "abs", "abs/secret",
            "abs/new", "file-link", "file-link/", "up/outside/secret", "up/outside/new",
            "deep/secret", "chain/../secret", "chain/new", "proc\(base)/outside/secret",
            "inside/up/secret", "inside/up", "inside/up/new", "\(base)/outside/secret",
            "\(base)/outside/new", "/proc/self/root\(base)/outside/secret",
            "inside/file/../../../outside/secret",
        ]
    }

    private typealias Operation = @Sendable (FileTree, Bytes, Playground) throws -> Void

    /// What may be tried with each; each demands itself that nothing of the outside is learned.
    private static let operations: [(name: String, run: Operation)] = [
        ("read", { tree, path, _ in try read(tree, path) }),
        (
            "write",
            { tree, path, _ in
                let file = try tree.open(path, flags: [.write, .truncate], permissions: 0)
                try file.write([Array("overwritten".utf8)[...]], at: 0)
            }
        ),
        (
            "create",
            { tree, path, _ in
                _ = try tree.open(path, flags: [.write, .create], permissions: 0o600)
            }
        ),
        (
            "stat",
            { tree, path, ground in
                let status = try tree.status(of: path, followingLink: true)
                #expect(try !ground.isOutside(status))
            }
        ),
        (
            "lstat",
            { tree, path, ground in
                let status = try tree.status(of: path, followingLink: false)
                #expect(try !ground.isOutside(status))
            }
        ),
        (
            "list",
            { tree, path, _ in
                let directory = try tree.openDirectory(path)
                while let name = try directory.next() {
                    #expect(
                        !["secret", "dir", "outside"].contains(
                            String(decoding: name, as: UTF8.self)))
                }
            }
        ),
        (
            "realpath",
            { tree, path, ground in
                let real = String(decoding: try tree.canonicalPath(of: path), as: UTF8.self)
                let status = try tree.status(of: Array(real.utf8)[...], followingLink: true)
                #expect(try !ground.isOutside(status))
            }
        ),
        ("readlink", { tree, path, _ in _ = try tree.target(ofLink: path) }),
        ("truncate", { tree, path, _ in try tree.truncate(path, to: 1) }),
        (
            "chmod",
            { tree, path, _ in
                try tree.setPermissions(of: path, to: 0o700, followingLink: true)
            }
        ),
        (
            "utimes",
            { tree, path, _ in
                try tree.setTimes(
                    of: path, to: TimeChanges(atime: .now, mtime: .now), followingLink: true)
            }
        ),
        (
            "lutimes",
            { tree, path, _ in
                try tree.setTimes(
                    of: path, to: TimeChanges(atime: .now, mtime: .now), followingLink: false)
            }
        ),
        (
            "chown",
            { tree, path, _ in
                try tree.setOwner(
                    of: path, to: .init(uid: getuid(), gid: getgid()), followingLink: true)
            }
        ),
        ("statvfs", { tree, path, _ in _ = try tree.fileSystemStatistics(of: path) }),
        ("remove", { tree, path, _ in try tree.remove(path) }),
        ("rmdir", { tree, path, _ in try tree.removeDirectory(path) }),
        ("mkdir", { tree, path, _ in try tree.makeDirectory(path, permissions: 0o755) }),
        ("rename from", { tree, path, _ in try tree.rename(path, replacing: moved) }),
        ("rename to", { tree, path, _ in try tree.rename(mine, replacing: path) }),
        ("rename only to", { tree, path, _ in try tree.rename(mine, to: path) }),
        (
            "link from",
            { tree, path, _ in
                try tree.link(path, to: moved)
                try read(tree, moved)
            }
        ),
        ("link to", { tree, path, _ in try tree.link(mine, to: path) }),
        (
            "symlink",
            { tree, path, _ in
                try tree.makeSymbolicLink(path, to: Array("/etc/passwd".utf8)[...])
            }
        ),
    ]

    private static let mine = Array("/inside/file".utf8)[...]
    private static let moved = Array("/moved".utf8)[...]

    private static func read(_ tree: FileTree, _ path: Bytes) throws {
        let content = try tree.open(path, flags: .read, permissions: 0)
            .read(upTo: 64, at: 0, behind: 0)
        #expect(content.isEmpty || content == Array("mine".utf8))
    }

    @Test func noPathLeadsOutByAnyOperation() throws {
        var refusals = 0
        var attempts = 0
        for (name, run) in Self.operations {
            for path in Self.paths("").indices {
                let ground = try Playground()
                let path = Self.paths(ground.base)[path]
                let tree = try FileTree(confinedTo: ground.path("root"))
                // A time that nothing sets by chance.
                let past = TimeChanges(
                    atime: .omit, mtime: .at(FileTime(seconds: 1, nanoseconds: 0)))
                for outside in ["outside/secret", "outside/dir", "outside", ""] {
                    try LocalFiles.setTimes(
                        of: ground.path(outside), to: past, followingLink: false)
                }
                let before = try ground.outside()
                attempts += 1
                do {
                    try run(tree, Array(path.utf8)[...], ground)
                } catch is Errno {
                    refusals += 1
                }
                #expect(try ground.outside() == before, "\(name) of \(path)")
            }
        }
        #expect(attempts > 700)
        #expect(refusals > attempts / 2)
    }

    /// Everything works inside, with absolute and relative paths and links.
    @Test func whatLiesInsideIsThere() throws {
        let ground = try Playground()
        let tree = try FileTree(confinedTo: ground.path("root"))
        func bytes(_ text: String) -> Bytes { Array(text.utf8)[...] }
        try tree.makeSymbolicLink(bytes("absolute"), to: bytes("/inside/file"))
        for path in ["inside/file", "/inside/file", "../inside/file", "absolute", "up/inside/file"]
        {
            try Self.read(tree, bytes(path))
            #expect(try tree.canonicalPath(of: bytes(path)).elementsEqual("/inside/file".utf8))
        }
        try tree.makeDirectory(bytes("new/"), permissions: 0o755)
        try tree.rename(bytes("inside/file"), to: bytes("new/file"))
        try Self.read(tree, bytes("/new/file"))
        #expect(throws: Errno.ENOTDIR) { try tree.remove(bytes("new/file/")) }
        #expect(throws: Errno.EBUSY) { try tree.removeDirectory(bytes("/")) }
        #expect(throws: Errno.EEXIST) { try tree.makeDirectory(bytes("/"), permissions: 0o755) }
        #expect(throws: Errno.ENOENT) { try tree.status(of: [], followingLink: false) }
        #expect(throws: Errno.EINVAL) { try tree.remove(bytes("a\0b")) }
        try tree.setPermissions(of: bytes("new/file"), to: 0o600, followingLink: true)
        #expect(
            try tree.status(of: bytes("new/file"), followingLink: true).mode & 0o7777 == 0o600)
        try tree.remove(bytes("new/file"))
        try tree.removeDirectory(bytes("new/"))
        #expect(try tree.workingDirectory().elementsEqual("/".utf8))
    }

    /// It is no link, and what there is in its place on this machine is nobody's business.
    @Test func theRootItselfIsADirectoryToThoseWhoDoNotFollowLinks() throws {
        let ground = try Playground()
        let tree = try FileTree(confinedTo: ground.path("root"))
        for path in ["/", ".", "..", "inside/..", "up/", "out/.."] {
            let path = Array(path.utf8)[...]
            #expect(throws: Errno.self) { try tree.target(ofLink: path) }
            if let status = try? tree.status(of: path, followingLink: false) {
                #expect(status.isDirectory)
            }
        }
        #expect(
            try tree.status(of: Array("/".utf8)[...], followingLink: false)
                .isSameFile(as: LocalFiles.status(of: ground.path("root"), followingLink: true)))
    }

    /// Somebody swaps a directory for a link that leads out, again and again.
    @Test func aLinkThatIsSwappedOnTheWayLeadsNowhere() throws {
        let ground = try Playground()
        let tree = try FileTree(confinedTo: ground.path("root"))
        try LocalFiles.makeDirectory(ground.path("root/swapped"), permissions: 0o755)
        try ground.write(Array("mine".utf8), "root/swapped/secret")
        let (swapped, aside, out) = (
            ground.path("root/swapped"), ground.path("root/aside"), ground.path("root/out")
        )
        let (isOver, hasStopped) = (Flag(), Flag())
        try startThread {
            while !isOver.value.load(ordering: .relaxed) {
                try? LocalFiles.rename(swapped, replacing: aside)
                try? LocalFiles.rename(out, replacing: swapped)
                try? LocalFiles.rename(swapped, replacing: out)
                try? LocalFiles.rename(aside, replacing: swapped)
            }
            hasStopped.value.store(true, ordering: .relaxed)
        }
        for _ in 0..<2000 {
            for path in ["swapped/secret", "inside/../swapped/secret", "swapped/../out/secret"] {
                let path = Array(path.utf8)[...]
                do { try Self.read(tree, path) } catch is Errno {}
                if let status = try? tree.status(of: path, followingLink: false) {
                    #expect(try !ground.isOutside(status))
                }
            }
        }
        isOver.value.store(true, ordering: .relaxed)
        while !hasStopped.value.load(ordering: .relaxed) { usleep(1000) }
    }

    private final class Flag: Sendable {
        let value = Atomic(false)
    }
}
