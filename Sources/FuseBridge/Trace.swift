// SPDX-License-Identifier: Apache-2.0

import RemoteFS
import SFTPClient
import SFTPProtocol
import Wire

/// Tells of each request of the kernel once it has been answered, for people who look for a fault.
///
/// Names are shown, what files hold is not.
public struct Trace: Sendable {
    private let write: @Sendable (String) -> Void

    /// A trace whose lines go to `write`.
    public init(to write: @escaping @Sendable (String) -> Void) {
        self.write = write
    }

    /// Tells how a request was answered, and how long that took.
    func end(_ request: String, _ outcome: String, after latency: Duration) {
        let microseconds = Int(latency / .microseconds(1))
        let fraction = String(microseconds % 1000 + 1000).dropFirst()
        note("\(request): \(outcome), \(microseconds / 1000).\(fraction) ms")
    }

    /// Tells what happened.
    func note(_ line: String) { write(line) }
}

/// A name as it is told.
func quoted(_ name: [UInt8]) -> String {
    "\"\(escaped(name, limit: name.count))\""
}

// What is told of arguments and answers.

extension Entry {
    var text: String { "node \(status.inode), \(status.text)" }
}

extension FileStatus {
    var text: String { "mode \(String(mode, radix: 8)), \(size) bytes" }
}

extension OpenedFile {
    var text: String { "handle \(handle)\(keepsPages ? ", with the pages that are cached" : "")" }
}

extension OpenFlags {
    var text: String {
        let words: [(OpenFlags, String)] = [
            (.read, "read"), (.write, "write"), (.append, "append"), (.truncate, "truncate"),
            (.exclusive, "exclusive"),
        ]
        return words.filter { contains($0.0) }.map(\.1).joined(separator: " ")
    }
}

extension Rename {
    var text: String {
        "rename \(quoted(oldName)) in \(oldParent) to \(quoted(newName)) in \(newParent)"
            + (mayReplace ? "" : ", replacing nothing")
    }
}

extension AttributeChanges {
    var text: String {
        let parts = [
            permissions.map { "mode \(String($0 & 0o7777, radix: 8))" }, uid.map { "uid \($0)" },
            gid.map { "gid \($0)" }, size.map { "size \($0)" }, atime.map { "atime \($0.text)" },
            mtime.map { "mtime \($0.text)" },
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }
}

extension TimeChange {
    fileprivate var text: String {
        switch self {
        case .now: "now"
        case .at(let time): "\(time.seconds)"
        }
    }
}

extension Errno {
    var outcome: String { text ?? "error \(rawValue)" }
}
