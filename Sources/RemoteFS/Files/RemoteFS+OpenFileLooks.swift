// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol

/// Looks at the attributes of open files, of which programs that hold many, like linkers, take one after the
/// other.
struct OpenFileLooks {
    /// The most files that are asked about ahead at a time.
    static let maximumAhead = 64

    /// What has been asked about ahead, and where to wait for the answer.
    fileprivate var asked: [InodeNumber: WaitQueue] = [:]
    /// Whether no answer is waited for.
    var isIdle: Bool { asked.isEmpty }
    private var last: (inode: InodeNumber, at: Duration) = (0, .longAgo)

    /// Takes note that the server has to be asked about an open file.
    ///
    /// - Returns: whether it had to be asked about another one just before.
    fileprivate mutating func note(_ inode: InodeNumber, now: Duration, within time: Duration)
        -> Bool
    {
        defer { last = (inode, now) }
        return last.inode != inode && now < last.at + time
    }
}

extension RemoteFS {
    /// Waits for an answer about an open file that has been asked for ahead; with the second file in a row that
    /// nobody has asked about, the open files behind it are.
    func expectLook(at inode: InodeNumber, _ handle: HandleID?) async throws(Errno) {
        guard let node = nodes[inode], node.openCount > 0, node.kind == .regular else { return }
        if let answer = looks.asked[inode] {
            do { try await answer.wait() } catch { throw .EINTR }
            return
        }
        guard looks.note(inode, now: loop.now, within: options.attributeValidity),
            !options.avoidsFstat, !isCutOff
        else { return }
        askAboutFiles(behind: handle ?? 0, but: inode)
    }

    private func askAboutFiles(behind handle: HandleID, but inode: InodeNumber) {
        let ids = files.ids {
            !$0.isStale && $0.inode != inode && $0.server.map(isCurrent) ?? false
        }
        for id in ids.sorted() where id > handle && looks.asked.count < OpenFileLooks.maximumAhead {
            guard let inode = files[id]?.inode, let server = files[id]?.server,
                looks.asked[inode] == nil, pendingWrites[inode] == nil,
                cachedAttributes(of: inode) == nil, nodes[inode]?.changesInFlight == 0
            else { continue }
            let change = nodes.lastChange
            let look = try? start { (client) throws(SFTPError) in try client.startFstat(server) }
            guard let look else { return }
            looks.asked[inode] = WaitQueue(loop: loop)
            loop.spawn {
                let attributes = try? await look.value
                await self.endLook(at: inode, attributes, askedAfter: change)
            }
        }
    }

    private func endLook(
        at inode: InodeNumber, _ attributes: FileAttributes?, askedAfter change: UInt64
    ) {
        if let attributes, attributes.kind == nodes[inode]?.kind {
            store(attributes, of: inode, askedAfter: change)
        }
        looks.asked.removeValue(forKey: inode)?.wakeAll()
    }
}
