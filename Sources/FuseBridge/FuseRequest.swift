// SPDX-License-Identifier: Apache-2.0

internal import CFuse
import EventLoop
import Glibc
import RemoteFS
import SFTPProtocol
import Wire

/// One request of the kernel: answered exactly once, by its task or, when the process that made it
/// has been interrupted and the server is silent, by the interrupt.
///
/// It belongs to the loop's thread. A reply says whether the kernel took it: what the task has done
/// for an answer that nobody receives is then taken back.
@safe
final class FuseRequest: @unchecked Sendable {
    /// How long the server must have been silent before an interrupted request is given up.
    static let interruptGrace = Duration.seconds(1)
    /// How often it is looked at then whether a signal has come that ends the wait.
    private static let lookPause = Duration.milliseconds(200)

    /// libfuse's request; nil once it has been answered.
    private var raw: OpaquePointer?
    /// What libfuse answers through: it must outlive its requests, though the file system may have
    /// been unmounted meanwhile.
    private let session: Session
    private let fileSystem: RemoteFS
    private let bridge: FuseBridge
    private let operation: FuseOperation
    private let start: Duration
    /// Whether nothing has been waited for yet.
    private var isImmediate = true
    /// What is told of the request, where the bridge has a trace.
    private let text: String?
    private var interruptedAt: Duration?
    /// What works on the request; nil before and after that.
    private var task: Task<Void, Never>?
    private var isDone = false

    /// - Parameter text: what is told of the request, where the bridge has a trace.
    init(
        _ raw: OpaquePointer, _ operation: FuseOperation, _ text: () -> String,
        of session: Session, _ fileSystem: RemoteFS, _ bridge: FuseBridge
    ) {
        unsafe self.raw = unsafe raw
        self.operation = operation
        self.session = session
        self.fileSystem = fileSystem
        self.bridge = bridge
        start = fileSystem.loop.now
        self.text = bridge.trace == nil ? nil : text()
        bridge.assumeIsolated { $0.statistics.noteStart() }
    }

    deinit {
        precondition(unsafe raw == nil, "a request was never answered")
    }

    /// Starts the operation that answers the request.
    func run(
        _ body: @escaping @Sendable (RemoteFS, FuseRequest) async throws(Errno) -> Void
    ) {
        let task = fileSystem.loop.spawn { [self] in
            do throws(Errno) {
                try await body(fileSystem, self)
            } catch {
                fail(error)
            }
            isDone = true
            self.task = nil
        }
        isImmediate = false
        guard !isDone else { return }
        self.task = task
        watchInterrupts()
        if operation == .flush { lookForCaller() }
    }

    // MARK: Interrupts

    /// Asks libfuse to tell of an interrupt, where the request is still being worked on.
    private func watchInterrupts() {
        guard let raw = unsafe raw else { return }
        // Unretained: libfuse forgets it with the request, which this object outlives.
        unsafe fuse_req_interrupt_func(
            raw, requestWasInterrupted, Unmanaged.passUnretained(self).toOpaque())
    }

    fileprivate func wasInterrupted() {
        guard interruptedAt == nil else { return }
        interruptedAt = fileSystem.loop.now
        giveUpIfServerIsSilent()
    }

    /// Answers EINTR once the server has said nothing for a while, or at once where there is no
    /// connection or the process is killed; looks again as long as the server talks.
    ///
    /// A signal that a program handles and goes on after must not make its system calls fail while
    /// the link is alive; but nobody may be held by a server that is dead.
    private func giveUpIfServerIsSilent() {
        guard !isDone, let interruptedAt else { return }
        let loop = fileSystem.loop
        let isCutOff = fileSystem.assumeIsolated { $0.isCutOff }
        let silentSince = fileSystem.assumeIsolated { max(interruptedAt, $0.lastReceived) }
        let deadline = silentSince + Self.interruptGrace
        let signals = pendingSignals
        if signals?.isKilled ?? false
            || (isCutOff || loop.now >= deadline)
                && !(signals?.areNotices ?? false)
        {
            fail(.EINTR)
        }
        // What nobody waits for any more is not done when there is a connection again. What has been sent
        // and is answered goes its way, for its outcome to be known.
        if isCutOff, unsafe raw == nil { task?.cancel() }
        _ = loop.schedule(at: loop.now + Self.lookPause) { self.giveUpIfServerIsSilent() }
    }

    /// Answers a process that ends, and closes its files by that, once the server has said nothing for a
    /// while: no signal reaches it any more, and nobody would hear of an error.
    private func lookForCaller() {
        let loop = fileSystem.loop
        _ = loop.schedule(at: loop.now + Self.lookPause) { [self] in
            guard !isDone, unsafe raw != nil else { return }
            let isCutOff = fileSystem.assumeIsolated { $0.isCutOff }
            let silentSince = fileSystem.assumeIsolated { max(start, $0.lastReceived) }
            let isSilent = isCutOff || loop.now >= silentSince + Self.interruptGrace
            if isSilent, ProcessFlags(of: caller)?.isExiting ?? false { return succeed() }
            lookForCaller()
        }
    }

