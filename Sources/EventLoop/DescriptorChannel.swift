// SPDX-License-Identifier: Apache-2.0

import Glibc
public import Wire

/// A ``ByteChannel`` over a socket, or over one descriptor to read and another to write.
///
/// The descriptors become non-blocking and are owned. What a turn writes goes out together at its
/// end, in one `writev` where the kernel takes it; what it does not take waits for writability.
/// It must be closed: an open channel keeps itself and its descriptors alive.
public actor DescriptorChannel: ByteChannel {
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
    private var input: FileDescriptor?
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

    private var mayWrite = true
    private var sendQueue = SendQueue()
    private var isFlushScheduled = false
    private var isFinishing = false
    private var writeFailure: ChannelError?
    private let writers: WaitQueue

    /// The loop: every call runs on its thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

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
            readers.wakeAll()
        }
        if interest.contains(.write), readiness.contains(.write) {
            mayWrite = true
            flush()
        }
    }

    // MARK: Reading

    /// Waits for bytes from the descriptor; nil at its end, and once the channel is closed.
    public func read() async throws -> Bytes? {
        precondition(readers.isEmpty, "one read at a time")
        while let descriptor = input?.rawValue {
            if !mayRead {
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
        if result < 0 {
            if code == EINTR { return nil }
            guard code == EAGAIN else {
                throw .system(SystemError(call: "read", code: code))
            }
            mayRead = false
            return nil
        }
        noteRead(result)
        return bytes
    }

    private func noteRead(_ count: Int) {
        if readTurn != loop.turn {
            readTurn = loop.turn
            bytesReadInTurn = 0
        }
        bytesReadInTurn += count
        if count == readSize {
            readSize = min(readSize * 2, Self.readSizes.upperBound)
        } else {
            if shortReadMeansEmpty && count > 0 { mayRead = false }
            if count < readSize / 4 { readSize = max(readSize / 2, Self.readSizes.lowerBound) }
        }
    }

    // MARK: Writing

    /// Queues `pieces`, and suspends while more than the limit waits.
    public func write(_ pieces: [Bytes]) async throws {
        try requireWritable()
        guard !isFinishing else { throw ChannelError.closed }
        sendQueue.append(pieces)
        if sendQueue.byteCount >= Self.promptWriteSize { flush() } else { scheduleFlush() }
        while sendQueue.byteCount > sendQueueLimit {
            try await writers.wait()
            try requireWritable()
        }
    }

    /// Ends the outgoing stream.
    ///
    /// Returns once the kernel has taken everything written before.
    public func finishWriting() async throws {
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
        let isPeerGone = code == EPIPE || code == ECONNRESET
        writeFailure =
            isPeerGone ? .closedByPeer : .system(SystemError(call: "write", code: code))
        sendQueue.removeAll()
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
    }

    private func closeOutput() {
        if let outputWatch { loop.unwatch(outputWatch) }
        outputWatch = nil
        output = nil
    }
}
