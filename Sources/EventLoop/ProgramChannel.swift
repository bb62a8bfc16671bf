// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
public import Wire

/// A ``ByteChannel`` to a program's standard input and from its standard output, over one socket.
///
/// The program lives as long as the channel: closing has it end.
public struct ProgramChannel: ByteChannel {
    private let channel: DescriptorChannel
    private let process: ChildProcess
    private let loop: EpollLoop
    private let name: String

    /// How long a program may take to end once it has closed its output, so that its status is known.
    private static let endTime = Duration.seconds(1)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - program: its input and output are set here.
    ///   - name: what messages call it, such as "the proxy command".
    ///   - loop: the channel's loop, which also reaps the program.
    ///   - sendQueueLimit: how many bytes may wait to be sent before writers have to, too.
    /// - Throws: ``SystemError``.
    public init(
        _ program: Program, name: String, loop: EpollLoop,
        sendQueueLimit: Int = DescriptorChannel.defaultSendQueueLimit
    ) throws {
        let pair = try UnixSocketPair()
        process = try ChildProcess(program, streams: pair.theirs, loop: loop)
        channel = try DescriptorChannel(
            socket: pair.ours, loop: loop, sendQueueLimit: sendQueueLimit)
        self.loop = loop
        self.name = name
    }

    /// Waits for bytes of the program; nil once it has closed its output and ended well.
    ///
    /// - Throws: ``ProgramFailure`` where it ended otherwise.
    public func read() async throws -> Bytes? {
        var failure: ChannelError?
        do {
            if let bytes = try await channel.read() { return bytes }
        } catch let error as ChannelError {
            // As when it ends without having read all that it was sent.
            failure = error
        }
        let status = try? await process.waitUntilEnd(until: loop.now + Self.endTime)
        if let status, status != .exited(0) { throw ProgramFailure(name: name, status: status) }
        if status == nil, let failure { throw failure }
        return nil
    }

    /// Hands over what the program sends as it comes.
    public func deliver(to receiver: any ByteReceiver) async { deliver(to: receiver, by: loop) }

    /// Queues bytes for the program.
    public func enqueue(_ pieces: [Bytes]) throws -> Bool { try channel.enqueue(pieces) }

    /// Suspends while the program does not take what is queued.
    public func waitForRoom() async throws { try await channel.waitForRoom() }

    /// Ends the program's input.
    public func finishWriting() async throws { try await channel.finishWriting() }

    /// Closes both directions and has the program end.
    public func close() async {
        await channel.close()
        await process.end(by: SIGHUP)
    }
}

/// A program that did not end as it should have.
public struct ProgramFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// What messages call the program.
    public let name: String
    /// How it ended.
    public let status: ProgramStatus

    /// Says how a program ended.
    public init(name: String, status: ProgramStatus) {
        self.name = name
        self.status = status
    }

    /// `the proxy command ended with exit status 1`.
    public var description: String { "\(name) ended with \(status)" }
}

extension EpollLoop {
    /// Starts a program that gives us a connection: it passes one descriptor over its standard
    /// output, a socket, and ends (ssh's `ProxyUseFdpass`).
    ///
    /// - Parameters:
    ///   - program: its input and output are set here.
    ///   - name: what messages call it.
    ///   - deadline: until when, in the loop's time; nil for as long as it takes.
    /// - Throws: ``SystemError``, ``ProgramFailure``, ``TimeoutError`` or `CancellationError`.
    public func descriptor(
        from program: Program, name: String, until deadline: Duration?
    ) async throws -> FileDescriptor {
        let ours: FileDescriptor
        let process: ChildProcess
        do {
            let pair = try UnixSocketPair()
            process = try ChildProcess(program, streams: pair.theirs, loop: self)
            ours = pair.ours
        }
        do {
            let received = try await receiveDescriptor(from: ours, until: deadline)
            guard let received else {
                let status = try await process.waitUntilEnd(until: deadline)
                throw ProgramFailure(name: name, status: status)
            }
            return FileDescriptor(owning: received)
        } catch {
            await process.end(by: SIGHUP)
            throw error
        }
    }

    /// Waits for a descriptor; nil where the end or something else comes.
    private func receiveDescriptor(
        from socket: borrowing FileDescriptor, until deadline: Duration?
    ) async throws -> CInt? {
        try socket.setNonBlocking()
        let number = socket.rawValue
        let readable = WaitQueue(loop: self)
        let watch = try watch(number, for: .read) { _ in readable.wakeAll() }
        defer { unwatch(watch) }
        while true {
            let descriptor = clinux_receive_descriptor(number)
            if descriptor >= 0 { return descriptor }
            if descriptor == -2 { return nil }
            guard errno == EAGAIN || errno == EINTR else { throw SystemError.last("recvmsg") }
            try await readable.wait(until: deadline)
        }
    }
}
