// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import Wire

extension SFTPSession {
    func stat(_ path: Bytes, followingLink: Bool) throws(Errno) -> SFTPReply {
        log.log(.verbose, "\(followingLink ? "" : "l")stat name \(ServerLog.quoted(path))")
        return .attributes(
            try files.status(of: path, followingLink: followingLink)
                .attributes(isExact: isExact))
    }

    func fstat(_ handle: Bytes) throws(Errno) -> SFTPReply {
        guard let file = file(handle) else { return .invalidHandle }
        log.log(.debug1, "fstat \(ServerLog.quoted(file.path))")
        return .attributes(
            try file.withFile { file throws(Errno) in try file.status() }
                .attributes(isExact: isExact))
    }

    func statvfs(_ path: Bytes) throws(Errno) -> SFTPReply {
        log.log(.info, "statvfs \(ServerLog.quoted(path))")
        return try files.fileSystemStatistics(of: path).reply
    }

    func fstatvfs(_ handle: Bytes) throws(Errno) -> SFTPReply {
        guard let file = file(handle) else { return .invalidHandle }
        log.log(.info, "fstatvfs \(ServerLog.quoted(file.path))")
        return try file.withFile { file throws(Errno) in try file.fileSystemStatistics() }.reply
    }

    func setstat(
        _ attributes: FileAttributes, of path: Bytes, followingLink: Bool
    ) throws(Errno) -> SFTPReply {
        // There is no way to cut what a link itself holds: nothing of such a request is done.
        guard followingLink || attributes.size == nil else { throw .EINVAL }
        return try set(attributes, of: path) { change throws(Errno) in
            switch change {
            case .size(let size):
                try files.truncate(path, to: size)
            case .permissions where areModesForced:
                _ = try files.status(of: path, followingLink: followingLink)
            case .permissions(let permissions):
                try files.setPermissions(
                    of: path, to: permissions, followingLink: followingLink)
            case .times(let times):
                try files.setTimes(of: path, to: times, followingLink: followingLink)
            case .owner(let owner):
                try files.setOwner(of: path, to: owner, followingLink: followingLink)
            }
        }
    }

    func fsetstat(_ attributes: FileAttributes, of handle: Bytes) throws(Errno) -> SFTPReply {
        guard let file = file(handle) else { return .invalidHandle }
        return try set(attributes, of: file.path) { change throws(Errno) in
            try file.withFile { file throws(Errno) in
                switch change {
                case .size(let size): try file.truncate(to: size)
                case .permissions where areModesForced: _ = try file.status()
                case .permissions(let permissions): try file.setPermissions(permissions)
                case .times(let times): try file.setTimes(times)
                case .owner(let owner): try file.setOwner(owner)
                }
            }
        }
    }

    /// Whether changes of modes are only said to have been made.
    private var areModesForced: Bool { !configuration.policy.modes.isEmpty }

    /// One thing that SETSTAT and its like change.
    private enum Change {
        case size(UInt64)
        case permissions(UInt32)
        case times(TimeChanges)
        case owner(FileAttributes.Owner)

        /// What is logged behind the name.
        var logText: String {
            switch self {
            case .size(let size): "size \(size)"
            case .permissions(let permissions):
                "mode " + String(permissions, radix: 8).leftPadded(to: 4)
            case .times(let times): "modtime \(Self.text(times.mtime))"
            case .owner(let owner): "owner \(owner.uid) group \(owner.gid)"
            }
        }

        /// A time as YYYYMMDD-HH:MM:SS.
        private static func text(_ change: TimeChanges.Change) -> String {
            let seconds: Int64
            switch change {
            case .omit: return "unchanged"
            case .now: return "now"
            case .at(let time): seconds = time.seconds
            }
            guard let time = LocalTime(secondsSince1970: seconds) else { return "?" }
            let date = [(time.year, 4), (time.month, 2), (time.day, 2)]
            let clock = [(time.hour, 2), (time.minute, 2), (time.second, 2)]
            return date.map { String($0).leftPadded(to: $1) }.joined() + "-"
                + clock.map { String($0).leftPadded(to: $1) }.joined(separator: ":")
        }
    }

    /// Makes all changes, in OpenSSH's order, even where one fails; the last failure is thrown.
    private func set(
        _ attributes: FileAttributes, of name: Bytes,
        apply: (Change) throws(Errno) -> Void
    ) throws(Errno) -> SFTPReply {
        let changes: [Change?] = [
            attributes.size.map(Change.size), attributes.permissions.map(Change.permissions),
            (attributes.timeChanges ?? attributes.times.map { TimeChanges($0) }).map(Change.times),
            attributes.owner.map(Change.owner),
        ]
        var failure: Errno?
        for case let change? in changes {
            log.log(.info, "set \(ServerLog.quoted(name)) \(change.logText)")
            do throws(Errno) { try apply(change) } catch { failure = error }
        }
        if let failure { throw failure }
        return .ok
    }
}

extension String {
    /// The text with zeros in front, up to a width.
    fileprivate func leftPadded(to width: Int) -> String {
        String(repeating: "0", count: max(width - utf8.count, 0)) + self
    }
}