    /// The thread that made the request; 0 where the kernel can't say, or the request has been answered.
    var caller: CallerID {
        guard let raw = unsafe raw, let context = unsafe fuse_req_ctx(raw) else { return 0 }
        return unsafe context.pointee.pid
    }

    /// The signals that wait for the thread that made the request; nil where nobody knows.
    private var pendingSignals: PendingSignals? {
        guard let raw = unsafe raw, let context = unsafe fuse_req_ctx(raw) else { return nil }
        return PendingSignals(of: unsafe context.pointee.pid)
    }

    // MARK: Replies

    /// - Parameter outcome: what is told of the answer.
    private func answer(
        _ outcome: @autoclosure () -> String, _ reply: (OpaquePointer) -> CInt
    ) -> Bool {
        guard let raw = unsafe raw else { return false }
        unsafe self.raw = nil
        let isTaken = unsafe reply(raw) == 0
        let latency = fileSystem.loop.now - start
        bridge.assumeIsolated {
            $0.statistics.noteEnd(of: operation, after: latency, immediate: isImmediate)
        }
        if let text {
            bridge.trace?.end(text, outcome() + (isTaken ? "" : ", too late"), after: latency)
        }
        return isTaken
    }

    func fail(_ error: Errno) {
        bridge.assumeIsolated { $0.statistics.note(error) }
        _ = unsafe answer(error.outcome) { unsafe fuse_reply_err($0, error.rawValue) }
    }

    func succeed() {
        _ = unsafe answer("ok") { unsafe fuse_reply_err($0, 0) }
    }

    func reply(_ entry: Entry) -> Bool {
        var parameters = entry.parameters
        return unsafe answer(entry.text) { unsafe fuse_reply_entry($0, &parameters) }
    }

    /// Answers that there is no such name, for as long as that may be taken as true.
    func replyAbsent(validity: Duration) {
        var parameters = fuse_entry_param()
        parameters.entry_timeout = validity.seconds
        _ = unsafe answer("absent") { unsafe fuse_reply_entry($0, &parameters) }
    }

    func reply(_ status: FileStatus, validity: Duration) {
        var attributes = status.attributes
        _ = unsafe answer(status.text) { unsafe fuse_reply_attr($0, &attributes, validity.seconds) }
    }

    func reply(_ file: OpenedFile, _ pages: FuseBridgeOptions.Pages) -> Bool {
        var info = file.info(pages)
        return unsafe answer(file.text) { unsafe fuse_reply_open($0, &info) }
    }

    func reply(_ entry: Entry, _ file: OpenedFile, _ pages: FuseBridgeOptions.Pages) -> Bool {
        var parameters = entry.parameters
        var info = file.info(pages)
        return unsafe answer("\(entry.text), \(file.text)") {
            unsafe fuse_reply_create($0, &parameters, &info)
        }
    }

    func reply(_ directory: OpenedDirectory) -> Bool {
        var info = directory.info
        return unsafe answer("handle \(directory.handle)") { unsafe fuse_reply_open($0, &info) }
    }

    func reply(target: [UInt8]) {
        let terminated = target + [0]
        _ = unsafe answer(quoted(target)) { raw in
            unsafe terminated.withUnsafeBytes { bytes in
                unsafe fuse_reply_readlink(raw, bytes.bindMemory(to: CChar.self).baseAddress)
            }
        }
    }

    func reply(written count: Int) {
        _ = unsafe answer("\(count) bytes") { unsafe fuse_reply_write($0, count) }
    }

    func reply(_ statistics: FileSystemStatistics) {
        var values = statistics.values
        _ = unsafe answer("ok") { unsafe fuse_reply_statfs($0, &values) }
    }

    /// Hands over data as it lies, in as many pieces as it came.
    func reply(_ data: [Bytes]) {
        _ = unsafe answer("\(data.reduce(0) { $0 + $1.count }) bytes") { raw in
            unsafe withBuffers(of: data) { buffers in
                unsafe fuse_reply_iov(raw, buffers.baseAddress, CInt(buffers.count))
            }
        }
    }

    /// Hands over a part of a directory.
    ///
    /// - Parameter size: the room that the kernel has for it, in bytes.
    func reply(_ entries: [ListedEntry], size: Int, withAttributes: Bool) -> Bool {
        unsafe answer("\(entries.count) entries") { raw in
            var buffer = [CChar](repeating: 0, count: size)
            let used = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
                unsafe pack(entries, into: buffer, for: raw, withAttributes: withAttributes)
            }
            return unsafe fuse_reply_buf(raw, buffer, used)
        }
    }
}

@c(hawser_request_was_interrupted)
func requestWasInterrupted(_ raw: OpaquePointer?, _ context: UnsafeMutableRawPointer?) {
    guard let context = unsafe context else { return }
    unsafe Unmanaged<FuseRequest>.fromOpaque(context).takeUnretainedValue().wasInterrupted()
}
