// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Overwrites a secret where it lies, if this is its only copy.
func wipeBytes(_ bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { buffer in
        if let start = buffer.baseAddress { unsafe explicit_bzero(start, buffer.count) }
    }
}
