// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the system allows this process.
public enum ProcessLimits {
    /// How many descriptors may be open at a time; `nil` if the system doesn't say.
    public static var openDescriptors: UInt64? {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return nil
        }
        return UInt64(limit.rlim_cur)
    }
}
