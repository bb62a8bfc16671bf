// SPDX-License-Identifier: Apache-2.0

import Wire

/// Our own extension: what version 3 leaves out of STATUS and ATTRS (Docs/PROTOCOL.md).
///
/// A client asks for it in INIT, and a server that has it says so in VERSION. To others the server
/// sends none of it.
public enum ExactExtension {
    /// The extension as INIT and VERSION name it.
    public static let pair = SFTPVersion.ExtensionPair(
        name: "exact@hawser", data: Array("1".utf8)[...])
    /// The extended attribute that holds ``ExactAttributes``.
    static let attributes: StaticString = "stat@hawser"
    /// The extended attribute that holds ``TimeChanges``.
    static let times: StaticString = "times@hawser"
    /// What stands behind the last field of STATUS, before an errno.
    static let errno: StaticString = "errno@hawser"
}

extension StaticString {
    /// Whether these are its bytes.
    func isEqual(to bytes: Bytes) -> Bool { bytes.elementsEqual(description.utf8) }
}

/// A point in time, as file systems know it.
///
/// What lies outside of the years 1678 to 2262 becomes the nearest that does not.
public struct FileTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since 1970.
    public let nanoseconds: Int64

    private static let perSecond: Int64 = 1_000_000_000

    /// A time in nanoseconds since 1970.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// A time in seconds since 1970, and nanoseconds more.
    public init(seconds: Int64, nanoseconds: UInt32 = 0) {
        let (product, overflows) = seconds.multipliedReportingOverflow(by: Self.perSecond)
        let (sum, exceeds) = product.addingReportingOverflow(Int64(nanoseconds))
        self.nanoseconds = overflows || exceeds ? (seconds < 0 ? .min : .max) : sum
    }

    /// The whole seconds since 1970; of times before it, those that are to come before the fraction.
    public var seconds: Int64 {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: Self.perSecond)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// What is beyond the whole seconds, in nanoseconds.
    public var fraction: Int64 {
        let remainder = nanoseconds % Self.perSecond
        return remainder < 0 ? remainder + Self.perSecond : remainder
    }

    /// Orders by time.
    public static func < (left: FileTime, right: FileTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}
