// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Wire

/// What a program that works for us writes to its standard error, line by line.
///
/// It does not get our own: a program that lives as long as a mount would keep the caller's terminal
/// or pipe open, and what it says would be lost once we are in the background.
struct ErrorOutput {
    /// The most that is shown of one program, in bytes, whatever it says.
    private static let bytesShown = 64 * 1024
    /// A line that does not end is shown in pieces of this size, in bytes.
    private static let lineBytes = 1024

    /// The program's end, open here until ``programHasStarted()``.
    let descriptor: CInt

    /// Begins to show lines, until all who write have ended.
    ///
    /// - Parameter name: what messages call the program.
    init(
        of name: String, loop: EpollLoop, show: @escaping @Sendable (String) -> Void
    ) throws {
        let pair = try UnixSocketPair()
        let channel = try DescriptorChannel(socket: pair.ours, loop: loop)
        descriptor = pair.theirs.release()
        loop.spawn {
            var lines = LineSplitter(limit: Self.lineBytes)
            var left = Self.bytesShown
            while let bytes = try? await channel.read() {
                let shown = bytes.prefix(left)
                left -= shown.count
                for line in lines.add(shown) { show("\(name): \(line)") }
            }
            if let line = lines.rest { show("\(name): \(line)") }
            await channel.close()
        }
    }

    /// What the program is to be given.
    var stream: Program.Stream { .descriptor(descriptor) }

    /// Lets go of the program's end; to be called once, whether it runs or could not be started.
    func programHasStarted() { close(descriptor) }
}

/// Cuts a stream into lines.
struct LineSplitter {
    private var pending: [UInt8] = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// The lines that are complete now.
    mutating func add(_ bytes: Bytes) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte != UInt8(ascii: "\n") { pending.append(byte) }
            if byte == UInt8(ascii: "\n") || pending.count == limit {
                if let line = rest { lines.append(line) }
                pending.removeAll(keepingCapacity: true)
            }
        }
        return lines
    }

    /// What has come of a line that has not ended; nil for nothing.
    var rest: String? {
        let line = pending.last == UInt8(ascii: "\r") ? pending.dropLast() : pending[...]
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }
}
