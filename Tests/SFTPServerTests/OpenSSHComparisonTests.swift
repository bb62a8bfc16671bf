// SPDX-License-Identifier: Apache-2.0

import Glibc
import SFTPProtocol
import Testing
import Wire

/// The same requests to OpenSSH's server and to ours, over pipes, each in a directory of its own.
///
/// Compared are the kind of reply, status codes, attributes, names and data; what may differ are
/// handles, the texts of failures, and what `deviations` lists.
@Suite(.enabled(if: ServerProcess.isOpenSSHInstalled))
struct OpenSSHComparisonTests {
    /// Our answers where OpenSSH's server is wrong, by the label of the step.
    private static let deviations = [
        // It tells success though it has copied less than was asked for, or nothing.
        "copy r 5 100 w 0": "status End of file",
        "copy r 100 1 w 0": "status End of file",
        "copy d 0 1 w 0": "status Failure",
        // It copies a file that is open twice onto itself.
        "copy r 0 3 r2 5": "status Failure",
        // Before version 9.8 it doesn't know the user whose own name is left out.
        "home of oneself": "~root",
        // It renames a link over another that leads nowhere.
        "rename link dangling": "status Failure",
    ]

    private func compare(_ steps: [Step]) throws {
        let openSSH = try ComparedServer(ServerProcess.openSSH)
        let ours = try ComparedServer(ServerProcess.ours)
        _ = try openSSH.server.initialize()
        _ = try ours.server.initialize()
        for step in steps {
            let expected = try openSSH.answer(step)
            let answer = try ours.answer(step)
            #expect(answer == Self.deviations[step.label] ?? expected, "\(step.label)")
        }
        let state = "find . -printf '%p %M %s %l %n\\n' | sort; cat file other new 2>&1"
        #expect(ours.directory.shell(state + "; true") == openSSH.directory.shell(state + "; true"))
    }

    @Test func initializationAnnouncesTheSame() throws {
        let openSSH = try ComparedServer(ServerProcess.openSSH).server.initialize()
        let ours = try ComparedServer(ServerProcess.ours).server.initialize()
        #expect(ours == openSSH)
    }

    @Test func attributesAreTheSame() throws {
        var steps: [Step] = []
        for path in [
            "file", "link", "dangling", "loop", "dirlink", "full", "sub/1", "sub/4", "sub/fifo",
            "sub/5", "missing", "file/x", ".", "", "/", "/dev/null",
            String(repeating: "n", count: 256),
            String(repeating: "d/", count: 3000),
        ] {
            steps.append(Step("stat \(path)") { _ in .stat(path: bytes(path)) })
            steps.append(Step("lstat \(path)") { _ in .lstat(path: bytes(path)) })
            steps.append(Step("readlink \(path)") { _ in .readlink(path: bytes(path)) })
            steps.append(Step("realpath \(path)") { _ in .realpath(path: bytes(path)) })
            steps.append(Step("expand-path \(path)") { _ in .expandPath(path: bytes(path)) })
        }
        // Their times are those of the test.
        try compare(
            steps.filter { !["stat .", "lstat .", "stat /", "lstat /"].contains($0.label) })
    }

    @Test func resolvedPathsAreTheSame() throws {
        var paths = [
            "~", "~/", "~/file", "~/../x", "~root", "~root/x/../y", "~no-such-user/x", "~x",
        ]
        for path in [
            "missing/x", "missing/", "file/", "file/.", "file/..", "link/..", "dirlink/..",
            "dirlink/x", "dirlink/new", "dangling/x", "loop/x", "..", "../..", "/../..", "//", "/.",
            "full//x", "./././file", "full/../file", "sub/link", "sub/link/x",
            "a~", "/dev/./null", "missing/..", "missing/../file",
        ] {
            paths.append(path)
        }
        try compare(
            paths.flatMap { path in
                [
                    Step("realpath \(path)") { _ in .realpath(path: bytes(path)) },
                    Step("expand-path \(path)") { _ in .expandPath(path: bytes(path)) },
                ]
            })
    }

