// SPDX-License-Identifier: Apache-2.0

import EventLoop
import LocalFiles
import SFTPProtocol
import Testing
import Wire

@testable import CopyEngine

/// What makes a copy more than a copy: removing, planning, and keeping what files are.
@Suite struct SyncTests {
    private func makeTree(_ path: String) throws {
        for folder in ["tree", "tree/sub", "copy", "copy/gone", "copy/gone/deep", "outside"] {
            try LocalFiles.makeDirectory("\(path)/\(folder)".bytes, permissions: 0o755)
        }
        for file in [
            "tree/kept", "tree/sub/new", "copy/kept", "copy/old", "copy/gone/deep/file",
            "outside/file",
        ] { try write("text", to: "\(path)/\(file)") }
        try LocalFiles.makeSymbolicLink("\(path)/copy/gone/link".bytes, to: "../../outside".bytes)
    }

    @Test func removesWhatTheSourceDoesNotHaveAndNothingOutside() throws {
        for isRemote in [false, true] {
            try withServedDirectory { local, remote, path, loop in
                try makeTree(path)
                let store: any FileStore = isRemote ? remote : local
                let from = CopyOperand(store: store, path: "\(path)/tree/.".bytes)
                let to = CopyOperand(store: store, path: "\(path)/copy".bytes)
                let plan = await copy([from], to: to, loop: loop) {
                    $0.isRecursive = true
                    $0.deletes = true
                    $0.isDry = true
                }
                #expect(try names(in: "\(path)/copy") == ["gone", "kept", "old"])
                let outcome = await copy([from], to: to, loop: loop) {
                    $0.isRecursive = true
                    $0.deletes = true
                }
                #expect(outcome.progress.problems == 0)
                #expect(outcome.progress.removed == 5)
                #expect(
                    plan.said.filter { $0.hasPrefix("removed") }.sorted() == outcome.said.sorted())
                #expect(plan.said.filter { $0.hasPrefix("planned") }.count == 3)
                #expect(try names(in: "\(path)/copy") == ["kept", "sub"])
                #expect(try names(in: "\(path)/outside") == ["file"])
            }
        }
    }

    @Test func removesNothingWhereSomethingCouldNotBeCopied() throws {
        try withServedDirectory { local, remote, path, loop in
            try makeTree(path)
            try LocalFiles.makeSymbolicLink("\(path)/tree/nowhere".bytes, to: "none".bytes)
            let outcome = await copy(
                [CopyOperand(store: local, path: "\(path)/tree/.".bytes)],
                to: CopyOperand(store: remote, path: "\(path)/copy".bytes), loop: loop
            ) {
                $0.isRecursive = true
                $0.deletes = true
            }
            #expect(outcome.progress.removed == 0)
            #expect(outcome.said.contains { $0.contains("nothing is removed") }, "\(outcome.said)")
            #expect(try names(in: "\(path)/copy") == ["gone", "kept", "old", "sub"])
        }
    }

    @Test func neverRemovesASource() throws {
        try withServedDirectory { local, _, path, loop in
            try makeTree(path)
            for source in ["\(path)/copy/gone/.", "\(path)/copy/gone"] {
                let outcome = await copy(
                    [CopyOperand(store: local, path: source.bytes)],
                    to: CopyOperand(
                        store: local,
                        path: source.hasSuffix(".") ? "\(path)/copy".bytes : path.bytes),
                    loop: loop
                ) {
                    $0.isRecursive = true
                    $0.deletes = true
                }
                #expect(outcome.progress.removed == 0)
                #expect(try names(in: "\(path)/copy/gone") == ["deep", "link"])
            }
        }
    }

    @Test func aPlanChangesNothing() throws {
        try withServedDirectory { local, remote, path, loop in
            try makeTree(path)
            for store in [local as any FileStore, remote] {
                let outcome = await copy(
                    [CopyOperand(store: local, path: "\(path)/tree".bytes)],
                    to: CopyOperand(store: store, path: "\(path)/none".bytes), loop: loop
                ) {
                    $0.isRecursive = true
                    $0.isDry = true
                    $0.resumes = true
                }
                let planned = ["", "/kept", "/sub", "/sub/new"].map { "planned \(path)/none\($0)" }
                #expect(outcome.said.sorted() == planned)
                #expect(try names(in: path) == ["copy", "outside", "tree"])
            }
        }
    }

    @Test func keepsHolesAndEndsBehindThem() throws {
        try withServedDirectory { local, remote, path, loop in
            let size: UInt64 = 8 << 20
            let file = try LocalFile(
                opening: "\(path)/source".bytes, flags: [.write, .create], permissions: 0o644)
            try file.write(["begin".bytes], at: 0)
            try file.write(["middle".bytes], at: 5 << 20)
            try file.truncate(to: size)
            try file.close()
            let text = try content(of: "\(path)/source")
            for (number, stores) in [
                (local as any FileStore, remote as any FileStore), (remote, local),
            ].enumerated() {
                let target = "\(path)/copy\(number)"
                let outcome = await copy(
                    [CopyOperand(store: stores.0, path: "\(path)/source".bytes)],
                    to: CopyOperand(store: stores.1, path: target.bytes), loop: loop
                ) { $0.verifies = true }
                #expect(outcome.said == [])
                #expect(try content(of: target) == text)
                let status = try LocalFiles.status(of: target.bytes, followingLink: false)
                let blocks = try #require(status.attributes(isExact: true).exact?.blocks)
                #expect(blocks < 4096, "\(blocks) blocks")
            }
        }
    }

    @Test func keepsFilesOneThatAreOne() throws {
        try withServedDirectory { local, remote, path, loop in
            try makeTree(path)
            for name in ["tree/second", "tree/sub/third"] {
                try LocalFiles.link("\(path)/tree/kept".bytes, to: "\(path)/\(name)".bytes)
            }
            for store in [local as any FileStore, remote] {
                for _ in 0..<2 {
                    let outcome = await copy(
                        [CopyOperand(store: local, path: "\(path)/tree/.".bytes)],
                        to: CopyOperand(store: store, path: "\(path)/copy".bytes), loop: loop
                    ) {
                        $0.isRecursive = true
                        $0.keepsHardLinks = true
                    }
                    #expect(outcome.said == [])
                    let links = try ["kept", "second", "sub/third"].map {
                        try LocalFiles.status(of: "\(path)/copy/\($0)".bytes, followingLink: false)
                    }
                    #expect(links.allSatisfy { $0.isSameFile(as: links[0]) && $0.linkCount == 3 })
                    #expect(
                        try names(in: "\(path)/copy") == ["gone", "kept", "old", "second", "sub"])
                }
            }
        }
    }

    @Test func keepsWhatItIsToldToKeep() throws {
        try withServedDirectory { local, _, path, loop in
            try write("text", to: "\(path)/source", permissions: 0o640)
            let time = TimeChanges.Change.at(
                FileTime(seconds: 1_000_000_000, nanoseconds: 123_456_789))
            try LocalFiles.setTimes(
                of: "\(path)/source".bytes, to: TimeChanges(atime: time, mtime: time),
                followingLink: true)
            for (parts, nanoseconds) in [
                ([CopyOptions.Preserved.nanoseconds, .owner], 123_456_789), ([.times], 0),
            ] {
                let outcome = await copy(
                    [CopyOperand(store: local, path: "\(path)/source".bytes)],
                    to: CopyOperand(store: local, path: "\(path)/copy".bytes), loop: loop
                ) { $0.preserved = Set(parts) }
                #expect(outcome.said == [])
                let status = try LocalFiles.status(of: "\(path)/copy".bytes, followingLink: false)
                let mtime = try #require(status.attributes(isExact: true).exact?.mtime)
                #expect(mtime.seconds == 1_000_000_000)
                #expect(mtime.fraction == nanoseconds)
            }
        }
    }
}
