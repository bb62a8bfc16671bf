// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import Wire

// What may have to wait for a disk. Each returns the reply, or nil where it is sent later.
extension SFTPSession {
    func read(_ request: SFTPRequest, id: RequestID) throws(Errno) -> SFTPReply? {
        guard case .read(let handle, let offset, let length) = request else { return nil }
        guard let file = file(handle) else { return .invalidHandle }
        let count = min(Int(length), SFTPLimits.transferBytes)
        log.log(
            .debug1,
            "request \(id.number): read \(ServerLog.quoted(file.path)) off \(offset) len \(length)")
        let room = SFTPReply.dataHeaderBytes
        guard startJob != nil, diskIsNeverReady || !file.isInMemory else {
            let buffer = try file.withFile { file throws(Errno) in
                try file.read(upTo: count, at: offset, behind: room)
            }
            return deliver(buffer, of: file, count, id)
        }
        let isInOrder = file.isReadInOrder(at: offset)
        let buffer = try file.withFile { file throws(Errno) in
            if isInOrder { file.expectSequentialReads() }
            return diskIsNeverReady
                ? nil : try file.readAtOnce(upTo: count, at: offset, behind: room)
        }
        file.nextOffset = offset &+ UInt64(count)
        if let buffer { return deliver(buffer, of: file, count, id) }
        guard work.hasRoomForJob else {
            let footprint = footprint(of: request, pathsAreKnown: true)
            work.hold(request, id: id, footprint)
            return nil
        }
        let source = try file.share()
        begin(request) {
            .read(
                SlowJob.attempt { () throws(Errno) in
                    try source.file.read(upTo: count, at: offset, behind: room)
                })
        } finish: { [self] result in
            guard case .read(let result) = result else { return }
            reply(to: id) { () throws(Errno) in
                deliver(try result.get(), of: file, count, id)
            }
        }
        return nil
    }

    /// Sends what has been read.
    private func deliver(
        _ buffer: [UInt8], of file: OpenFile, _ count: Int, _ id: RequestID
    ) -> SFTPReply? {
        let readCount = buffer.count - SFTPReply.dataHeaderBytes
        guard readCount > 0 || count == 0 else { return .eof }
        file.readCount &+= UInt64(readCount)
        countRead(readCount)
        id.event?.byteCount = UInt64(readCount)
        tell(id.event, nil)
        replies.appendData(buffer, id: id.number)
        return nil
    }

    func fsync(_ request: SFTPRequest, id: RequestID) throws(Errno) -> SFTPReply? {
        guard case .fsync(let handle) = request else { return nil }
        guard let file = file(handle) else {
            return .status(SFTPStatus(.noSuchFile, message: "Invalid handle"))
        }
        log.log(.verbose, "fsync \(ServerLog.quoted(file.path))")
        let shared = try file.share()
        begin(request) {
            .synchronized(
                SlowJob.attempt { () throws(Errno) in try shared.file.synchronize() })
        } finish: { [self] result in
            guard case .synchronized(let result) = result else { return }
            reply(to: id) { () throws(Errno) in
                try result.get()
                return .ok
            }
        }
        return nil
    }

    func copyData(_ request: SFTPRequest, id: RequestID) throws(Errno) -> SFTPReply? {
        guard
            case .copyData(
                let readHandle, let readOffset, let length, let writeHandle, let writeOffset) =
                request
        else { return nil }
        guard let source = file(readHandle), let destination = file(writeHandle) else {
            return .invalidHandle
        }
        log.log(
            .debug1,
            "copy-data from \(ServerLog.quoted(source.path)) off \(readOffset) len \(length)"
                + " to \(ServerLog.quoted(destination.path)) off \(writeOffset)")
        guard source.identity != destination.identity else {
            let message = "Source and destination are the same file"
            return .status(SFTPStatus(.failure, message: message))
        }
        let (from, to) = (try source.share(), try destination.share())
        let wanted = length == 0 ? .max : length
        let counted = try countCopy(of: source, at: readOffset, wanted: wanted)
        begin(request) {
            .copied(
                SlowJob.attempt { () throws(Errno) in
                    try to.file.copy(
                        from: from.file, at: readOffset, count: counted?.count ?? wanted,
                        to: writeOffset)
                })
        } finish: { [self] result in
            guard case .copied(let result) = result else { return }
            reply(to: id) { () throws(Errno) in
                let copied = try result.get()
                id.event?.byteCount = copied
                source.readCount &+= copied
                destination.writtenCount &+= copied
                try settle(counted, copied: copied)
                return length == 0 || copied == length ? .ok : .eof
            }
        }
        return nil
    }
}

extension SlowJob {
    /// What comes of some work.
    fileprivate static func attempt<Success>(
        _ body: () throws(Errno) -> Success
    ) -> Swift.Result<Success, Errno> {
        do throws(Errno) {
            return .success(try body())
        } catch {
            return .failure(error)
        }
    }
}
