// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import RemoteFS

/// A name that is moved into a directory while that is being listed.
@Suite struct MovedNameTests {
    /// The root, which has a directory `d` and lists nothing else, whatever is moved there; and `d`, with
    /// a file.
    private func makeAnswer() -> FakeServer.Answer {
        let opened = Counts()
        return { request in
            switch request {
            case .opendir(let path):
                return .handle(path + bytes("#\(opened.next())"))
            case .readdir(let handle):
                guard opened.isFirst(handle) else { return .status(SFTPStatus(.eof)) }
                if handle.starts(with: bytes("/srv/d")) { return names(bytes("a")) }
                guard case .attributes(let attributes) = directory else { return nil }
                return .name([
                    NameEntry(filename: bytes("d")[...], longname: [], attributes: attributes)
                ])
            case .lstat: return file()
            default: return ok
            }
        }
    }

    @Test func isNotLost() throws {
        let answer = makeAnswer()
        try simulate(answer: answer) { options in
            options.cache.attributeTimeout = .seconds(20)
            options.cache.listingTimeout = .seconds(20)
        } body: { fileSystem, server in
            let inode = try #require(try await fileSystem.list(rootInode).last?.number)
            #expect(try await fileSystem.list(inode).last?.name == bytes("a"))
            // By then the root is listed anew, and it isn't the first time that we change something.
            try await fileSystem.unlink(bytes("c"), in: inode)
            try await fileSystem.loop.sleep(for: .seconds(3))
            try await server.answer { request in
                if case .readdir = request { nil } else { answer(request) }
            }
            let reader = try await fileSystem.opendir(rootInode).handle
            try await fileSystem.loop.sleep(for: .seconds(0.1))
            try await fileSystem.rename(
                Rename(
                    oldParent: inode, oldName: bytes("a"), newParent: rootInode,
                    newName: bytes("b"), mayReplace: true))
            try await server.answer(answer)
            var offset: UInt64 = 0
            while let last = try await fileSystem.readdir(
                reader, offset: offset, room: 4096, overhead: 24, attributes: false
            ).last {
                offset = last.nextOffset
            }
            let after = await fileSystem.look { $0[rootInode]?.listing?.entries.map(\.name) }
            #expect(after?.contains(bytes("b")) == true)
            await fileSystem.releasedir(reader)
            let found = try await fileSystem.list(rootInode).map(\.name)
            #expect(found.contains(bytes("b")))
        }
    }
}

/// Which handles have been given out and used.
private final class Counts: Sendable {
    private let opened = Mutex(0)
    private let used = Mutex<Set<Bytes>>([])

    func next() -> Int {
        opened.withLock { count in
            count += 1
            return count
        }
    }

    func isFirst(_ handle: Bytes) -> Bool { used.withLock { $0.insert(handle).inserted } }
}
