// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol

/// Decides whether pages that the kernel kept of a file still show it.
///
/// Size and times tell one version from another, but times may have whole seconds: a file changed twice
/// within one looks the same. So pages are kept only if the kernel started to collect
/// them when this version had already been seen for longer than such a second can last.
struct CachedPages {
    /// How long a version must have been seen before its pages are trusted.
    static let settlingTime = Duration.seconds(2)

    private let version: FileVersion
    private let firstSeen: Duration
    private var collectedSince: Duration

    /// The pages of a file that is opened for the first time.
    init(_ attributes: FileAttributes, now: Duration) {
        version = FileVersion(attributes)
        firstSeen = now
        collectedSince = now
    }

    /// Whether the kernel may keep them if an open finds these attributes.
    func areTrusted(_ attributes: FileAttributes) -> Bool {
        version.hasTime && version == FileVersion(attributes)
            && collectedSince >= firstSeen + Self.settlingTime
    }

    /// Looks at the attributes that an open found.
    ///
    /// - Returns: whether the kernel may keep its pages; otherwise it starts over now.
    mutating func reopen(_ attributes: FileAttributes, now: Duration) -> Bool {
        guard version.hasTime, version == FileVersion(attributes) else {
            self = CachedPages(attributes, now: now)
            return false
        }
        if collectedSince >= firstSeen + Self.settlingTime { return true }
        collectedSince = now
        return false
    }
}

/// What tells one version of a file's content from another.
struct FileVersion: Hashable {
    private let size: UInt64?
    private let mtime: FileTime?
    /// Where the server tells them: the time of the last change, whatever the other time was set to, and
    /// which file it is.
    private let ctime: FileTime?
    private let identity: ExactAttributes.Identity?

    init(_ attributes: FileAttributes) {
        size = attributes.size
        let tellsTime = attributes.times != nil || attributes.exact != nil
        mtime = tellsTime ? attributes.exactMtime : nil
        ctime = attributes.exact?.ctime
        identity = attributes.exact?.identity
    }

    /// Whether versions can be told apart at all.
    var hasTime: Bool { mtime != nil }
}