    @Test func directoryListingsAreTheSame() throws {
        let openSSH = try ComparedServer(ServerProcess.openSSH)
        let ours = try ComparedServer(ServerProcess.ours)
        _ = try openSSH.server.initialize()
        _ = try ours.server.initialize()
        for path in ["sub", "empty", "dirlink", "."] {
            let step = Step(path) { _ in .opendir(path: bytes(path)) }
            let expected = try openSSH.answer(step)
            #expect(try ours.answer(step) == expected)
            let (names, batches) = try openSSH.listing(path)
            let (ourNames, ourBatches) = try ours.listing(path)
            #expect(ourNames == names)
            #expect(ourBatches == batches)
        }
        for path in ["missing", "file", "loop", "dangling", ""] {
            let step = Step(path) { _ in .opendir(path: bytes(path)) }
            let expected = try openSSH.answer(step)
            #expect(try ours.answer(step) == expected)
        }
    }

    @Test func openingIsTheSame() throws {
        var steps: [Step] = []
        let flagSets: [OpenFlags] = [
            [], .read, .write, [.read, .write], [.write, .append], [.write, .create],
            [.write, .create, .exclusive], [.read, .create], [.write, .truncate], .append,
            [.read, .truncate], [.create], OpenFlags(rawValue: 0xFFFF_FFC0),
        ]
        for flags in flagSets {
            for path in [
                "file", "full", "missing", "link", "dangling", "loop", "file/x", "no/x", "",
            ] {
                steps.append(
                    Step("open \(path) \(flags.rawValue)") { _ in
                        .open(
                            path: bytes(path), flags: flags,
                            attributes: FileAttributes(permissions: 0o100640))
                    })
                steps.append(
                    Step("fstat") { .fstat(handle: $0.handle("open \(path) \(flags.rawValue)")) })
                steps.append(Step("remove") { _ in .remove(path: bytes("missing")) })
            }
        }
        // A file that has just been made has the test's times.
        try compare(steps.filter { $0.label != "fstat" })
    }

    @Test func readingAndWritingIsTheSame() throws {
        func open(_ label: String, _ path: String, _ flags: OpenFlags) -> Step {
            Step(label) { _ in
                .open(path: bytes(path), flags: flags, attributes: FileAttributes())
            }
        }
        func read(_ label: String, _ offset: UInt64, _ length: UInt32) -> Step {
            Step("read \(label) \(offset) \(length)") {
                .read(handle: $0.handle(label), offset: offset, length: length)
            }
        }
        func write(_ label: String, _ offset: UInt64, _ data: String) -> Step {
            Step("write \(label) \(offset) \(data)") {
                .write(handle: $0.handle(label), offset: offset, data: [bytes(data)])
            }
        }
        let big = String(repeating: "0123456789", count: 25_000)
        try compare(
            [
                open("r", "file", .read), open("w", "file", .write),
                open("rw", "new", [.read, .write, .create]),
                open("a", "other", [.read, .write, .append]), open("d", "full", .read),
                read("r", 0, 4), read("r", 4, 100), read("r", 10, 1), read("r", 1000, 1),
                read("r", 0, 0),
                read("r", 1 << 63, 1), read("r", .max, 1), read("r", 20, 0), read("w", 0, 1),
                read("d", 0, 1),
                read("none", 0, 1), write("r", 0, "x"), write("w", 2, "XYZ"), write("w", 20, "far"),
                write("w", 1 << 63, "x"), write("w", .max, "x"), write("w", 0, ""),
                write("none", 0, "x"),
                write("a", 0, "def"), read("a", 0, 100), write("rw", 0, big), read("rw", 0, .max),
                read("rw", 200_000, .max), write("rw", 240_000, big),
                Step("fstat a") {
                    .fsetstat(
                        handle: $0.handle("a"),
                        attributes: FileAttributes(times: .init(atime: 5, mtime: 6)))
                },
                Step("fstat a") { .fstat(handle: $0.handle("a")) },
                Step("fstat d") { .fstat(handle: $0.handle("d")) },
                Step("fstat none") { .fstat(handle: $0.handle("none")) },
                Step("fsync w") { .fsync(handle: $0.handle("w")) },
                Step("fsync r") { .fsync(handle: $0.handle("r")) },
                Step("fsync none") { .fsync(handle: $0.handle("none")) },
                Step("fstatvfs none") { .fstatvfs(handle: $0.handle("none")) },
                Step("fstatvfs r") { .fstatvfs(handle: $0.handle("r")) },
                Step("readdir of a file") { .readdir(handle: $0.handle("r")) },
                Step("close r") { .close(handle: $0.handle("r")) },
                Step("close r again") { .close(handle: $0.handle("r")) },
                read("r", 0, 1), Step("close none") { .close(handle: $0.handle("none")) },
            ].filter { $0.label != "fstat d" })
    }

