// SPDX-License-Identifier: Apache-2.0

import JSON
import LocalFiles
import SFTPProtocol
import Wire

/// A request by the number that its client gave it, and what the log is to tell of it.
struct RequestID {
    let number: UInt32
    /// Nil where requests are not logged as events, or not at all.
    var event: RequestEvent?
}

/// What a log of events tells of one request, once it is answered.
final class RequestEvent {
    private let operation: SFTPOperation
    private let details: [JSON.Member]
    /// What a handle stood for when the request came.
    private let content: OpenHandle?
    private let begin = ContinuousClock.now
    /// The error of the system, where that is why the request failed.
    var errno: Errno?
    /// How many bytes were read or written by this one request.
    var byteCount: UInt64?

    /// - Parameter content: what a handle of the client's stands for.
    init(
        _ request: SFTPRequest, _ operation: SFTPOperation, content: (Bytes) -> OpenHandle?
    ) {
        self.operation = operation
        self.content = request.handle.flatMap(content)
        var details = self.content.map { EventLine.text("path", $0.path) } ?? []
        details += request.details { content($0)?.path }
        self.details = details
        if case .write(_, _, let data) = request {
            byteCount = UInt64(data.reduce(0) { $0 + $1.count })
        }
    }

    /// What the event is called: the request's name.
    var name: String { operation.rawValue }

    /// From which level on it is logged: as the lines for people, where failures matter more than what
    /// is done thousands of times.
    func level(isFailure: Bool) -> LogLevel {
        if isFailure { return .info }
        switch operation {
        case .open, .close, .setstat, .fsetstat, .lsetstat, .opendir, .remove, .mkdir, .rmdir,
            .rename, .posixRename, .symlink, .hardlink, .statvfs, .fstatvfs:
            return .info
        case .stat, .lstat, .readlink, .realpath, .expandPath, .homeDirectory, .fsync:
            return .verbose
        case .read, .write, .fstat, .readdir, .limits, .copyData, .usersGroupsByID: return .debug1
        }
    }

    /// What is told, with the reply's status (`nil` where the reply is none).
    func members(status: StatusCode?) -> [JSON.Member] {
        var members = details
        switch (operation, content) {
        case (.close, .file(let file)?): members += file.members
        case (.read, _): members.append(.init("bytes_read", JSON(byteCount ?? 0)))
        case (.write, _), (.copyData, _):
            let isDone = status == nil || status == .ok || status == .eof
            members.append(.init("bytes_written", JSON(isDone ? byteCount ?? 0 : 0)))
        default: break
        }
        members.append(.init("seconds", EventLine.seconds(since: begin)))
        members.append(.init("result", .string(status.map { "\($0)" } ?? "\(StatusCode.ok)")))
        if let errno {
            members.append(.init("errno", JSON(errno.rawValue)))
            members.append(.init("error", .string("\(errno)")))
        }
        return members
    }
}

extension OpenFile {
    /// What has been done with it.
    fileprivate var members: [JSON.Member] {
        [
            .init("bytes_read", JSON(readCount)), .init("bytes_written", JSON(writtenCount)),
            .init("open_seconds", EventLine.seconds(since: begin)),
        ]
    }
}

extension OpenHandle {
    /// What is told where the session's end closes it.
    var closingMembers: [JSON.Member] {
        let path = EventLine.text("path", path)
        if case .file(let file) = self { return path + file.members }
        return path
    }

    fileprivate var path: Bytes {
        switch self {
        case .file(let file): file.path
        case .directory(let directory): directory.path
        }
    }
}

extension SFTPRequest {
    /// The handle that it is about.
    fileprivate var handle: Bytes? {
        switch self {
        case .close(let handle), .read(let handle, _, _), .write(let handle, _, _),
            .fstat(let handle), .fsetstat(let handle, _), .readdir(let handle),
            .fstatvfs(let handle), .fsync(let handle), .copyData(let handle, _, _, _, _):
            handle
        default: nil
        }
    }

    /// What it says besides.
    ///
    /// - Parameter path: the path of a handle.
    fileprivate func details(path pathOf: (Bytes) -> Bytes?) -> [JSON.Member] {
        switch self {
        case .open(let path, let flags, let attributes):
            EventLine.text("path", path) + [.init("flags", .string(flags.logText))]
                + attributes.details
        case .mkdir(let path, let attributes), .setstat(let path, let attributes),
            .lsetstat(let path, let attributes):
            EventLine.text("path", path) + attributes.details
        case .fsetstat(_, let attributes): attributes.details
        case .lstat(let path), .stat(let path), .statvfs(let path), .opendir(let path),
            .rmdir(let path), .remove(let path), .readlink(let path), .realpath(let path),
            .expandPath(let path):
            EventLine.text("path", path)
        case .rename(let old, let new), .posixRename(let old, let new), .hardlink(let old, let new):
            EventLine.text("path", old) + EventLine.text("new_path", new)
        case .symlink(let target, let path):
            EventLine.text("path", path) + EventLine.text("target", target)
        case .read(_, let offset, _), .write(_, let offset, _): [.init("offset", JSON(offset))]
        case .copyData(_, _, _, let destination, _):
            pathOf(destination).map { EventLine.text("new_path", $0) } ?? []
        default: []
        }
    }
}

extension FileAttributes {
    /// What a client asks for.
    fileprivate var details: [JSON.Member] {
        var details: [JSON.Member] = []
        if let size { details.append(.init("size", JSON(size))) }
        if let permissions { details.append(.init("mode", .string(permissions.octal))) }
        if let owner {
            details += [.init("uid", JSON(owner.uid)), .init("gid", JSON(owner.gid))]
        }
        if let times { details.append(.init("mtime", JSON(times.mtime))) }
        return details
    }
}
