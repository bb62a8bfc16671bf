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
        let directory = try LocalDirectory(opening: path)
        return .handle(handles.insert(.directory(OpenDirectory(directory, path: path))))
    }

    func readdir(_ handle: Bytes) throws(Errno) -> SFTPReply {
        guard case .directory(let directory)? = handles[handle] else { return .invalidHandle }
        log.log(.debug1, "readdir \(ServerLog.quoted(directory.path))")
        let entries = try directory.withDirectory { directory throws(Errno) in
            try nextEntries(of: directory)
        }
        return entries.isEmpty ? .eof : .name(entries)
    }

    private func nextEntries(of directory: borrowing LocalDirectory) throws(Errno) -> [NameEntry] {
        let longName = LongName(accounts: accounts, now: LocalTime.secondsSince1970)
        var entries: [NameEntry] = []
        var byteCount = 0
        while entries.count < Self.entriesPerReply, byteCount < Self.replyBytes,
            let name = try directory.next()
        {
            // What has gone meanwhile is left out.
            guard let status = try? directory.status(of: name) else { continue }
            let line = longName.line(name: name, status: status)
            entries.append(
                NameEntry(
                    filename: name, longname: line[...],
                    attributes: status.attributes(isExact: isExact)))
            byteCount += name.count + line.count
        }
        return entries
    }

    func mkdir(_ path: Bytes, _ attributes: FileAttributes) throws(Errno) -> SFTPReply {
        let permissions = attributes.permissions.map { $0 & LocalFiles.permissionBits } ?? 0o777
        log.log(.info, "mkdir name \(ServerLog.quoted(path)) mode \(permissions.octal)")
        try LocalFiles.makeDirectory(path, permissions: permissions)
        return .ok
    }

    func rmdir(_ path: Bytes) throws(Errno) -> SFTPReply {
        log.log(.info, "rmdir name \(ServerLog.quoted(path))")
        try LocalFiles.removeDirectory(path)
        return .ok
    }
}
