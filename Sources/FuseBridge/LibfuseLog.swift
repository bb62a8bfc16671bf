// SPDX-License-Identifier: Apache-2.0

internal import CFuse
import Glibc
import Synchronization

/// What libfuse has to say while it mounts: it becomes part of our own one line of error.
enum LibfuseLog {
    private static let lastLine = Mutex("")
    /// The longest line that is kept, in bytes.
    private static let lineBytes = 512

    /// From now on libfuse tells us, instead of writing to the standard error output.
    static func capture() {
        unsafe fuse_set_log_func { _, format, arguments in
            guard let format = unsafe format, let arguments = unsafe arguments else { return }
            var line = [CChar](repeating: 0, count: LibfuseLog.lineBytes)
            let room = line.count
            unsafe vsnprintf(&line, room, format, arguments)
            let bytes = line.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:))
            LibfuseLog.take(String(decoding: bytes, as: UTF8.self))
        }
    }

    private static func take(_ line: String) {
        lastLine.withLock { $0 = line }
    }

    /// The last line since this was asked last, as the end of a sentence; empty if there was none.
    static func takeReason() -> String {
        let line = lastLine.withLock { line in
            defer { line = "" }
            return line
        }
        guard !line.isEmpty else { return "" }
        return ": " + (line.hasPrefix("fuse: ") ? String(line.dropFirst("fuse: ".count)) : line)
    }
}
