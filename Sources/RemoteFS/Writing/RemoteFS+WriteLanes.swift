// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

// Writing one file over several channels, where a long link makes that pay. Requests of one file without an
// answer never overlap, so that nothing depends on which channel is faster; and all that depends on a file's
// writes waits for their answers, whatever channel they come on.

extension RemoteFS {
    /// Has a file written over further channels, if what the server takes ahead on its own one holds its
    /// data up.
    func widen(_ writes: FileWrites, of inode: InodeNumber) {
        let stream = writes.stream
        guard writes.isBeingSent, !stream.hasWidened,
            let channels = onLink({ $0.furtherChannels }),
            stream.acknowledged >= channels.terms.channelWindow,
            writes.lanes.bytesOnOwnChannel >= channels.terms.channelWindow
        else { return }
        let time = loop.now - stream.start
        guard channels.assumeIsolated({ $0.pay(for: stream.acknowledged, in: time) }) else {
            return
        }
        writes.stream.hasWidened = true
        loop.spawn { await self.openLanes(of: inode, over: channels) }
    }

    private func openLanes(of inode: InodeNumber, over channels: FurtherChannels) async {
        guard let writes = pendingWrites[inode] else { return }
        let stream = writes.stream.number
        let clients = await channels.acquire()
        let lanes = (try? await openLanes(on: clients, writes, of: inode)) ?? []
        // They may be too late: for the stream, or for the connection.
        guard writes.isBeingSent, writes.stream.number == stream, !isCutOff,
            lanes.first.map({ isCurrent($0.handle) }) ?? false
        else {
            for lane in lanes { await lane.client.startClose(lane.handle) }
            return await channels.release()
        }
        for lane in lanes { writes.lanes.add(lane) }
        writes.furtherChannels = channels
        sendPending(of: inode)
    }

    /// Opens a file by its path on further channels, if it is certain that it is that file there.
    private func openLanes(
        on clients: [SFTPClient], _ writes: FileWrites, of inode: InodeNumber
    ) async throws(Errno) -> [WriteLanes.Lane] {
        guard !clients.isEmpty, !options.avoidsFstat, let place = nodes[inode]?.place,
            // To open a FIFO can hold a server up for ever.
            try await isRegular(inode)
        else { return [] }
        let path = try await path(to: inode)
        // As it is known now: later more will have been acknowledged than a look has shown.
        guard let identity = nodes[inode]?.details?.identity,
            let server = files[writes.writer]?.server, isCurrent(server)
        else { return [] }
        let opened = await WriteLanes.open(path, on: clients, beside: server, of: client)
        guard nodes[inode]?.place == place, opened.found.allSatisfy(identity.mayHaveBecome) else {
            await opened.close()
            return []
        }
        return opened.lanes
    }

    /// Lets the further channels of a file go, over which nothing is under way any more.
    func closeLanes(_ writes: FileWrites) {
        for lane in writes.lanes.removeAll() {
            // What delayed writing has failed with, the file's own handle tells as well.
            lane.client.assumeIsolated { $0.startClose(lane.handle) }
        }
        writes.furtherChannels?.assumeIsolated { $0.release() }
        writes.furtherChannels = nil
    }
}
