// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What is mounted in this process's view: proc(5)'s `mountinfo`.
public struct MountTable: Sendable {
    /// A mount.
    public struct Mount: Equatable, Sendable {
        /// Where it is mounted.
        public let mountPoint: String
        /// The file system's type, such as `fuse.hawser`.
        public let type: String
        /// What is mounted, as the file system calls it.
        public let source: String
        /// The number of its device, such as `0:53`, which no other mount has.
        public let device: String
        /// The user who has mounted it; nil for a file system that is not FUSE's.
        public let userID: UInt32?

        /// Whether a program has mounted it, of whatever type it says that it is.
        public var isFUSE: Bool { type == "fuse" || type.hasPrefix("fuse.") }
        /// Whether a program such as ours has mounted it, under our name or that of sshfs.
        public var hasTypeOfOurs: Bool { type == "fuse.hawser" || type == "fuse.sshfs" }
    }

    /// The mounts, in the order in which they were made.
    public let mounts: [Mount]

    /// Takes the text of `mountinfo` apart; lines of another form are passed over.
    public init(mountInfo text: String) {
        mounts = text.split(separator: "\n").compactMap { line in
            // 36 35 98:0 ROOT MOUNTPOINT OPTIONS [TAGS...] - TYPE SOURCE OPTIONS, where 98:0 is the device
            guard let end = line.firstRange(of: " - ") else { return nil }
            let before = line[..<end.lowerBound].split(separator: " ")
            let after = line[end.upperBound...].split(separator: " ")
            guard before.count >= 6, after.count >= 2 else { return nil }
            return Mount(
                mountPoint: unescape(before[4]), type: unescape(after[0]),
                source: unescape(after[1]), device: String(before[2]),
                userID: after.last?.split(separator: ",").lazy.compactMap { option in
                    option.hasPrefix("user_id=") ? UInt32(option.dropFirst("user_id=".count)) : nil
                }.first)
        }
    }

    /// Reads the table of this process.
    public static func read() -> MountTable {
        let descriptor = unsafe open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return MountTable(mountInfo: "") }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count <= 0 { break }
            text.append(contentsOf: buffer[..<count])
        }
        return MountTable(mountInfo: String(decoding: text, as: UTF8.self))
    }

    /// The mount that is seen at a path: the last one made there.
    public func mount(at path: String) -> Mount? {
        mounts.last { $0.mountPoint == path }
    }
}

/// Replaces the escapes of `mountinfo`, a backslash and three octal digits, by what they stand for.
private func unescape(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        let digits = rest.prefix(3)
        if byte == UInt8(ascii: "\\"), digits.count == 3,
            let value = UInt8(String(decoding: Array(digits), as: UTF8.self), radix: 8)
        {
            bytes.append(value)
            rest = rest.dropFirst(3)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
