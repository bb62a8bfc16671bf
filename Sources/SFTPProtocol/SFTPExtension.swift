// SPDX-License-Identifier: Apache-2.0

/// The protocol extensions of OpenSSH that we speak, by their names on the wire.
///
/// Source: OpenSSH's `PROTOCOL` file, section 4.
public enum SFTPExtension: String, CaseIterable, Sendable {
    case posixRename = "posix-rename@openssh.com"
    case statvfs = "statvfs@openssh.com"
    case fstatvfs = "fstatvfs@openssh.com"
    case hardlink = "hardlink@openssh.com"
    case fsync = "fsync@openssh.com"
    case lsetstat = "lsetstat@openssh.com"
    case limits = "limits@openssh.com"
    case expandPath = "expand-path@openssh.com"
    case copyData = "copy-data"
    case homeDirectory = "home-directory"
    case usersGroupsByID = "users-groups-by-id@openssh.com"

    /// The version of the extension that we speak, as it stands in a VERSION packet.
    public var version: String {
        switch self {
        case .statvfs, .fstatvfs: "2"
        case .posixRename, .hardlink, .fsync, .lsetstat, .limits, .expandPath, .copyData,
            .homeDirectory, .usersGroupsByID:
            "1"
        }
    }
}
