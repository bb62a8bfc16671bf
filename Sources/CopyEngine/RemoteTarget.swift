// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

/// A file of a server that is written, over several channels where a long link makes that pay.
///
/// It belongs to the loop's thread.
final class RemoteTarget: TargetFile, @unchecked Sendable {
    private let file: RemoteFile
    private let path: Bytes
    private let furtherChannels: FurtherChannels?
    private var lanes = WriteLanes()
    /// Whether further channels have been thought of, and are held.
    private var (hasWidened, isWide) = (false, false)
    private var isEnded = false
    /// When the first write was made, and how many bytes have been acknowledged since.
    private var start: Duration?
    private var acknowledged = 0

    /// - Parameters:
    ///   - path: by which it can be opened once more.
    ///   - furtherChannels: those of its connection; nil to write it over one only.
    init(_ file: RemoteFile, path: Bytes = [], furtherChannels: FurtherChannels? = nil) {
        self.file = file
        self.path = path
        self.furtherChannels = furtherChannels
    }

    private var client: SFTPClient { file.client }

    func status() async throws -> FileAttributes { try await file.status() }

    func startWrite(_ data: [Bytes], at offset: UInt64) async throws -> Deferred<Void> {
        let count = data.byteCount
        guard count <= client.limits.writeBytes else {
            try await client.write(file.handle, offset: offset, data: data)
            return Deferred(isDone: { true }) {}
        }
        start = start ?? furtherChannels?.loop.now
        let number = lanes.begin(count)
        let lane = lanes[number]
        let reply = try await (lane?.client ?? client).startWrite(
            lane?.handle ?? file.handle, offset: offset, data: data)
        return Deferred(isDone: { reply.isAnswered }) {
            do {
                try await reply.value
            } catch {
                if number > 0, endsConnection(error) {
                    await self.furtherChannels?.giveUp("\(error)")
                }
                throw error
            }
            self.noteAnswer(count, number)
        }
    }

    func copy(from source: any SourceFile, at offset: UInt64, count: UInt64) async throws -> UInt64
    {
        guard let source = source as? RemoteFile, source.client === client,
            client.extensions.contains(.copyData)
        else { return 0 }
        // Beyond the end it would copy less, and not say how much.
        let size = try await source.status().size ?? 0
        guard size >= offset, size - offset >= count else { return 0 }
        try await client.copyData(
            from: source.handle, offset: offset, length: count, to: file.handle, at: offset)
        return count
    }

    func set(_ attributes: FileAttributes) async throws {
        try await client.fsetstat(file.handle, attributes.understood(by: client))
    }

    func finish(_ attributes: FileAttributes) async throws {
        await endLanes()
        guard attributes != FileAttributes() else { return try await client.close(file.handle) }
        // Both in one round trip: the server works in order.
        let setting = try await client.startFsetstat(
            file.handle, attributes.understood(by: client))
        try await client.close(file.handle)
        try await setting.value
    }

    func abandon() async {
        await endLanes()
        await client.startClose(file.handle)
    }

    // MARK: Further channels

    private func noteAnswer(_ count: Int, _ number: Int) {
        lanes.finish(count, on: number)
        acknowledged += count
        guard let channels = furtherChannels, let start, !hasWidened, !isEnded,
            // A copy that goes on with the part knows by its length that something may be missing.
            acknowledged >= CopyLimits.bytesUnderWayPerFile,
            lanes.bytesOnOwnChannel >= channels.terms.channelWindow
        else { return }
        let (count, time) = (acknowledged, channels.loop.now - start)
        guard channels.assumeIsolated({ $0.pay(for: count, in: time) }) else { return }
        hasWidened = true
        channels.loop.spawn { await self.openLanes(over: channels) }
    }

    private func openLanes(over channels: FurtherChannels) async {
        let clients = await channels.acquire()
        let opened = await WriteLanes.open(path, on: clients, beside: file.handle, of: client)
        guard !isEnded, !opened.lanes.isEmpty else {
            await opened.close()
            return await channels.release()
        }
        for lane in opened.lanes { lanes.add(lane) }
        isWide = true
    }

    private func endLanes() async {
        isEnded = true
        for lane in lanes.removeAll() { await lane.client.startClose(lane.handle) }
        if isWide { await furtherChannels?.release() }
        isWide = false
    }
}
