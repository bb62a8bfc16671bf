// SPDX-License-Identifier: Apache-2.0

import Glibc
import SFTPProtocol
import Testing
import Wire

let homeOfRoot = String(
    run("getent passwd root").output.split(separator: ":", omittingEmptySubsequences: false)[5])

@Suite struct NameTests {
    let directory = TemporaryDirectory()
    let session: TestSession

    init() throws { session = try TestSession() }

    @Test func directoriesComeAndGo() throws {
        let mkdir = SFTPRequest.mkdir(
            path: directory["d"], attributes: FileAttributes(permissions: 0o40750))
        #expect(try session.status(mkdir).code == .ok)
        #expect(directory.shell("stat -c %a d") == "750\n")
        #expect(try session.status(mkdir) == SFTPStatus(.failure, message: "File exists"))
        directory.shell("touch d/f")
        #expect(
            try session.status(.rmdir(path: directory["d"]))
                == SFTPStatus(.failure, message: "Directory not empty"))
        #expect(
            try session.status(.remove(path: directory["d"]))
                == SFTPStatus(.failure, message: "Is a directory"))
        #expect(
            try session.status(.rmdir(path: directory["d/f"]))
                == SFTPStatus(.noSuchFile, message: "Not a directory"))
        #expect(try session.status(.remove(path: directory["d/f"])).code == .ok)
        #expect(try session.status(.rmdir(path: directory["d"])).code == .ok)
        #expect(
            try session.status(.rmdir(path: directory["d"]))
                == SFTPStatus(.noSuchFile, message: "No such file or directory"))
    }

    @Test func listsADirectoryInBatches() throws {
        directory.shell("mkdir d; cd d; for i in $(seq 250); do echo $i > file$i; done; ln -s x l")
        let (entries, batches) = try session.list(directory["d"])
        #expect(batches == [100, 100, 53])
        var names = Set(entries.map { text($0.filename) })
        #expect(names.count == 253)
        #expect(names.remove(".") != nil && names.remove("..") != nil)
        #expect(names.contains("file250") && names.contains("l"))
        for entry in entries where text(entry.filename) != ".." {
            let path = directory["d/" + text(entry.filename)]
            #expect(try session.attributes(.lstat(path: path)) == entry.attributes)
        }
    }

    @Test func listsADirectoryThatIsMovedMeanwhile() throws {
        directory.shell("mkdir d; touch d/f")
        let handle = try session.handle(.opendir(path: directory["d"]))
        directory.shell("mv d e")
        guard case .name(let entries) = try session.ask(.readdir(handle: handle)) else {
            Issue.record("no names")
            return
        }
        #expect(Set(entries.map { text($0.filename) }) == [".", "..", "f"])
    }

    @Test func namesOfAllBytesAreListedAndOpened() throws {
        let names = [
            [UInt8](repeating: 0xFF, count: 255), Array("new\nline".utf8), Array(" ".utf8),
            Array("-rf".utf8), Array("\u{1B}[31m".utf8), Array("naïve".utf8),
        ]
        for name in names {
            _ = try session.open(directory[""] + name, [.write, .create])
        }
        let found = try session.list(bytes(directory.path)).entries.map { Array($0.filename) }
        #expect(Set(found) == Set(names + [[0x2E], [0x2E, 0x2E]]))
    }

    @Test func renameDoesNotReplace() throws {
        directory.shell("echo a > a; echo b > b; mkdir d e; ln -s nowhere l")
        let exists = SFTPStatus(.failure, message: "File exists")
        for (old, new) in [("a", "b"), ("a", "d"), ("d", "e"), ("a", "l"), ("l", "a"), ("d", "a")] {
            #expect(
                try session.status(.rename(oldPath: directory[old], newPath: directory[new]))
                    == exists, "\(old) to \(new)")
        }
        for (old, new) in [("a", "x"), ("d", "y"), ("l", "z")] {
            #expect(
                try session.status(.rename(oldPath: directory[old], newPath: directory[new])).code
                    == .ok)
        }
        #expect(directory.shell("ls") == "b\ne\nx\ny\nz\n")
        #expect(
            try session.status(.rename(oldPath: directory["a"], newPath: directory["b"])).code
                == .noSuchFile)
    }

    @Test func posixRenameReplaces() throws {
        directory.shell("echo a > a; echo b > b; mkdir d e; touch e/f")
        #expect(
            try session.status(.posixRename(oldPath: directory["a"], newPath: directory["b"])).code
                == .ok)
        #expect(directory.shell("cat b") == "a\n")
        #expect(
            try session.status(.posixRename(oldPath: directory["d"], newPath: directory["e"]))
                == SFTPStatus(.failure, message: "Directory not empty"))
    }

    @Test func linksAreMadeAndRead() throws {
        directory.shell("echo a > a")
        let symlink = SFTPRequest.symlink(target: bytes("to nowhere"), linkPath: directory["s"])
        #expect(try session.status(symlink).code == .ok)
        #expect(try session.path(.readlink(path: directory["s"])) == "to nowhere")
        #expect(
            try session.status(.readlink(path: directory["a"]))
                == SFTPStatus(.badMessage, message: "Invalid argument"))
        let hardlink = SFTPRequest.hardlink(oldPath: directory["a"], newPath: directory["h"])
        #expect(try session.status(hardlink).code == .ok)
        #expect(directory.shell("stat -c %h h") == "2\n")
    }

    @Test func realpathResolves() throws {
        directory.shell("mkdir -p a/b; ln -s a/b l; ln -s loop loop; ln -s missing m; touch f")
        let real = directory.shell("pwd -P").dropLast()
        for (path, expected) in [
            ("l/../.", "/a"), ("a//b/./", "/a/b"), ("l/new", "/a/b/new"), ("m", "/missing"),
            (".", ""), ("a/b/../../f", "/f"),
        ] {
            #expect(
                try session.path(.realpath(path: directory[path])) == real + expected, "\(path)")
        }
        #expect(try session.path(.realpath(path: bytes("/../.."))) == "/")
        #expect(
            try session.path(.realpath(path: bytes("")))[...] == run("pwd -P").output.dropLast())
        for (path, message) in [
            ("no/x", "No such file or directory"), ("f/x", "Not a directory"),
            ("loop", "Too many levels of symbolic links"),
        ] {
            #expect(
                try session.status(.realpath(path: directory[path]))
                    == SFTPStatus(.noSuchFile, message: message), "\(path)")
        }
        let long = bytes(String(repeating: "a/", count: 3000))
        #expect(
            try session.status(.realpath(path: long))
                == SFTPStatus(.badMessage, message: "File name too long"))
    }

    @Test func expandPathKnowsHomes() throws {
        let here = run("pwd -P").output.dropLast()
        #expect(try session.path(.expandPath(path: bytes("~")))[...] == here)
        #expect(try session.path(.expandPath(path: bytes("~/x"))) == here + "/x")
        #expect(try session.path(.expandPath(path: bytes("x"))) == here + "/x")
        #expect(try session.path(.expandPath(path: bytes("x~"))) == here + "/x~")
        #expect(try session.path(.expandPath(path: bytes("~root/x"))) == homeOfRoot + "/x")
        #expect(
            try session.status(.expandPath(path: bytes("~nobody-of-this-name")))
                == SFTPStatus(.noSuchFile, message: "no such user"))
    }

    @Test func accountsAreTold() throws {
        #expect(try session.path(.homeDirectory(user: bytes("root"))) == homeOfRoot)
        #expect(try session.path(.homeDirectory(user: bytes(""))) == homeOfRoot)
        #expect(
            try session.status(.homeDirectory(user: bytes("nobody-of-this-name"))).code == .failure)
        guard
            case .extended(let body) = try session.ask(
                .usersGroupsByID(uids: [0, 4_000_000_000, 1], gids: [0]))
        else {
            Issue.record("no names")
            return
        }
        #expect(
            try UserGroupNames(decoding: body)
                == UserGroupNames(
                    users: [bytes("root"), [], bytes("daemon")], groups: [bytes("root")]))
    }

    @Test func moreNamesThanAPacketHoldsAreRefused() throws {
        let request = SFTPRequest.usersGroupsByID(
            uids: [UInt32](repeating: 0, count: 60_000), gids: [])
        #expect(try session.status(request).code == .failure)
    }

    @Test func pathLongerThanTheSystemTakesIsAnError() throws {
        let long = bytes("/" + String(repeating: "a/", count: 100_000))
        #expect(
            try session.status(.stat(path: long))
                == SFTPStatus(.badMessage, message: "File name too long"))
        #expect(try session.status(.expandPath(path: bytes("~") + long)).code == .badMessage)
    }
}
