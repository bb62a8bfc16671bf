// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the system allows this process.
public enum ProcessLimits {
    private static let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    /// How many descriptors may be open at a time; `nil` if the system doesn't say.
    public static var openDescriptors: UInt64? {
        var limit = rlimit()
        guard unsafe getrlimit(descriptors, &limit) == 0 else { return nil }
        return UInt64(limit.rlim_cur)
    }

    /// Allows as many open descriptors as may be had without asking anybody.
    public static func raiseOpenDescriptors() {
        var limit = rlimit()
        guard unsafe getrlimit(descriptors, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(descriptors, &limit)
    }
}