    @Test func copyingOnTheServerIsTheSame() throws {
        func copy(_ from: String, _ at: UInt64, _ count: UInt64, _ to: String, _ offset: UInt64)
            -> Step
        {
            Step("copy \(from) \(at) \(count) \(to) \(offset)") {
                .copyData(
                    readHandle: $0.handle(from), readOffset: at, length: count,
                    writeHandle: $0.handle(to), writeOffset: offset)
            }
        }
        func open(_ label: String, _ path: String, _ flags: OpenFlags) -> Step {
            Step(label) { _ in
                .open(path: bytes(path), flags: flags, attributes: FileAttributes())
            }
        }
        try compare([
            open("r", "file", .read), open("w", "new", [.write, .create]),
            open("a", "other", [.write, .append]), open("rw", "sub/9", [.read, .write]),
            open("d", "full", .read), copy("r", 2, 3, "w", 5), copy("r", 0, 0, "w", 20),
            copy("r", 5, 100, "w", 0), copy("r", 100, 1, "w", 0), copy("r", 100, 0, "w", 0),
            copy("r", 1, 2, "a", 0), copy("rw", 0, 1, "rw", 1), copy("w", 0, 1, "w", 1),
            copy("none", 0, 1, "w", 0), copy("r", 0, 1, "none", 0), copy("r", 0, 1, "r", 0),
            copy("w", 0, 1, "w", 0), copy("r", .max, 1, "w", 0), copy("r", 0, 1, "w", .max),
            copy("d", 0, 1, "w", 0),
        ])
    }

