// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import Wire

extension SFTPSession {
    func remove(_ path: Bytes) throws(Errno) -> SFTPReply {
        log.log(.info, "remove name \(ServerLog.quoted(path))")
        try files.remove(path)
        return .ok
    }

    func rename(_ oldPath: Bytes, to newPath: Bytes) throws(Errno) -> SFTPReply {
        log.log(.info, twoPaths("rename", oldPath, newPath))
        try files.rename(oldPath, to: newPath)
        return .ok
    }

    func posixRename(_ oldPath: Bytes, to newPath: Bytes) throws(Errno) -> SFTPReply {
        log.log(.info, twoPaths("posix-rename", oldPath, newPath))
        try files.rename(oldPath, replacing: newPath)
        return .ok
    }

    func hardlink(_ oldPath: Bytes, to newPath: Bytes) throws(Errno) -> SFTPReply {
        log.log(.info, twoPaths("hardlink", oldPath, newPath))
        try creating { () throws(Errno) in try files.link(oldPath, to: newPath) }
        return .ok
    }

    func symlink(_ path: Bytes, to target: Bytes) throws(Errno) -> SFTPReply {
        log.log(.info, twoPaths("symlink", target, path))
        try creating { () throws(Errno) in try files.makeSymbolicLink(path, to: target) }
        return .ok
    }

    private func twoPaths(_ operation: String, _ oldPath: Bytes, _ newPath: Bytes) -> String {
        "\(operation) old \(ServerLog.quoted(oldPath)) new \(ServerLog.quoted(newPath))"
    }

    func readlink(_ path: Bytes) throws(Errno) -> SFTPReply {
        log.log(.verbose, "readlink \(ServerLog.quoted(path))")
        return .name([NameEntry(path: try files.target(ofLink: path))])
    }

    func realpath(_ path: Bytes) throws(Errno) -> SFTPReply {
        let path = path.isEmpty ? [UInt8(ascii: ".")] : path
        log.log(.verbose, "realpath \(ServerLog.quoted(path))")
        return .name([NameEntry(path: try files.canonicalPath(of: path))])
    }

    func expandPath(_ path: Bytes) throws(Errno) -> SFTPReply {
        guard let expanded = try expandTilde(path) else {
            return .status(SFTPStatus(.noSuchFile, message: "no such user"))
        }
        log.log(.verbose, "expand \(ServerLog.quoted(expanded))")
        return .name([NameEntry(path: try files.canonicalPath(of: expanded))])
    }

    /// A path with `~` or `~user` at its start replaced; `nil` if there is no such user.
    ///
    /// The user's own home is the working directory, which sshd or `-d` has set.
    private func expandTilde(_ path: Bytes) throws(Errno) -> Bytes? {
        guard path.first == UInt8(ascii: "~") else { return path }
        let user = path.dropFirst().prefix { $0 != UInt8(ascii: "/") }
        let rest = path.dropFirst(1 + user.count)
        if user.isEmpty { return try files.workingDirectory() + rest }
        return home(of: user).map { $0 + rest }
    }

    func homeDirectory(of user: Bytes) throws(Errno) -> SFTPReply {
        let name = user.isEmpty ? configuration.userName : user
        log.log(.verbose, "home-directory \(ServerLog.quoted(name))")
        guard let home = home(of: name) else {
            return .status(SFTPStatus(.failure, message: "no such user"))
        }
        return .name([NameEntry(path: home)])
    }

    /// A user's home directory; in a confined tree there is one user, whose home is all of it.
    private func home(of user: Bytes) -> Bytes? {
        if !files.isConfined { return Accounts.user(named: user)?.home }
        return user == configuration.userName ? [UInt8(ascii: "/")] : nil
    }

    func names(uids: [UInt32], gids: [UInt32]) -> SFTPReply {
        log.log(.debug1, "users-groups-by-id for \(uids.count) users and \(gids.count) groups")
        let names = UserGroupNames(
            users: uids.map { accounts.userName($0) ?? [] },
            groups: gids.map { accounts.groupName($0) ?? [] })
        // Names can be longer than the numbers that ask for them.
        guard names.byteCount <= SFTPLimits.packetBytes - SFTPLimits.minimumPacketBytes else {
            return .status(SFTPStatus(.failure, message: "Too many names for a reply"))
        }
        return names.reply
    }
}
