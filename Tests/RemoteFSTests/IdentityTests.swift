// SPDX-License-Identifier: Apache-2.0

import SFTPClient
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import RemoteFS

/// Owners and groups of the server, as they are shown and sent.
@Suite struct IdentityTests {
    /// A server whose one file belongs to user 7 and group 8, and that knows names of users.
    static let answer: FakeServer.Answer = { request in
        switch request {
        case .lstat, .stat:
            return .attributes(
                FileAttributes(
                    size: 1, owner: .init(uid: 7, gid: 8), permissions: 0o104640,
                    times: .init(atime: 1, mtime: 1)))
        case .setstat: return ok
        case .usersGroupsByID(let uids, let gids):
            return UserGroupNames(
                users: uids.map { $0 == 7 ? bytes("me")[...] : [] },
                groups: gids.map { $0 == 8 ? bytes("us")[...] : [] }
            ).reply
        default: return failure
        }
    }

    private func withFile(
        _ configure: @escaping @Sendable (inout RemoteFSOptions) -> Void,
        _ body: @escaping @Sendable (RemoteFS, FakeServer, Entry) async throws -> Void
    ) throws {
        try simulate(
            extensions: [.usersGroupsByID], answer: Self.answer, configure: configure
        ) { fileSystem, server in
            guard case .found(let entry) = try await fileSystem.lookup(bytes("f"), in: rootInode)
            else {
                Issue.record("not found")
                return
            }
            try await body(fileSystem, server, entry)
        }
    }

    @Test func numbersAreShownAsTheyAre() throws {
        try withFile { _ in
        } _: { fileSystem, _, entry in
            let status = try await fileSystem.shown(entry).status
            #expect((status.uid, status.gid) == (7, 8))
        }
    }

    @Test func tableTranslatesBothWays() throws {
        try withFile {
            $0.identities.users = .table(IdentityTable([(7, 1000)], keepsUnmapped: true))
            $0.identities.groups = .table(IdentityTable([(8, 1001)], keepsUnmapped: false))
        } _: { fileSystem, server, entry in
            let status = try await fileSystem.shown(entry).status
            #expect((status.uid, status.gid) == (1000, 1001))
            var changes = AttributeChanges()
            changes.uid = 1000
            changes.gid = 1001
            let sent = try await fileSystem.sent(changes)
            #expect((sent.uid, sent.gid) == (7, 8))
            _ = try await fileSystem.setattr(entry.status.inode, sent, handle: nil)
            #expect(
                await server.requests.contains {
                    if case .setstat(_, let attributes) = $0 {
                        return attributes.owner == .init(uid: 7, gid: 8)
                    }
                    return false
                })
            changes.uid = 55
            #expect(try await fileSystem.sent(changes).uid == 55)
            changes.gid = 55
            #expect(
                await fails(.EPERM) { () async throws(Errno) in try await fileSystem.sent(changes) }
            )
        }
    }

    @Test func whoIsInNoPairIsAnErrorIfNobodyStandsForThem() throws {
        try withFile {
            $0.identities.users = .table(IdentityTable([(1, 1)], keepsUnmapped: false))
        } _: { fileSystem, _, entry in
            #expect(
                await fails(.EPERM) { () async throws(Errno) in try await fileSystem.shown(entry) })
            let listed = ListedEntry(
                name: bytes("f"), nextOffset: 1, number: entry.status.number, entry: entry)
            let shown = try await fileSystem.shown([listed])
            #expect(shown.map(\.entry) == [nil])
        }
    }

    @Test func everythingIsOneUsers() throws {
        try withFile {
            $0.identities.users = .everyone(1000)
            $0.identities.groups = .everyone(1001)
        } _: { fileSystem, _, entry in
            let status = try await fileSystem.shown(entry).status
            #expect((status.uid, status.gid) == (1000, 1001))
            var changes = AttributeChanges()
            changes.uid = 1000
            changes.gid = 1001
            #expect(try await fileSystem.sent(changes).isEmpty)
            changes.uid = 0
            #expect(
                await fails(.EPERM) { () async throws(Errno) in try await fileSystem.sent(changes) }
            )
        }
    }

    @Test func namesAreAskedForOnceAndTranslatedBothWays() throws {
        try withFile {
            let locals: [String: UInt32] = ["me": 1000, "us": 1001]
            $0.identities.users = .names(keepsUnmapped: false) { locals[$0] }
            $0.identities.groups = .names(keepsUnmapped: false) { locals[$0] }
        } _: { fileSystem, server, entry in
            for _ in 1...2 {
                let status = try await fileSystem.shown(entry).status
                #expect((status.uid, status.gid) == (1000, 1001))
            }
            let asked = await server.requests.filter {
                if case .usersGroupsByID = $0 { true } else { false }
            }
            #expect(asked.count == 1)
            var changes = AttributeChanges()
            changes.uid = 1000
            #expect(try await fileSystem.sent(changes).uid == 7)
            var stranger = entry
            stranger.status.uid = 9
            let unknown = stranger
            #expect(
                await fails(.EPERM) { () async throws(Errno) in try await fileSystem.shown(unknown)
                })
        }
    }

    @Test func ownersThatTheOptionsNameComeFirst() throws {
        try withFile {
            $0.userID = 3
            $0.identities.users = .table(IdentityTable(keepsUnmapped: false))
        } _: { fileSystem, _, entry in
            let shown = try await fileSystem.shown(entry)
            #expect(shown.status.uid == 3)
        }
    }

    @Test func umaskSaysWhichPermissionsAreShown() throws {
        try withFile {
            $0.umask = 0o027
        } _: { _, _, entry in
            // As libfuse does it for sshfs: all permissions but those, whatever the server says.
            #expect(entry.status.mode == 0o100750)
        }
    }
}
