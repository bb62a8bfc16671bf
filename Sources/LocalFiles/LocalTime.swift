// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// A moment as the local calendar has it.
public struct LocalTime: Sendable {
    /// The year, such as 2024.
    public let year: Int
    /// The month, from 1.
    public let month: Int
    /// The day of the month, from 1.
    public let day: Int
    /// The hour, from 0.
    public let hour: Int
    /// The minute, from 0.
    public let minute: Int
    /// The second, from 0.
    public let second: Int

    /// The time at so many seconds since 1970, local or else UTC; `nil` where the calendar ends.
    public init?(secondsSince1970 seconds: Int64, isUTC: Bool = false) {
        var time = time_t(seconds)
        var parts = unsafe tm()
        let converted = unsafe isUTC ? gmtime_r(&time, &parts) : localtime_r(&time, &parts)
        guard unsafe converted != nil else { return nil }
        year = unsafe Int(parts.tm_year) + 1900
        month = unsafe Int(parts.tm_mon) + 1
        day = unsafe Int(parts.tm_mday)
        hour = unsafe Int(parts.tm_hour)
        minute = unsafe Int(parts.tm_min)
        second = unsafe Int(parts.tm_sec)
    }

    /// This moment in UTC, to the microsecond, as of RFC 3339.
    public static func utcText() -> String {
        var now = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &now)
        let seconds = Int64(now.tv_sec)
        let microseconds = now.tv_nsec / 1000
        guard let time = LocalTime(secondsSince1970: seconds, isUTC: true) else { return "" }
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(width - digits.utf8.count, 0)) + digits
        }
        let date = "\(padded(time.year, 4))-\(padded(time.month, 2))-\(padded(time.day, 2))"
        let clock = "\(padded(time.hour, 2)):\(padded(time.minute, 2)):\(padded(time.second, 2))"
        return "\(date)T\(clock).\(padded(microseconds, 6))Z"
    }

    /// How many seconds have passed since 1970.
    public static var secondsSince1970: Int64 { Int64(time(nil)) }
}
