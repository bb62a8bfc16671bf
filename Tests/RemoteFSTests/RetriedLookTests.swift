// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Testing

@testable import RemoteFS

/// Looks that the kernel takes once more, since the name led to something else.
@Suite struct RetriedLookTests {
    private static let caller: CallerID = 7

    private static let directory = SFTPReply.attributes(
        FileAttributes(permissions: 0o040755, times: .init(atime: 1, mtime: 1)))

    /// A server on which a name always leads to this.
    private static func server(with attributes: SFTPReply) -> FakeServer.Answer {
        { request in
            if case .lstat = request { attributes } else { ok }
        }
    }

    private func lookUp(_ fileSystem: RemoteFS, by caller: CallerID) async throws -> InodeNumber {
        guard
            case .found(let entry) = try await fileSystem.lookup(
                bytes("file"), in: rootInode, by: caller)
        else { throw Errno.ENOENT }
        return entry.status.inode
    }

    private func isStale(_ inode: InodeNumber, _ fileSystem: RemoteFS, by caller: CallerID) async
        -> Bool
    {
        // What the lookup told is old.
        try? await fileSystem.loop.sleep(for: .seconds(3))
        return await fails(.ESTALE) { () async throws(Errno) in
            try await fileSystem.getattr(inode, handle: nil, by: caller)
        }
    }

    /// A file, a directory and a file have one name, one after the other.
    private func replaceTwice(
        lookUpBy second: CallerID = caller,
        body: @escaping @Sendable (RemoteFS, InodeNumber) async throws -> Void
    ) throws {
        try simulate(
            answer: Self.server(with: file(size: 10)),
            configure: {
                $0.attributeValidity = .seconds(1)
                $0.cache.attributeTimeout = .seconds(1)
            }
        ) { fileSystem, server in
            let first = try await lookUp(fileSystem, by: Self.caller)
            try await server.answer(Self.server(with: Self.directory))
            #expect(await isStale(first, fileSystem, by: Self.caller))
            let inode = try await lookUp(fileSystem, by: second)
            #expect(inode != first)
            try await server.answer(Self.server(with: file(size: 20)))
            try await body(fileSystem, inode)
        }
    }

    @Test func tellsWhatTheSecondLookupHasFound() throws {
        try replaceTwice { fileSystem, inode in
            try await fileSystem.loop.sleep(for: .seconds(3))
            let (status, validity) = try await fileSystem.getattr(
                inode, handle: nil, by: Self.caller)
            #expect(status.kind == .directory)
            #expect(validity == .zero)
            // Once only: the next one is told by a lookup.
            #expect(await isStale(inode, fileSystem, by: Self.caller))
        }
    }

    @Test(arguments: [0, 8] as [CallerID])
    func tellsNobodyElse(caller: CallerID) throws {
        try replaceTwice { fileSystem, inode in
            #expect(await isStale(inode, fileSystem, by: caller))
        }
    }

    @Test func tellsOnlyOfWhatWasLookedUpForIt() throws {
        try replaceTwice(lookUpBy: 8) { fileSystem, inode in
            #expect(await isStale(inode, fileSystem, by: Self.caller))
        }
    }
}
