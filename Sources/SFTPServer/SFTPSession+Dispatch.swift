// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import Wire

extension SFTPSession {
    /// Carries out a request, or says why not.
    func answer(_ request: SFTPRequest, id number: UInt32) {
        var id = RequestID(number: number)
        guard let operation = request.operation else {
            log.log(.error, request.unknownText)
            return send(.status(SFTPStatus(.operationUnsupported)), id: id)
        }
        id.event = event(of: request, operation)
        if let refusal = configuration.policy.refusal(of: request, operation: operation) {
            log.log(.verbose, refusal)
            return send(.status(SFTPStatus(.permissionDenied)), id: id)
        }
        log.log(.debug3, "request \(number): \(operation.rawValue)")
        order(request, id: id)
    }

    /// Carries a request out, or begins to.
    func carryOut(_ request: SFTPRequest, id: RequestID) {
        reply(to: id) { () throws(Errno) in
            switch request {
            case .read: try read(request, id: id)
            case .fsync: try fsync(request, id: id)
            case .copyData: try copyData(request, id: id)
            default: try perform(request)
            }
        }
    }

    /// Sends what `body` returns, or why it failed; nothing for nil, which stands for a reply that was
    /// sent or will be.
    func reply(to id: RequestID, _ body: () throws(Errno) -> SFTPReply?) {
        do throws(Errno) {
            if let reply = try body() { send(reply, id: id) }
        } catch {
            id.event?.errno = error
            send(.status(SFTPStatus(errno: error, isReported: isExact)), id: id)
        }
    }

    /// Queues a reply, and logs what went wrong.
    func send(_ reply: SFTPReply, id: RequestID) {
        tell(id.event, reply)
        if case .status(let status) = reply {
            if log.level > .verbose || (status.code != .ok && status.code != .eof) {
                log.log(.info, "sent status \(status.code)")
            }
        }
        replies.append(reply, id: id.number)
    }

    /// The one table from requests to what carries them out.
    private func perform(_ request: SFTPRequest) throws(Errno) -> SFTPReply {
        switch request {
        case .open(let path, let flags, let attributes): try open(path, flags, attributes)
        case .close(let handle): try close(handle)
        case .write(let handle, let offset, let data): try write(handle, offset: offset, data: data)
        case .lstat(let path): try stat(path, followingLink: false)
        case .stat(let path): try stat(path, followingLink: true)
        case .fstat(let handle): try fstat(handle)
        case .setstat(let path, let attributes):
            try setstat(attributes, of: path, followingLink: true)
        case .lsetstat(let path, let attributes):
            try setstat(attributes, of: path, followingLink: false)
        case .fsetstat(let handle, let attributes): try fsetstat(attributes, of: handle)
        case .statvfs(let path): try statvfs(path)
        case .fstatvfs(let handle): try fstatvfs(handle)
        case .opendir(let path): try opendir(path)
        case .readdir(let handle): try readdir(handle)
        case .mkdir(let path, let attributes): try mkdir(path, attributes)
        case .rmdir(let path): try rmdir(path)
        case .remove(let path): try remove(path)
        case .rename(let oldPath, let newPath): try rename(oldPath, to: newPath)
        case .posixRename(let oldPath, let newPath): try posixRename(oldPath, to: newPath)
        case .hardlink(let oldPath, let newPath): try hardlink(oldPath, to: newPath)
        case .symlink(let target, let linkPath): try symlink(linkPath, to: target)
        case .readlink(let path): try readlink(path)
        case .realpath(let path): try realpath(path)
        case .expandPath(let path): try expandPath(path)
        case .homeDirectory(let user): try homeDirectory(of: user)
        case .usersGroupsByID(let uids, let gids): names(uids: uids, gids: gids)
        case .limits: limits.reply
        case .read, .fsync, .copyData, .unknownExtension, .unknown:
            preconditionFailure("answered elsewhere")
        }
    }
}

extension SFTPRequest {
    /// What is logged of a request that we don't know.
    fileprivate var unknownText: String {
        switch self {
        case .unknownExtension(let name, _): "Unknown extended request \(ServerLog.quoted(name))"
        case .unknown(let type, _): "Unknown message \(type)"
        default: preconditionFailure("a known request")
        }
    }
}
