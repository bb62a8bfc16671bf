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

/// Copies that end early, and those that go on with what they have left.
@Suite struct ResumeTests {
    private static let size = 1 << 20

    /// Without a repetition that would hide a shift.
    private func makeContent() -> String {
        var state: UInt32 = 1
        return String(
            decoding: (0..<Self.size).map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return UInt8(ascii: "a") + UInt8(state >> 24) % 26
            }, as: UTF8.self)
    }

    /// Copies until so much is there that a part is worth keeping, and no further.
    private func copyBeginning(
        of source: CopyOperand, to target: CopyOperand, loop: EpollLoop
    ) async throws -> CopyProgress {
        var options = CopyOptions(random: { UInt32.random(in: 0...(.max)) })
        options.chunkBytes = 32 << 10
        // It can't be done before it is stopped.
        options.bytesPerSecond = 2 << 20
        let engine = CopyEngine(options: options, observer: Witness(), loop: loop)
        loop.spawn {
            while await engine.progress.bytesDone < 400 << 10 {
                try? await loop.sleep(for: .milliseconds(5))
            }
            await engine.stop()
        }
        await engine.copy([source], to: target)
        return await engine.progress
    }

    private func change(_ path: String, at offset: UInt64, to text: String) throws {
        let file = try LocalFile(opening: path.bytes, flags: .write, permissions: 0)
        try file.write([text.bytes], at: offset)
        try file.close()
    }

    private func setTime(_ path: String, _ seconds: Int64) throws {
        let time = TimeChanges.Change.at(FileTime(seconds: seconds))
        try LocalFiles.setTimes(
            of: path.bytes, to: TimeChanges(atime: time, mtime: time), followingLink: true)
    }

    @Test func goesOnWithAPartThatIsABeginningOfTheSource() throws {
        let text = makeContent()
        try withServedDirectory { local, remote, path, loop in
            for (number, stores) in [
                (local as any FileStore, remote as any FileStore), (remote, local),
            ].enumerated() {
                let source = "\(path)/source\(number)"
                let target = "\(path)/target\(number)"
                try write(text, to: source, permissions: 0o444)
                try LocalFiles.makeDirectory(target.bytes, permissions: 0o755)
                let from = CopyOperand(store: stores.0, path: source.bytes)
                let to = CopyOperand(store: stores.1, path: "\(target)/file".bytes)
                let begun = try await copyBeginning(of: from, to: to, loop: loop)
                #expect(begun.partsLeft == 1)
                #expect(begun.problems == 0)
                let parts = try names(in: target)
                #expect(parts.count == 1 && parts[0].hasSuffix(".hawser-part"), "\(parts)")
                // Where it is not looked at, this shows that it was not written again.
                _ = unsafe chmod("\(target)/\(parts[0])", 0o644)
                try change("\(target)/\(parts[0])", at: 0, to: "!")
                _ = unsafe chmod("\(target)/\(parts[0])", 0o444)
                let outcome = await copy([from], to: to, loop: loop) {
                    $0.resumes = true
                    $0.doubtfulBytes = 0
                }
                #expect(outcome.said == [])
                #expect(outcome.progress.bytesDone == Self.size)
                #expect(try content(of: "\(target)/file") == "!" + text.dropFirst())
                #expect(try names(in: target) == ["file"])
            }
        }
    }

    @Test func beginsAnewWhereAPartDoesNotEndAsTheSource() throws {
        let text = makeContent()
        try withServedDirectory { local, remote, path, loop in
            try write(text, to: "\(path)/source")
            try LocalFiles.makeDirectory("\(path)/t".bytes, permissions: 0o755)
            let from = CopyOperand(store: local, path: "\(path)/source".bytes)
            let to = CopyOperand(store: remote, path: "\(path)/t/file".bytes)
            _ = try await copyBeginning(of: from, to: to, loop: loop)
            let part = "\(path)/t/\(try #require(try names(in: "\(path)/t").first))"
            let size = try LocalFiles.status(of: part.bytes, followingLink: false).size
            try change(part, at: 0, to: "!")
            try change(part, at: size - 1, to: "!")
            let outcome = await copy([from], to: to, loop: loop) { $0.resumes = true }
            #expect(outcome.said == [])
            #expect(try content(of: "\(path)/t/file") == text)
            #expect(try names(in: "\(path)/t") == ["file"])
        }
    }

    /// What was sent over several channels, or to a server that does several things at a time, can have
    /// arrived without what was sent before it.
    @Test func whatIsMissingInAPartIsWritten() throws {
        let text = makeContent()
        try withServedDirectory { local, remote, path, loop in
            for doubtfulBytes in [64 << 10, 16 << 20] {
                try write(text, to: "\(path)/source")
                try LocalFiles.makeDirectory("\(path)/t\(doubtfulBytes)".bytes, permissions: 0o755)
                let from = CopyOperand(store: local, path: "\(path)/source".bytes)
                let target = "\(path)/t\(doubtfulBytes)"
                let to = CopyOperand(store: remote, path: "\(target)/file".bytes)
                _ = try await copyBeginning(of: from, to: to, loop: loop)
                let part = "\(target)/\(try #require(try names(in: target).first))"
                let size = try LocalFiles.status(of: part.bytes, followingLink: false).size
                let zeros = String(repeating: "\0", count: 1000)
                try change(part, at: size - (64 << 10), to: zeros)
                let outcome = await copy([from], to: to, loop: loop) {
                    $0.resumes = true
                    $0.doubtfulBytes = doubtfulBytes
                }
                #expect(outcome.said == [])
                #expect(try content(of: "\(target)/file") == text)
            }
        }
    }

    @Test func aPartOfASourceThatHasChangedIsNotUsed() throws {
        let text = makeContent()
        try withServedDirectory { local, remote, path, loop in
            try write(text, to: "\(path)/source")
            try setTime("\(path)/source", 1_000_000_000)
            try LocalFiles.makeDirectory("\(path)/t".bytes, permissions: 0o755)
            let from = CopyOperand(store: local, path: "\(path)/source".bytes)
            let to = CopyOperand(store: remote, path: "\(path)/t/file".bytes)
            _ = try await copyBeginning(of: from, to: to, loop: loop)
            // The end of what was copied stays as it was.
            try change("\(path)/source", at: 5, to: "!")
            try setTime("\(path)/source", 1_000_000_001)
            let outcome = await copy([from], to: to, loop: loop) { $0.resumes = true }
            #expect(outcome.said == [])
            #expect(try content(of: "\(path)/t/file") == text.prefix(5) + "!" + text.dropFirst(6))
        }
    }

    @Test func aPartThatIsThereIsLeftAloneByWhoDoesNotGoOn() throws {
        let text = makeContent()
        try withServedDirectory { local, remote, path, loop in
            try write(text, to: "\(path)/source")
            try LocalFiles.makeDirectory("\(path)/t".bytes, permissions: 0o755)
            let from = CopyOperand(store: local, path: "\(path)/source".bytes)
            let to = CopyOperand(store: remote, path: "\(path)/t/file".bytes)
            _ = try await copyBeginning(of: from, to: to, loop: loop)
            let outcome = await copy([from], to: to, loop: loop)
            #expect(outcome.progress.partsLeft == 1)
            #expect(try content(of: "\(path)/t/file") == text)
            #expect(try names(in: "\(path)/t").count == 2)
        }
    }

    @Test func whatIsWrittenInItsPlaceIsComparedFromTheBeginning() throws {
        try withServedDirectory { local, remote, path, loop in
            try write("the new text, all of it", to: "\(path)/source")
            for (number, store) in [local as any FileStore, remote].enumerated() {
                let folder = "\(path)/\(number)"
                try LocalFiles.makeDirectory(folder.bytes, permissions: 0o755)
                // As half of a copy over an older text would leave it: with the same end.
                try write("the old text, all of it", to: "\(folder)/source")
                try LocalFiles.link("\(folder)/source".bytes, to: "\(folder)/second".bytes)
                let outcome = await copy(
                    [CopyOperand(store: remote, path: "\(path)/source".bytes)],
                    to: CopyOperand(store: store, path: folder.bytes), loop: loop
                ) { $0.resumes = true }
                #expect(outcome.said.count == 1)
                #expect(outcome.said.first?.contains("written in its place; 4 bytes") == true)
                #expect(try content(of: "\(folder)/second") == "the new text, all of it")
            }
        }
    }

    @Test func copiesOnlyWhatIsMissing() throws {
        try withServedDirectory { local, remote, path, loop in
            try LocalFiles.makeDirectory("\(path)/tree".bytes, permissions: 0o755)
            for number in 0..<20 { try write("\(number)", to: "\(path)/tree/\(number)") }
            let from = CopyOperand(store: local, path: "\(path)/tree/.".bytes)
            let to = CopyOperand(store: remote, path: "\(path)/copy".bytes)
            var outcome = await copy([from], to: to, loop: loop) { $0.isRecursive = true }
            #expect(outcome.progress.filesDone == 20)
            try LocalFiles.remove("\(path)/copy/7".bytes)
            // Of the same size, but older than its source.
            try write("x", to: "\(path)/copy/8")
            try setTime("\(path)/copy/8", 1_000_000_000)
            outcome = await copy([from], to: to, loop: loop) {
                $0.isRecursive = true
                $0.resumes = true
            }
            #expect(outcome.said == [])
            #expect(outcome.progress.filesDone == 2)
            #expect(outcome.progress.filesSkipped == 18)
            #expect(try content(of: "\(path)/copy/7") == "7")
            #expect(try content(of: "\(path)/copy/8") == "8")
            #expect(try names(in: "\(path)/copy").count == 20)
        }
    }

    @Test func leavesAloneWhatHasTheContentOfTheSource() throws {
        try withServedDirectory { local, remote, path, loop in
            try write("source", to: "\(path)/source")
            for (text, skipped) in [("source", 1), ("target", 0)] {
                try write(text, to: "\(path)/target")
                let outcome = await copy(
                    [CopyOperand(store: remote, path: "\(path)/source".bytes)],
                    to: CopyOperand(store: local, path: "\(path)/target".bytes), loop: loop
                ) { $0.skipping = .sameContent }
                #expect(outcome.said == [])
                #expect(outcome.progress.filesSkipped == skipped)
                #expect(try content(of: "\(path)/target") == "source")
            }
        }
    }
}
