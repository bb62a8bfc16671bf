// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A program that runs, watched by the loop: it is reaped as soon as it ends.
///
/// It is told apart by a descriptor of the kernel's, so that no signal ever reaches another process
/// that has got its number.
public actor ChildProcess {
    /// How long a program that was asked to end may take before it is killed.
    private static let graceTime = Duration.seconds(2)

    private let loop: EpollLoop
    private let number: pid_t
    private let descriptor: FileDescriptor
    private var watch: WatchID?
    private var status: ProgramStatus?
    private let waiters: WaitQueue

    /// The loop: every call runs on its thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Starts a program.
    ///
    /// - Throws: ``SystemError``, where there is no such program for instance.
    public init(_ program: Program, loop: EpollLoop) throws {
        self.loop = loop
        number = try program.start()
        let descriptor = clinux_process_descriptor(number)
        guard descriptor >= 0 else {
            let error = SystemError.last("pidfd_open")
            kill(number, SIGKILL)
            _ = waitpid(number, nil, 0)
            throw error
        }
        self.descriptor = FileDescriptor(owning: descriptor)
        waiters = WaitQueue(loop: loop)
        loop.programStarted()
        try assumeIsolated { process in
            process.watch = try loop.watch(descriptor, for: .read) { _ in
                process.assumeIsolated { $0.reap() }
            }
        }
    }

    /// Starts a program whose standard input and output are one socket; it stays the caller's.
    init(
        _ program: Program, streams: borrowing FileDescriptor, loop: EpollLoop
    ) throws {
        var program = program
        program.input = .descriptor(streams.rawValue)
        program.output = program.input
        try self.init(program, loop: loop)
    }

    private func reap() {
        var result: CInt = 0
        guard status == nil, unsafe waitpid(number, &result, WNOHANG) == number else { return }
        status = ProgramStatus(waitStatus: result)
        loop.programEnded()
        if let watch { loop.unwatch(watch) }
        watch = nil
        waiters.wakeAll()
    }

    /// Waits until the program has ended.
    ///
    /// - Parameter deadline: until when, in the loop's time.
    /// - Throws: ``TimeoutError``, or `CancellationError`.
    public func waitUntilEnd(until deadline: Duration? = nil) async throws -> ProgramStatus {
        while true {
            if let status { return status }
            try await waiters.wait(until: deadline)
        }
    }

    /// Has the program end by a signal, or be killed if it does not heed it; returns at once.
    public func end(by signal: CInt) {
        guard status == nil else { return }
        send(signal)
        _ = loop.schedule(at: loop.now + Self.graceTime) {
            self.assumeIsolated { $0.send(SIGKILL) }
        }
    }

    private func send(_ signal: CInt) {
        if status == nil { _ = clinux_signal_process(descriptor.rawValue, signal) }
    }
}