    /// What these do differently shows in the directories too, so they aren't compared.
    @Test func harmThatOpenSSHDoesIsNotDone() throws {
        let ours = try ComparedServer(ServerProcess.ours)
        _ = try ours.server.initialize()
        for step in [
            Step("r") { _ in .open(path: bytes("file"), flags: .read, attributes: .init()) },
            Step("r2") { _ in .open(path: bytes("file"), flags: .write, attributes: .init()) },
            Step("copy r 0 3 r2 5") {
                .copyData(
                    readHandle: $0.handle("r"), readOffset: 0, length: 3,
                    writeHandle: $0.handle("r2"), writeOffset: 5)
            },
            Step("rename link dangling") { _ in
                .rename(oldPath: bytes("link"), newPath: bytes("dangling"))
            },
        ] {
            let answer = try ours.answer(step)
            #expect(answer == Self.deviations[step.label] ?? "handle", "\(step.label)")
        }
        #expect(
            ours.directory.shell("cat file; readlink link dangling") == "0123456789file\nmissing\n")
    }

    @Test func namesComeAndGoTheSameWay() throws {
        func two(_ path: String, _ other: String, _ make: @escaping (Bytes, Bytes) -> SFTPRequest)
            -> Step
        {
            Step("\(make(bytes(path), bytes(other)))") { _ in make(bytes(path), bytes(other)) }
        }
        var steps: [Step] = []
        for path in ["missing", "full", "empty", "file", "file/x", "dirlink", "loop", ""] {
            steps.append(Step("rmdir \(path)") { _ in .rmdir(path: bytes(path)) })
            steps.append(
                Step("mkdir \(path)") { _ in
                    .mkdir(path: bytes(path), attributes: FileAttributes(permissions: 0o7770))
                })
        }
        for path in ["full", "empty", "none", "file/x", "dangling", "dirlink", ""] {
            steps.append(Step("remove \(path)") { _ in .remove(path: bytes(path)) })
        }
        for (old, new) in [
            ("file", "other"), ("file", "full"), ("full", "file"), ("full", "sub"),
            ("none", "file"),
            ("file", "no/x"), ("file", "renamed"), ("full", "renamed-full"),
            ("link", "renamed-link"),
            ("renamed", "renamed"), ("full", "full/x"), ("sub", "sub/inside"), ("loop", "other"),
        ] {
            steps.append(two(old, new) { .rename(oldPath: $0, newPath: $1) })
            steps.append(two(old, new) { .hardlink(oldPath: $0, newPath: $1) })
            steps.append(two(old, new) { .symlink(target: $0, linkPath: $1) })
        }
        for (old, new) in [
            ("renamed", "other"), ("other", "sub"), ("sub", "other"), ("renamed-full", "empty"),
            ("missing", "x"), ("sub", "renamed-full"), ("other", "no/x"),
        ] {
            steps.append(two(old, new) { .posixRename(oldPath: $0, newPath: $1) })
        }
        try compare(steps)
    }

    @Test func attributesAreSetTheSameWay() throws {
        let sets: [FileAttributes] = [
            FileAttributes(), FileAttributes(size: 3), FileAttributes(size: 1 << 63),
            FileAttributes(permissions: 0o107751), FileAttributes(times: .init(atime: 5, mtime: 6)),
            FileAttributes(times: .init(atime: 0, mtime: .max)),
            FileAttributes(owner: .init(uid: getuid(), gid: getgid())),
            FileAttributes(
                size: 20, owner: .init(uid: getuid(), gid: getgid()), permissions: 0o640,
                times: .init(atime: 7, mtime: 8)),
        ]
        var steps: [Step] = [
            Step("w") { _ in .open(path: bytes("other"), flags: .write, attributes: .init()) },
            Step("r") { _ in .open(path: bytes("sub/7"), flags: .read, attributes: .init()) },
        ]
        for (index, attributes) in sets.enumerated() {
            for path in [
                "file", "full", "link", "dangling", "missing", "dirlink", "loop", "file/x",
            ] {
                steps.append(
                    Step("setstat \(path) \(index)") { _ in
                        .setstat(path: bytes(path), attributes: attributes)
                    })
                steps.append(
                    Step("lsetstat \(path) \(index)") { _ in
                        .lsetstat(path: bytes(path), attributes: attributes)
                    })
            }
            for label in ["w", "r", "none"] {
                steps.append(
                    Step("fsetstat \(label) \(index)") {
                        .fsetstat(handle: $0.handle(label), attributes: attributes)
                    })
            }
        }
        for path in ["file", "other", "full", "link", "dangling"] {
            steps.append(Step("lstat \(path)") { _ in .lstat(path: bytes(path)) })
        }
        try compare(steps)
    }

    @Test func theRestIsTheSame() throws {
        try compare([
            Step("limits") { _ in .limits }, Step("statvfs") { _ in .statvfs(path: bytes(".")) },
            Step("statvfs missing") { _ in .statvfs(path: bytes("missing")) },
            Step("statvfs through a file") { _ in .statvfs(path: bytes("file/x")) },
            Step("home") { _ in .homeDirectory(user: bytes("root")) },
            Step("home of oneself") { _ in .homeDirectory(user: bytes("")) },
            Step("home of nobody") { _ in .homeDirectory(user: bytes("no-such-user")) },
            Step("names") { _ in .usersGroupsByID(uids: [0, 1, 4_000_000_000], gids: [0, 0]) },
            Step("no names") { _ in .usersGroupsByID(uids: [], gids: []) },
            Step("unknown") { _ in .unknownExtension(name: bytes("x@y"), data: []) },
        ])
    }
}
