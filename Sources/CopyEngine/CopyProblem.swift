// SPDX-License-Identifier: Apache-2.0

import SFTPClient
public import SFTPProtocol

/// Why something is not copied, though no call failed.
enum CopyProblem: Error, CustomStringConvertible {
    case notARegularFile
    case isFolder
    case isNotFolder
    case linkBelowTarget
    case tooDeep
    case tooManyEntries
    case unsafeName
    case brokenListing
    case twice
    case intoItself
    case interrupted
    case manyMatches
    case lostEachTime(String)
    case notVerified
    case severalSources
    case sourceInside

    var description: String {
        switch self {
        case .notARegularFile: "not a regular file"
        case .isFolder: "Is a directory"
        case .isNotFolder: "Not a directory"
        case .linkBelowTarget: "there is a symbolic link in its place, which is not followed"
        case .tooDeep: "directories lie deeper than \(CopyLimits.depth) levels"
        case .tooManyEntries: "the directory has more than \(CopyLimits.entries) entries"
        case .unsafeName: "the server sent a name that is none"
        case .brokenListing: "the listing of the directory makes no sense"
        case .twice: "the directory has this name twice"
        case .intoItself: "a directory is not copied into itself"
        case .interrupted: "interrupted"
        case .lostEachTime(let reason): "the connection is lost each time: \(reason)"
        case .notVerified: "what was written is not what was read: the file is not as it should be"
        case .severalSources: "with --delete there is one source: others would be removed"
        case .sourceInside: "with --delete the source is not inside of the target"
        case .manyMatches: "several files match, but the target is not a directory"
        }
    }
}

/// The error of a call as a number, where it has one.
func errno(of error: any Error) -> Errno? {
    switch error {
    case let error as Errno: error
    case let error as SFTPError: error.errno
    default: nil
    }
}

/// An error in the words of scp(1).
func words(for error: any Error) -> String {
    switch error {
    case let error as Errno: return error.text ?? "\(error)"
    case .status(let status) as SFTPError:
        switch status.code {
        case .noSuchFile, .permissionDenied: return status.errno?.text ?? "\(error)"
        default: return status.exactErrno?.text ?? "\(error)"
        }
    default: return "\(error)"
    }
}

/// Whether nothing more can be done on that side.
func endsConnection(_ error: any Error) -> Bool {
    (error as? SFTPError)?.endsConnection ?? false
}

/// What kind of file this is, by the bits of its mode.
enum FileKind {
    case file, folder, link, other, unknown
}

extension FileAttributes {
    /// Whether this is a directory.
    public var isFolder: Bool { kind == .folder }

    private static let typeMask: UInt32 = 0o170000

    /// The kind of file; unknown where the server does not tell.
    var kind: FileKind {
        switch permissions.map({ $0 & Self.typeMask }) {
        case 0o100000: .file
        case 0o040000: .folder
        case 0o120000: .link
        case nil, 0: .unknown
        default: .other
        }
    }
}
