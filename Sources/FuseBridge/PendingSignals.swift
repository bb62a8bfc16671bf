// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Which signals wait for a thread that is in a system call, as /proc tells, see proc_pid_status(5).
///
/// FUSE_INTERRUPT comes for every signal alike, also for those of timers that a program handles and goes
/// on after: such a program knows nothing of EINTR from the system calls that it makes on files.
struct PendingSignals {
    private let pending: UInt64
    private let caught: UInt64

    /// Signals by which a program is told of something, not told to stop, if it catches them.
    private static let notices = [
        SIGALRM, SIGVTALRM, SIGPROF, SIGURG, SIGWINCH, SIGCHLD, SIGIO, SIGCONT,
    ].reduce(UInt64(0)) { $0 | bit($1) }

    private static func bit(_ signal: CInt) -> UInt64 { 1 << UInt64(signal - 1) }

    /// Nil where that can't be known: the thread has gone, or is in another namespace.
    init?(of thread: pid_t) {
        guard thread > 0, let text = Self.text("status", of: thread) else { return nil }
        self.init(status: text)
    }

    /// Takes what the `status` file says.
    init?(status text: String) {
        var sets: [Substring: UInt64] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("Sig") || line.hasPrefix("Shd")
        {
            let parts = line.split(separator: ":")
            guard parts.count == 2 else { continue }
            sets[parts[0]] = UInt64(parts[1].drop { $0 == "\t" || $0 == " " }, radix: 16)
        }
        guard let own = sets["SigPnd"], let shared = sets["ShdPnd"], let blocked = sets["SigBlk"],
            let caught = sets["SigCgt"]
        else { return nil }
        pending = (own | shared) & ~blocked
        self.caught = caught
    }

    /// Whether the process is to end, whatever it thinks of that.
    var isKilled: Bool { pending & Self.bit(SIGKILL) != 0 }

    /// Whether there are only such as a program catches to be told of something.
    var areNotices: Bool { pending != 0 && pending & ~(Self.notices & caught) == 0 }

    /// Never blocks: /proc is the kernel's own memory.
    static func text(_ file: String, of thread: pid_t) -> String? {
        let descriptor = unsafe open("/proc/\(thread)/\(file)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe read(descriptor, $0.baseAddress, $0.count)
        }
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}
