// SPDX-License-Identifier: Apache-2.0

import CLinux
import EventLoop
import Glibc

/// The process that was started by the user and waits for another, which it has forked, to report.
struct Launcher {
    /// How the work of a forked process has gone.
    enum Report {
        case success
        /// It has failed, for a reason in one line.
        case failure(String)
    }

    /// The writing end of the pipe between the two.
    let pipe: CInt

    /// Splits the process in two: the other one does `work`, and ends with the status that this returns.
    ///
    /// Only one thread may exist, and no loop.
    static func fork(_ work: @escaping @Sendable (Launcher) -> CInt) throws -> PendingReport {
        var ends: [CInt] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else { throw SystemError.last("pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let process = clinux_fork()
        guard process >= 0 else { throw SystemError.last("fork") }
        if process == 0 {
            close(ends[0])
            signal(SIGPIPE, SIG_IGN)
            Launcher(pipe: ends[1]).goOn(work)
        }
        close(ends[1])
        return PendingReport(pipe: ends[0], process: process)
    }

    /// Does the work of a forked process on a thread that is made after the fork.
    ///
    /// The Swift runtime keeps the number of each thread that has ever taken one of its locks, those of
    /// `once` and `Mutex`, and puts it into them, for the kernel to find the owner by. The thread that comes out of
    /// a fork has another number than is kept for it: where a second one waited for a lock of its, that
    /// would never end.
    private func goOn(_ work: @escaping @Sendable (Launcher) -> CInt) -> Never {
        var all = sigset_t()
        var usual = sigset_t()
        unsafe sigfillset(&all)
        // Signals are for the thread that works.
        unsafe pthread_sigmask(SIG_SETMASK, &all, &usual)
        let signals = usual
        do {
            try startThread {
                var signals = signals
                unsafe pthread_sigmask(SIG_SETMASK, &signals, nil)
                exit(work(self))
            }
        } catch {
            report(.failure("\(error)"))
            exit(1)
        }
        while true { pause() }
    }

    /// Tells the launcher how it has gone.
    ///
    /// To be called once.
    ///
    /// - Returns: whether somebody was there to be told.
    @discardableResult
    func report(_ report: Report) -> Bool {
        var message: [UInt8]
        switch report {
        case .success: message = [0]
        case .failure(let reason): message = [1] + Array(reason.utf8)
        }
        let written = unsafe write(pipe, message, message.count)
        close(pipe)
        return written == message.count
    }
}

/// The report that a forked process has still to give.
struct PendingReport {
    let pipe: CInt
    let process: pid_t

    /// Waits for the report, says what went wrong if something did, and returns the exit status.
    func wait() -> CInt { wait(milliseconds: -1) ?? 1 }

    /// Waits for the report for so long, or for ever if that is negative; nil if it has not come.
    func wait(milliseconds: CInt) -> CInt? {
        var message: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            var waiting = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&waiting, 1, milliseconds)
            if ready == 0 { return nil }
            let count = unsafe read(pipe, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            message.append(contentsOf: buffer[..<count])
        }
        guard let status = message.first else {
            complain(reasonOfSilence())
            return 1
        }
        if message.count > 1 { complain(String(decoding: message[1...], as: UTF8.self)) }
        return CInt(status)
    }

    /// Why a process ended without a report.
    private func reasonOfSilence() -> String {
        var status: CInt = 0
        guard unsafe waitpid(process, &status, 0) == process, status & 0x7F != 0 else {
            return "interrupted"
        }
        return "the process in the background was ended by signal \(status & 0x7F)"
    }
}
