// SPDX-License-Identifier: Apache-2.0

/// How OPEN opens a file: `pflags` of the SFTP draft version 3, section 6.3.
public struct OpenFlags: OptionSet, Hashable, Sendable {
    /// The flags as they stand on the wire; unknown bits are kept.
    public let rawValue: UInt32

    /// Takes the flags as they stand on the wire.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Open for reading.
    public static let read = OpenFlags(rawValue: 0x01)
    /// Open for writing.
    public static let write = OpenFlags(rawValue: 0x02)
    /// Every write goes to the end of the file.
    public static let append = OpenFlags(rawValue: 0x04)
    /// Make the file if it isn't there.
    public static let create = OpenFlags(rawValue: 0x08)
    /// Cut an existing file to length 0.
    public static let truncate = OpenFlags(rawValue: 0x10)
    /// With ``create``: fail if the file is there.
    public static let exclusive = OpenFlags(rawValue: 0x20)
}
