// SPDX-License-Identifier: Apache-2.0

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

    /// How many seconds have passed since 1970.
    public static var secondsSince1970: Int64 { Int64(time(nil)) }
}
