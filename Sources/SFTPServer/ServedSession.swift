// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import SFTPProtocol
import Wire

/// A session with its client, over a channel.
///
/// What waits for a disk is done on the loop's helper threads; everything else on the loop.
public actor ServedSession: LoopActor {
    /// The loop: every call runs on its thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Whether the caller is on the loop's thread.
    public nonisolated var isOnLoop: Bool { loop.isCurrent }

    private nonisolated let loop: any EventLoop
    private let channel: any ByteChannel
    private let session: SFTPSession
    /// Whoever waits for the end of work that is under way.
    private let workEnds: WaitQueue
    /// When what comes too early is gone on with.
    private var wakeUp: TimerID?

    /// How many bytes of replies are collected before they are handed to the channel.
    private static let replyBytesPerWrite = 256 << 10

    /// A session that is yet to be served.
    public init(
        _ configuration: SFTPSession.Configuration, over channel: any ByteChannel,
        loop: any EventLoop
    ) {
        self.loop = loop
        self.channel = channel
        session = SFTPSession(configuration)
        workEnds = WaitQueue(loop: loop)
    }

    /// How many files and directories the client has open.
    public var openHandleCount: Int { session.openHandleCount }

    /// Serves the client until it finishes or fails, then closes the session and the channel.
    ///
    /// All requests that have arrived are carried out before the next wait, but for those that depend on
    /// what waits for a disk. No request is read while the channel's queue of replies is full.
    public func serve() async -> SessionEnd {
        session.startJob = { job in self.start(job) }
        let loop = loop
        session.limitRates(by: .init(now: { loop.now }, wake: { delay in self.wake(after: delay) }))
        var end = await serveRequests()
        // The client has ended: nobody is spared by waiting.
        session.liftRates()
        if let wakeUp { loop.cancel(wakeUp) }
        // What has been received before the end is carried out.
        while session.isWorking { await workEnds.waitThroughout() }
        session.startJob = nil
        do {
            // What was answered before a failure still counts, if the client takes it.
            if session.replyByteCount > 0 { try await channel.write(session.takeReplies()) }
            try await channel.finishWriting()
        } catch {
            if end == .endOfStream { end = .channelFailed("\(error)") }
        }
        if let complaint = end.logText { session.configuration.log.log(.error, complaint) }
        session.close()
        await channel.close()
        return end
    }

    private func serveRequests() async -> SessionEnd {
        var decoder = SFTPPacketDecoder()
        do {
            while let chunk = try await channel.read() {
                decoder.append(chunk)
                while let frame = try decoder.next() {
                    try session.receive(frame)
                    if session.replyByteCount >= Self.replyBytesPerWrite || session.work.isFull {
                        try await channel.write(session.takeReplies())
                    }
                    while session.work.isFull { try await workEnds.wait() }
                }
                if session.replyByteCount > 0 { try await channel.write(session.takeReplies()) }
            }
            return .endOfStream
        } catch let error as WireError {
            return .unreadable(error)
        } catch let error as SessionFailure {
            return .failed(error)
        } catch {
            return .channelFailed("\(error)")
        }
    }

    private func wake(after delay: Duration) {
        wakeUp = loop.schedule(at: loop.now + delay) { self.assumeIsolated { $0.goOn() } }
    }

    private func goOn() {
        session.goOn()
        sendReplies()
    }

    private func start(_ job: SlowJob) {
        loop.spawn { await self.carryOut(job) }
    }

    private func carryOut(_ job: SlowJob) async {
        let result: SlowJob.Result
        do {
            result = try await loop.offload { job.work() }
        } catch {
            // There is no thread to be had.
            result = job.work()
        }
        session.finish(job.number, result)
        sendReplies()
    }

    /// Sends what has been answered while nothing was received.
    private func sendReplies() {
        workEnds.wakeAll()
        // Where the channel has failed, whoever reads from it notices that.
        if session.replyByteCount > 0 { _ = try? channel.enqueue(session.takeReplies()) }
    }
}
