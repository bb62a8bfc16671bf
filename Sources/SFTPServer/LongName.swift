// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import Wire

/// The `longname` of a directory entry: a line as `ls -l` prints it, in OpenSSH's columns.
struct LongName {
    let accounts: Accounts
    /// The current time, in seconds since 1970.
    let now: Int64

    private static let halfYear: Int64 = 365 * 24 * 60 * 60 / 2
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    func line(name: Bytes, status: FileStatus) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(80 + name.count)
        line += Self.mode(status.mode)
        line += "  ".utf8
        Self.append(String(status.linkCount).utf8, rightAlignedTo: 3, to: &line)
        for owner in [
            accounts.userName(status.uid) ?? Array(String(status.uid).utf8)[...],
            accounts.groupName(status.gid) ?? Array(String(status.gid).utf8)[...],
        ] {
            line.append(UInt8(ascii: " "))
            line += owner
            Self.appendSpaces(8 - owner.count, to: &line)
        }
        line.append(UInt8(ascii: " "))
        Self.append(String(status.size).utf8, rightAlignedTo: 8, to: &line)
        line.append(UInt8(ascii: " "))
        appendTime(status.mtime, to: &line)
        line.append(UInt8(ascii: " "))
        line += name
        return line
    }

    /// The type and permissions as ten characters.
    private static func mode(_ mode: UInt32) -> [UInt8] {
        var text = [typeLetter(mode >> 12)]
        let special: [(bit: UInt32, letter: UInt8)] = [
            (0o4000, UInt8(ascii: "s")), (0o2000, UInt8(ascii: "s")), (0o1000, UInt8(ascii: "t")),
        ]
        for (index, (bit, letter)) in special.enumerated() {
            let bits = mode >> UInt32(6 - 3 * index)
            text.append(bits & 4 != 0 ? UInt8(ascii: "r") : UInt8(ascii: "-"))
            text.append(bits & 2 != 0 ? UInt8(ascii: "w") : UInt8(ascii: "-"))
            let executes = bits & 1 != 0
            if mode & bit != 0 {
                text.append(executes ? letter : letter - 0x20)
            } else {
                text.append(executes ? UInt8(ascii: "x") : UInt8(ascii: "-"))
            }
        }
        return text
    }

    private static func typeLetter(_ type: UInt32) -> UInt8 {
        switch type {
        case 0o01: UInt8(ascii: "p")
        case 0o02: UInt8(ascii: "c")
        case 0o04: UInt8(ascii: "d")
        case 0o06: UInt8(ascii: "b")
        case 0o10: UInt8(ascii: "-")
        case 0o12: UInt8(ascii: "l")
        case 0o14: UInt8(ascii: "s")
        default: UInt8(ascii: "?")
        }
    }

    /// Month, day, and the time of day; or the year for what is older than half a year or to come.
    private func appendTime(_ seconds: Int64, to line: inout [UInt8]) {
        guard let time = LocalTime(secondsSince1970: seconds) else { return }
        line += Self.months[time.month - 1].description.utf8
        line.append(UInt8(ascii: " "))
        Self.append(String(time.day).utf8, rightAlignedTo: 2, to: &line)
        line.append(UInt8(ascii: " "))
        if seconds <= now && now - seconds < Self.halfYear {
            Self.appendTwoDigits(time.hour, to: &line)
            line.append(UInt8(ascii: ":"))
            Self.appendTwoDigits(time.minute, to: &line)
        } else {
            Self.append(String(time.year).utf8, rightAlignedTo: 5, to: &line)
        }
    }

    private static func append(
        _ text: String.UTF8View, rightAlignedTo width: Int, to line: inout [UInt8]
    ) {
        appendSpaces(width - text.count, to: &line)
        line += text
    }

    private static func appendSpaces(_ count: Int, to line: inout [UInt8]) {
        for _ in 0..<max(count, 0) { line.append(UInt8(ascii: " ")) }
    }

    private static func appendTwoDigits(_ number: Int, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "0") + UInt8(number / 10 % 10))
        line.append(UInt8(ascii: "0") + UInt8(number % 10))
    }
}
