// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Testing
import Wire

@testable import SFTPServer

/// What waits for a disk keeps nobody waiting, and everybody whom it concerns.
@Suite struct OrderTests {
    private let folder = TemporaryDirectory()
    private let session: SlowSession

    init() throws {
        session = try SlowSession()
        folder.shell("echo content > file; echo other > other; ln file second; ln -s file link")
    }

    private func open(_ name: String, _ flags: OpenFlags = [.read, .write]) throws -> Bytes {
        try session.open(folder[name], flags)
    }

    private func size(_ name: String) -> SFTPRequest { .stat(path: folder[name]) }

    @Test func whatWaitsForTheDiskDelaysNothingElse() throws {
        let (file, other) = (try open("file"), try open("other"))
        let copied = try session.ask(.read(handle: file, offset: 0, length: 10))
        let answered = [
            try session.ask(.stat(path: folder["file"])), try session.ask(size("other")),
            try session.ask(.fstat(handle: file)), try session.ask(.remove(path: folder["link"])),
            try session.ask(.write(handle: other, offset: 0, data: [bytes("O")])),
            try session.ask(.close(handle: other)),
        ]
        for id in answered { #expect(session.replies[id] != nil) }
        #expect(session.replies[copied] == nil)
        session.finishAll()
        #expect(session.replies[copied] == .data([bytes("content\n")]))
    }

    @Test func aCopyDelaysOnlyWhatCouldSeeIt() throws {
        let (file, other) = (try open("file"), try open("other"))
        let copy = try session.ask(
            .copyData(
                readHandle: file, readOffset: 0, length: 0, writeHandle: other, writeOffset: 0))
        let free = [
            try session.ask(size("file")), try session.ask(size("link")),
            try session.ask(.rename(oldPath: folder["file"], newPath: folder["renamed"])),
        ]
        let dependent = [
            try session.ask(size("other")), try session.ask(.fstat(handle: other)),
            try session.ask(.write(handle: file, offset: 0, data: [bytes("C")])),
            try session.ask(.close(handle: other)),
        ]
        for id in free { #expect(session.replies[id] != nil) }
        for id in [copy] + dependent { #expect(session.replies[id] == nil) }
        session.finishAll()
        for id in [copy] + dependent { #expect(session.replies[id] != nil) }
        #expect(folder.shell("cat other") == "content\n")
        #expect(folder.shell("cat renamed") == "Content\n")
    }

    @Test func aFileIsTheSameByEachOfItsNames() throws {
        let file = try open("file")
        _ = try session.ask(.read(handle: file, offset: 0, length: 10))
        let cuts = try ["second", "link"].map { name in
            try session.ask(
                .open(path: folder[name], flags: [.write, .truncate], attributes: .init()))
        }
        for id in cuts { #expect(session.replies[id] == nil) }
        session.finishAll()
        for id in cuts { #expect(session.replies[id] != nil) }
        #expect(session.replies[cuts[0] - 1] == .data([bytes("content\n")]))
    }

    @Test func noMoreWaitsThanIsBounded() throws {
        let file = try open("file")
        _ = try session.ask(.read(handle: file, offset: 0, length: 10))
        var count = 0
        while !session.session.work.isFull {
            _ = try session.ask(.write(handle: file, offset: 0, data: [bytes("x")]))
            count += 1
        }
        #expect(count == 256)
        session.finishAll()
        #expect(!session.session.work.isFull)
    }

    /// The results of two sessions on equal trees, one of which carries out everything in order.
    @Test(arguments: 0..<24) func resultsAreThoseOfOneRequestBehindTheOther(seed: UInt64) throws {
        let other = TemporaryDirectory()
        var run = RandomRun(seed: seed, slow: session, folder, serial: try SlowSession(), other)
        run.prepare()
        for _ in 0..<300 { try run.step() }
        run.finish()
        #expect(run.differences == [])
        let list =
            "find . -printf '%P %y %s %m %n %l\\n' | grep -v '^ d' | sed 's/ d [0-9]* / d /' | sort; cat a b d/c 2>&1 || true"
        #expect(folder.shell(list) == other.shell(list))
    }
}
