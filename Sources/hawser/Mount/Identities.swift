// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalFiles
import MountOptions
import RemoteFS
import SFTPClient
import SFTPProtocol

/// Finds out which users and groups stand for those of the server (`idmap`).
struct Identities {
    let options: MountOptions
    let client: SFTPClient
    let loop: EpollLoop

    /// The most bytes of a file with users or groups: more than any passwd(5) has.
    private static let fileBytes = 16 << 20

    /// - Throws: an error whose description is one line for the user.
    func map() async throws -> IdentityMap {
        var map = IdentityMap()
        switch options.ownership.mapping {
        case .none: break
        case .all:
            map.users = .everyone(getuid())
            map.groups = .everyone(getgid())
        case .user:
            guard let owner = try await loginDirectory().owner else {
                throw ConnectionProblem(
                    options.source, "the server does not say whose the login directory is")
            }
            map.users = .table(
                IdentityTable([(remote: owner.uid, local: getuid())], keepsUnmapped: true))
            map.groups = .table(
                IdentityTable([(remote: owner.gid, local: getgid())], keepsUnmapped: true))
        case .file:
            let (userFile, groupFile) = (options.ownership.userFile, options.ownership.groupFile)
            if userFile == nil, groupFile == nil { return try namesOfServer() }
            if let userFile {
                map.users = try await table(userFile, "uidfile", LocalNumbers.ofUser)
            }
            if let groupFile {
                map.groups = try await table(groupFile, "gidfile", LocalNumbers.ofGroup)
            }
        }
        return map
    }

    private func loginDirectory() async throws -> FileAttributes {
        do {
            return try await client.stat([UInt8(ascii: ".")])
        } catch {
            throw ConnectionProblem(options.source, "the login directory: \(error)")
        }
    }

    private func namesOfServer() throws -> IdentityMap {
        guard client.extensions.contains(.usersGroupsByID) else {
            throw ConnectionProblem(
                options.source,
                "the server does not tell names of users: idmap=file needs a uidfile or gidfile")
        }
        var map = IdentityMap()
        let keepsUnmapped = options.ownership.keepsUnmapped
        map.users = .names(keepsUnmapped: keepsUnmapped, local: LocalNumbers.ofUser)
        map.groups = .names(keepsUnmapped: keepsUnmapped, local: LocalNumbers.ofGroup)
        return map
    }

    private func table(
        _ path: String, _ option: String, _ find: @escaping @Sendable (String) -> UInt32?
    ) async throws -> IdentityMapping {
        let keepsUnmapped = options.ownership.keepsUnmapped
        return try await loop.offload {
            let file = try IdentityFile(parsing: Self.read(path, option), option: option)
            // Names that nobody has here stand for nothing: a server has many such users.
            let pairs = file.entries.compactMap { entry in
                find(entry.name).map { (remote: entry.number, local: $0) }
            }
            return .table(IdentityTable(pairs, keepsUnmapped: keepsUnmapped))
        }
    }

    /// Reads a file that decides whose files are whose: it must be ours alone to write.
    private static func read(_ path: String, _ option: String) throws -> String {
        func problem(_ reason: String) -> CommandProblem {
            CommandProblem("option \"\(option)\": \(path): \(reason)")
        }
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { throw problem(SystemError.last(path).reason) }
        let descriptor = FileDescriptor(owning: number)
        var status = stat()
        guard unsafe fstat(descriptor.rawValue, &status) == 0 else {
            throw problem(SystemError.last(path).reason)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw problem("not a regular file") }
        guard status.st_uid == geteuid() else { throw problem("belongs to somebody else") }
        guard status.st_mode & 0o022 == 0 else { throw problem("others may write to it") }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while text.count <= fileBytes {
            let count = unsafe Glibc.read(descriptor.rawValue, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw problem(SystemError.last(path).reason) }
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text.append(contentsOf: buffer[..<count])
        }
        throw problem("too long")
    }
}

/// The numbers of users and groups of this machine, by name; blocks.
private enum LocalNumbers {
    @Sendable static func ofUser(_ name: String) -> UInt32? {
        Accounts.number(ofUser: Array(name.utf8)[...])
    }

    @Sendable static func ofGroup(_ name: String) -> UInt32? {
        Accounts.number(ofGroup: Array(name.utf8)[...])
    }
}
