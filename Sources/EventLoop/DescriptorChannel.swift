// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
public import Wire

/// A ``ByteChannel`` over a socket, or over one descriptor to read and another to write.
///
/// The descriptors become non-blocking and are owned. What a turn writes goes out together at its
/// end, in one `writev` where the kernel takes it; what it does not take waits for writability.
/// It must be closed: an open channel keeps itself and its descriptors alive.
public actor DescriptorChannel: LoopActor, ByteChannel {
    /// A writer suspends while more than this many bytes wait for the kernel to take them.
    public static let defaultSendQueueLimit = 4 << 20
    /// So many bytes make a large write by themselves: they go out at once, not at the turn's end,
    /// while they are in the processor's caches, and their buffers can be used again.
    static let promptWriteSize = 128 << 10
    /// The sizes between which the read buffer adapts: one read takes what it holds.
    static let readSizes = (16 << 10)...(256 << 10)
    /// A channel that always has data gives this much per turn, so that others have theirs.
    static let bytesReadPerTurn = 1 << 20

    private let loop: EpollLoop
    private let sendQueueLimit: Int
    var input: FileDescriptor?
    /// Nil for a socket: `input` serves both directions.
    private var output: FileDescriptor?
    private let isSocket: Bool
    private var inputWatch: WatchID?
    private var outputWatch: WatchID?

    private var mayRead = true
    /// Whether a read that fills less than its buffer has emptied the kernel's.
    ///
    /// Then the next bytes or the end will be reported; no more so once the end has been.
    private var shortReadMeansEmpty: Bool
    private var readSize = DescriptorChannel.readSizes.lowerBound
    private var readTurn: UInt64 = 0
    private var bytesReadInTurn = 0
    private let readers: WaitQueue
    /// Who is handed what comes, and the buffer that is lent to it.
    private var receiver: (any ByteReceiver)?
    private var lentBuffer: [UInt8] = []

    private var mayWrite = true
    private var sendQueue = SendQueue()
    private var isFlushScheduled = false
    private var isFinishing = false
    private var writeFailure: ChannelError?
    /// Whether something had been written that was not sent.
    private var hasLostOutput = false
    private let writers: WaitQueue

    /// The loop: every call runs on its thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Whether the caller is on the loop's thread.
    public nonisolated var isOnLoop: Bool { loop.isCurrent }

    /// A channel over a connected stream socket.
    ///
    /// - Throws: ``SystemError``, and the descriptor is closed.
    public init(
        socket: consuming FileDescriptor, loop: EpollLoop,
        sendQueueLimit: Int = DescriptorChannel.defaultSendQueueLimit
    ) throws {
        self.loop = loop
        self.sendQueueLimit = sendQueueLimit
        readers = WaitQueue(loop: loop)
        writers = WaitQueue(loop: loop)
        isSocket = true
        shortReadMeansEmpty = true
        try socket.setNonBlocking()
        input = consume socket
        try assumeIsolated { try $0.startWatching() }
    }

    /// A channel that reads from `input` and writes to `output`: pipes, sockets, files, a terminal.
    ///
    /// - Throws: ``SystemError``, and both descriptors are closed.
    public init(
        input: consuming FileDescriptor, output: consuming FileDescriptor, loop: EpollLoop,
        sendQueueLimit: Int = DescriptorChannel.defaultSendQueueLimit
    ) throws {
        self.loop = loop
        self.sendQueueLimit = sendQueueLimit
        readers = WaitQueue(loop: loop)
        writers = WaitQueue(loop: loop)
        isSocket = false
        shortReadMeansEmpty = input.isSocketOrPipe
        try input.setNonBlocking()
        try output.setNonBlocking()
        self.input = consume input
        self.output = consume output
        try assumeIsolated { try $0.startWatching() }
    }

    private func startWatching() throws(SystemError) {
        if let number = input?.rawValue {
            inputWatch = try watch(number, for: isSocket ? [.read, .write] : .read)
        }
        if let number = output?.rawValue {
            outputWatch = try watch(number, for: .write)
        }
    }

    private func watch(
        _ descriptor: CInt, for interest: Readiness
    ) throws(SystemError) -> WatchID? {
        do {
            return try loop.watch(descriptor, for: interest, trigger: .edge) { readiness in
                self.assumeIsolated { $0.becameReady(readiness, interest) }
            }
        } catch {
            // A regular file is always ready, and so never waited for.
            guard error.code == EPERM else { throw error }
            return nil
        }
    }

    private func becameReady(_ readiness: Readiness, _ interest: Readiness) {
        if interest.contains(.read), readiness.contains(.read) {
            mayRead = true
            if readiness.contains(.hangUp) { shortReadMeansEmpty = false }
            if receiver == nil { readers.wakeAll() } else { deliverSome() }
        }
        if interest.contains(.write), readiness.contains(.write) {
            mayWrite = true
            if !isSocket, readiness.contains(.hangUp) { outputBroke() } else { flush() }
        }
    }

    /// Ends reading too, once all that has come is read: nobody takes what is written.
    ///
    /// Otherwise a channel that only waits for input would never learn of it.
    private func outputBroke() {
        failWriting(EPIPE)
        writers.wakeAll()
        // The end of the input may have come with it, and is the better news.
        mayRead = true
        if receiver == nil { readers.wakeAll() } else { deliverSome() }
    }

    // MARK: Reading

    /// Waits for bytes from the descriptor; nil at its end, and once the channel is closed.
    public func read() async throws -> Bytes? {
        precondition(readers.isEmpty && receiver == nil, "one read at a time")
        while let descriptor = input?.rawValue {
            if !mayRead {
                if let brokenOutput { throw brokenOutput }
                try await readers.wait()
            } else if hasSpentTurn {
                loop.afterTurn { self.assumeIsolated { $0.readers.wakeAll() } }
                try await readers.wait()
            } else if let bytes = try readOnce(from: descriptor) {
                return bytes.isEmpty ? nil : bytes[...]
            }
        }
        return nil
    }

    private var hasSpentTurn: Bool {
        readTurn == loop.turn && bytesReadInTurn >= Self.bytesReadPerTurn
    }

    /// Reads what is there, up to `readSize`; empty at the end of the stream, nil when there is
    /// nothing yet.
    private func readOnce(from descriptor: CInt) throws(ChannelError) -> [UInt8]? {
        var result = 0
        var code: CInt = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: readSize) { buffer, count in
            result = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            code = errno
            count = max(result, 0)
        }
        guard try wasRead(result, code, of: readSize) else { return nil }
        adaptReadSize(to: result)
        return bytes
    }

    /// Notes what a read(2) into so much room gave.
    ///
    /// - Returns: whether that was data or the end, not only a reason to wait or to try again.
    private func wasRead(
        _ result: Int, _ code: CInt, of room: Int
    ) throws(ChannelError) -> Bool {
        if result < 0 {
            if code == EINTR { return false }
            guard code == EAGAIN else {
                throw .system(SystemError(call: "read", code: code))
            }
            mayRead = false
            return false
        }
        if readTurn != loop.turn {
            readTurn = loop.turn
            bytesReadInTurn = 0
        }
        bytesReadInTurn += result
        if result < room && shortReadMeansEmpty && result > 0 { mayRead = false }
        return true
    }

    private func adaptReadSize(to count: Int) {
        if count == readSize {
            readSize = min(readSize * 2, Self.readSizes.upperBound)
        } else if count < readSize / 4 {
            readSize = max(readSize / 2, Self.readSizes.lowerBound)
        }
    }

    // MARK: Delivering

    /// Reads as soon as there is something, into one buffer that is used again and again.
    public func deliver(to receiver: any ByteReceiver) {
        precondition(readers.isEmpty && self.receiver == nil, "one reader at a time")
        guard input != nil else { return receiver.receiveEnd(nil) }
        self.receiver = receiver
        let size = Self.readSizes.upperBound
        lentBuffer = unsafe [UInt8](unsafeUninitializedCapacity: size) { $1 = size }
        deliverSome()
    }

    private func deliverSome() {
        while mayRead, let receiver, let descriptor = input?.rawValue {
            guard !hasSpentTurn else {
                loop.afterTurn { self.assumeIsolated { $0.deliverSome() } }
                return
            }
            do throws(ChannelError) {
                guard let count = try readLent(from: descriptor) else { continue }
                guard count > 0 else { return endDelivery(nil) }
                // In place: nobody else has the buffer any more once this call has returned.
                receiver.receive(lentBuffer[..<count])
            } catch {
                return endDelivery(error)
            }
        }
        if !mayRead, let brokenOutput { endDelivery(brokenOutput) }
    }

    /// Reads into the buffer that is lent.
    ///
    /// - Returns: how many bytes, 0 at the end of the stream; nil when there is nothing yet.
    private func readLent(from descriptor: CInt) throws(ChannelError) -> Int? {
        let result = unsafe lentBuffer.withUnsafeMutableBytes {
            unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
        }
        return try wasRead(result, errno, of: lentBuffer.count) ? result : nil
    }

    private func endDelivery(_ error: ChannelError?) {
        guard let receiver else { return }
        self.receiver = nil
        lentBuffer = []
        receiver.receiveEnd(error)
    }

    // MARK: Writing

    /// Queues `pieces`, which go out at the end of the turn.
    public nonisolated func enqueue(_ pieces: [Bytes]) throws -> Bool {
        try assumeIsolated { try $0.append(pieces) }
    }

    private func append(_ pieces: [Bytes]) throws(ChannelError) -> Bool {
        try requireWritable()
        guard !isFinishing else { throw ChannelError.closed }
        sendQueue.append(pieces)
        if sendQueue.byteCount >= Self.promptWriteSize { flush() } else { scheduleFlush() }
        return sendQueue.byteCount <= sendQueueLimit
    }

    /// Suspends while more waits for the kernel than the limit.
    public func waitForRoom() async throws {
        while sendQueue.byteCount > sendQueueLimit {
            try requireWritable()
            try await writers.wait()
        }
        try requireWritable()
    }

    /// Ends the outgoing stream.
    ///
    /// Returns once the kernel has taken everything written before.
    public func finishWriting() async throws {
        // Where nothing was left to be sent, a peer that has closed both ways was only faster.
        if writeFailure != nil, !hasLostOutput { return }
        try requireWritable()
        guard !isFinishing else { return }
        isFinishing = true
        while !sendQueue.isEmpty {
            scheduleFlush()
            try await writers.wait()
            try requireWritable()
        }
        if isSocket {
            if let number = input?.rawValue { shutdown(number, CInt(SHUT_WR)) }
        } else {
            closeOutput()
        }
    }

    /// Why an output beside the input takes no more; nil for a socket, which tells its reader itself.
    private var brokenOutput: ChannelError? { isSocket ? nil : writeFailure }

    private func requireWritable() throws(ChannelError) {
        if let writeFailure { throw writeFailure }
        if input == nil { throw .closed }
    }

    private func scheduleFlush() {
        guard mayWrite, !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.afterTurn {
            self.assumeIsolated { channel in
                channel.isFlushScheduled = false
                channel.flush()
            }
        }
    }

    private func flush() {
        guard let descriptor = isSocket ? input?.rawValue : output?.rawValue else { return }
        while mayWrite, !sendQueue.isEmpty {
            switch sendQueue.writeOnce(to: descriptor) {
            case 0, EINTR: continue
            case EAGAIN: mayWrite = false
            case let code: failWriting(code)
            }
        }
        if sendQueue.byteCount <= sendQueueLimit { writers.wakeAll() }
    }

    private func failWriting(_ code: CInt) {
        guard writeFailure == nil else { return }
        let isPeerGone = code == EPIPE || code == ECONNRESET
        writeFailure =
            isPeerGone ? .closedByPeer : .system(SystemError(call: "write", code: code))
        hasLostOutput = !sendQueue.isEmpty
        sendQueue.removeAll()
    }

    // MARK: Sockets

    /// Passes a descriptor over a Unix socket, behind what has been written.
    public func pass(_ descriptor: CInt) async throws {
        try requireWritable()
        while true {
            while !sendQueue.isEmpty {
                scheduleFlush()
                try await writers.wait()
                try requireWritable()
            }
            guard let socket = input?.rawValue else { throw ChannelError.closed }
            if clinux_send_descriptor(socket, descriptor) == 0 { return }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                mayWrite = false
                try await writers.wait()
            default: throw ChannelError.system(.last("sendmsg"))
            }
        }
    }

    // MARK: Closing

    /// Closes the descriptors and drops what has not been sent.
    public func close() async {
        guard input != nil else { return }
        if let inputWatch { loop.unwatch(inputWatch) }
        input = nil
        closeOutput()
        sendQueue.removeAll()
        if writeFailure == nil { writeFailure = .closed }
        readers.wakeAll()
        writers.wakeAll()
        endDelivery(nil)
    }

    /// Closes the descriptors; a TCP peer never gets what has not reached it, others do already.
    public func abort() async {
        if isSocket, let socket = input?.rawValue { _ = clinux_discard_on_close(socket) }
        await close()
    }

    private func closeOutput() {
        if let outputWatch { loop.unwatch(outputWatch) }
        outputWatch = nil
        output = nil
    }
}
