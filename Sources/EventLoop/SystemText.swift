// SPDX-License-Identifier: Apache-2.0

import Glibc
import Wire

extension String {
    /// A text of the system's, such as a path or a variable; bytes that are not UTF-8 are kept.
    ///
    /// - Parameter text: with a NUL behind it.
    public init(keepingCString text: UnsafePointer<CChar>) {
        let bytes = unsafe UnsafeBufferPointer(start: text, count: strlen(text))
        self.init(keepingBytesOf: unsafe bytes.map { UInt8(truncatingIfNeeded: $0) })
    }
}
