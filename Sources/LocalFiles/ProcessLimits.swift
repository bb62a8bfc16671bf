// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// What the system allows this process.
public enum ProcessLimits {
    /// How much memory of a server stays its own though it is not in use, in bytes: a few packets' worth.
    private static let freedMemoryKept: CInt = 1 << 20
    private static let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    /// How many descriptors may be open at a time; `nil` if the system doesn't say.
    public static var openDescriptors: UInt64? {
        var limit = rlimit()
        guard unsafe getrlimit(descriptors, &limit) == 0 else { return nil }
        return UInt64(limit.rlim_cur)
    }

    /// Sets what holds for a process that serves files to clients.
    public static func prepareServer() {
        // The user's own files are what a client may read, not this process's memory.
        _ = clinux_make_undumpable()
        // A file that would grow beyond the allowed size is an error of the write, not our end.
        signal(SIGXFSZ, SIG_IGN)
        clinux_keep_freed_memory(freedMemoryKept)
    }

    /// Allows as many open descriptors as may be had without asking anybody.
    public static func raiseOpenDescriptors() {
        var limit = rlimit()
        guard unsafe getrlimit(descriptors, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(descriptors, &limit)
    }
}
