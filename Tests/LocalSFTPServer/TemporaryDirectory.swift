// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc

/// A directory of a test's own, removed with everything in it when it is let go of.
public final class TemporaryDirectory: Sendable {
    /// The absolute path, without links.
    public let path: String

    /// Makes an empty directory where the system keeps such ones.
    public init() throws {
        let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/hawser-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        _ = try? run("/bin/rm", "-rf", "--one-file-system", path)
    }
}
