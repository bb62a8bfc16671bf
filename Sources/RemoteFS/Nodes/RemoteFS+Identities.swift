// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
public import SFTPProtocol
import Wire

extension RemoteFS {
    // MARK: To the kernel

    /// A status with the owner and group that stand for the server's here.
    ///
    /// - Throws: `EPERM` where nobody does.
    public func shown(_ status: FileStatus) async throws(Errno) -> FileStatus {
        guard mapsIdentities else { return status }
        try await learnIdentities(of: [status])
        return try translated(status)
    }

    /// An entry, likewise.
    ///
    /// - Throws: `EPERM`; the entry is still looked up then.
    public func shown(_ entry: Entry) async throws(Errno) -> Entry {
        guard mapsIdentities else { return entry }
        var entry = entry
        entry.status = try await shown(entry.status)
        return entry
    }

    /// A part of a directory, likewise: of files that belong to nobody here only the name is left.
    ///
    /// - Throws: why the server told no names; no entry is looked up then.
    public func shown(_ entries: [ListedEntry]) async throws(Errno) -> [ListedEntry] {
        guard mapsIdentities else { return entries }
        do throws(Errno) {
            try await learnIdentities(of: entries.compactMap(\.entry?.status))
        } catch {
            for inode in entries.compactMap(\.entry?.status.inode) { forget(inode, count: 1) }
            throw error
        }
        return entries.map { listed in
            var listed = listed
            guard let entry = listed.entry else { return listed }
            do throws(Errno) {
                listed.entry?.status = try translated(entry.status)
            } catch {
                forget(entry.status.inode, count: 1)
                listed.entry = nil
            }
            return listed
        }
    }

    private var mapsIdentities: Bool { mapsUsers || mapsGroups }
    private var mapsUsers: Bool { !options.identities.users.isIdentity && options.userID == nil }
    private var mapsGroups: Bool { !options.identities.groups.isIdentity && options.groupID == nil }

    private func translated(_ status: FileStatus) throws(Errno) -> FileStatus {
        var status = status
        if mapsUsers {
            status.uid = try local(status.uid, by: options.identities.users, learntUsers)
        }
        if mapsGroups {
            status.gid = try local(status.gid, by: options.identities.groups, learntGroups)
        }
        return status
    }

    private func local(
        _ remote: UInt32, by mapping: IdentityMapping, _ learnt: LearntIdentities?
    ) throws(Errno) -> UInt32 {
        let found: UInt32? =
            switch mapping {
            case .numbers: remote
            case .table(let table): table.local(remote)
            case .names: learnt?.table.local(remote)
            case .everyone(let local): local
            }
        guard let found else { throw .EPERM }
        return found
    }

    // MARK: From the kernel

    /// Changes with the server's numbers in place of ours.
    ///
    /// - Throws: `EPERM` where the server has nobody who stands for them.
    public func sent(_ changes: AttributeChanges) throws(Errno) -> AttributeChanges {
        var changes = changes
        changes.uid = try remote(changes.uid, by: options.identities.users, learntUsers)
        changes.gid = try remote(changes.gid, by: options.identities.groups, learntGroups)
        return changes
    }

    private func remote(
        _ local: UInt32?, by mapping: IdentityMapping, _ learnt: LearntIdentities?
    ) throws(Errno) -> UInt32? {
        guard let local else { return nil }
        let found: UInt32?
        switch mapping {
        case .numbers: found = local
        case .table(let table): found = table.remote(local)
        case .names(let keepsUnmapped, _):
            found = learnt?.table.remote(local) ?? (keepsUnmapped ? local : nil)
        case .everyone(let everyone):
            // It is theirs already, whoever it is on the server.
            if local == everyone { return nil }
            found = nil
        }
        guard let found else { throw .EPERM }
        return found
    }

    // MARK: Names

    /// Asks for the names of owners that are mapped by name and have not been seen.
    private func learnIdentities(of statuses: [FileStatus]) async throws(Errno) {
        var users: [UInt32] = []
        var groups: [UInt32] = []
        if mapsUsers, case .names(let keepsUnmapped, _) = options.identities.users {
            let learnt = learntUsers ?? LearntIdentities(keepsUnmapped: keepsUnmapped)
            learntUsers = learnt
            users = Set(statuses.map(\.uid)).filter { !learnt.isKnown($0) }.sorted()
        }
        if mapsGroups, case .names(let keepsUnmapped, _) = options.identities.groups {
            let learnt = learntGroups ?? LearntIdentities(keepsUnmapped: keepsUnmapped)
            learntGroups = learnt
            groups = Set(statuses.map(\.gid)).filter { !learnt.isKnown($0) }.sorted()
        }
        while !users.isEmpty || !groups.isEmpty {
            let someUsers = Array(users.prefix(ClientLimits.idsPerRequest))
            let room = ClientLimits.idsPerRequest - someUsers.count
            let someGroups = Array(groups.prefix(room))
            try await again { () async throws(Errno) in
                try await learn(users: someUsers, groups: someGroups)
            }
            users.removeFirst(someUsers.count)
            groups.removeFirst(someGroups.count)
        }
    }

    private func learn(users: [UInt32], groups: [UInt32]) async throws(Errno) {
        let names: UserGroupNames
        do {
            names = try await client.usersGroupsByID(uids: users, gids: groups)
        } catch {
            throw error.fileErrno
        }
        let localUsers = await find(names.users, by: options.identities.users)
        let localGroups = await find(names.groups, by: options.identities.groups)
        for (remote, local) in zip(users, localUsers) { learntUsers?.learn(remote, local: local) }
        for (remote, local) in zip(groups, localGroups) {
            learntGroups?.learn(remote, local: local)
        }
    }

    /// Our numbers for names; nil for an empty name too, which the server has for what it doesn't know.
    private func find(_ names: [Bytes], by mapping: IdentityMapping) async -> [UInt32?] {
        guard case .names(_, let local) = mapping else { return names.map { _ in nil } }
        let texts = names.map { String(decoding: $0, as: UTF8.self) }
        let found = try? await loop.offload { texts.map { $0.isEmpty ? nil : local($0) } }
        return found ?? names.map { _ in nil }
    }
}
