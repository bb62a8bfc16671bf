// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import Wire

extension SFTPSession {
    /// The most entries in one reply: OpenSSH's number.
    private static let entriesPerReply = 100
    /// No entry is added to a reply that has this many bytes: an entry is far shorter than what is
    /// then left of a packet.
    private static let replyBytes = SFTPLimits.packetBytes / 2

    func opendir(_ path: Bytes) throws(Errno) -> SFTPReply {
        log.log(.info, "opendir \(ServerLog.quoted(path))")
        guard handles.hasRoom else { throw .EMFILE }
        let directory = try files.openDirectory(path)
        return .handle(handles.insert(.directory(OpenDirectory(directory, path: path))))
    }

    func readdir(_ handle: Bytes) throws(Errno) -> SFTPReply {
        guard case .directory(let directory)? = handles[handle] else { return .invalidHandle }
        log.log(.debug1, "readdir \(ServerLog.quoted(directory.path))")
        let path = directory.path
        let entries = try directory.withDirectory { directory throws(Errno) in
            try nextEntries(of: directory, at: path)
        }
        return entries.isEmpty ? .eof : .name(entries)
    }

    private func nextEntries(
        of directory: borrowing DirectoryStream, at path: Bytes
    ) throws(Errno) -> [NameEntry] {
        let longName = LongName(accounts: accounts, now: LocalTime.secondsSince1970)
        var entries: [NameEntry] = []
        var byteCount = 0
        while entries.count < Self.entriesPerReply, byteCount < Self.replyBytes,
            let name = try directory.next()
        {
            // What has gone meanwhile is left out.
            guard let status = try? status(of: name, in: directory, at: path) else { continue }
            let line = longName.line(name: name, status: status)
            entries.append(
                NameEntry(
                    filename: name, longname: line[...],
                    attributes: status.attributes(isExact: isExact)))
            byteCount += name.count + line.count
        }
        return entries
    }

    /// What is known of an entry; of `..` what a confined tree has in its place.
    private func status(
        of name: Bytes, in directory: borrowing DirectoryStream, at path: Bytes
    ) throws(Errno) -> FileStatus {
        guard files.isConfined, name.elementsEqual("..".utf8) else {
            return try directory.status(of: name)
        }
        return try files.status(of: path + Array("/..".utf8), followingLink: true)
    }

    func mkdir(_ path: Bytes, _ attributes: FileAttributes) throws(Errno) -> SFTPReply {
        let permissions = configuration.policy.modes.ofDirectory(
            asked: attributes.permissions.map { $0 & LocalFiles.permissionBits } ?? 0o777)
        log.log(.info, "mkdir name \(ServerLog.quoted(path)) mode \(permissions.octal)")
        try creating { () throws(Errno) in
            try files.makeDirectory(path, permissions: permissions)
        }
        return .ok
    }

    func rmdir(_ path: Bytes) throws(Errno) -> SFTPReply {
        log.log(.info, "rmdir name \(ServerLog.quoted(path))")
        try files.removeDirectory(path)
        return .ok
    }
}
