// SPDX-License-Identifier: Apache-2.0

/// A second of the calendar, of whatever zone.
public struct CalendarTime: Comparable, Sendable {
    /// Year, month, day, hour, minute and second, so that comparing them compares the times.
    private let parts: [Int]

    /// A time by its parts; months and days begin at 1.
    public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        parts = [year, month, day, hour, minute, second]
    }

    /// A time as ssh-keygen(1) writes it: `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`.
    init?(text: Substring) {
        let digits = text.utf8.map { Int($0) - Int(UInt8(ascii: "0")) }
        guard [8, 12, 14].contains(digits.count), digits.allSatisfy((0...9).contains) else {
            return nil
        }
        func number(_ range: Range<Int>) -> Int {
            range.upperBound <= digits.count ? digits[range].reduce(0) { $0 * 10 + $1 } : 0
        }
        self.init(
            year: number(0..<4), month: number(4..<6), day: number(6..<8), hour: number(8..<10),
            minute: number(10..<12), second: number(12..<14))
        guard (1...12).contains(parts[1]), (1...31).contains(parts[2]), parts[3] < 24,
            parts[4] < 60, parts[5] <= 60
        else { return nil }
    }

    /// Whether one is before the other.
    public static func < (left: CalendarTime, right: CalendarTime) -> Bool {
        left.parts.lexicographicallyPrecedes(right.parts)
    }
}
