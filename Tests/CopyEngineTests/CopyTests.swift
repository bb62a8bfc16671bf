// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalFiles
import LocalSFTPServer
import SFTPClient
import SFTPProtocol
import Testing
import Wire

@testable import CopyEngine

/// Copies against OpenSSH's server.
@Suite struct CopyTests {
    @Test func neverWritesThroughALinkThatItMeetsBelowTheTarget() throws {
        try withServedDirectory { local, remote, path, loop in
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
        try withServedDirectory { local, remote, path, loop in
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
        try withServedDirectory { local, remote, path, loop in
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
        try withServedDirectory { local, _, path, loop in
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
        try withServedDirectory { local, remote, path, loop in
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
        try withServedDirectory { local, remote, path, loop in
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
        try withServedDirectory { local, remote, path, loop in
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
        try withServedDirectory { local, remote, path, loop in
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
        try withServedDirectory { local, remote, path, loop in
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
