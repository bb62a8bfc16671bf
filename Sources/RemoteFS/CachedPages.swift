// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol

/// Decides whether pages that the kernel kept of a file still show it.
///
/// Size and modification time tell one version from another, but times have whole seconds: a file
/// changed twice within one looks the same. So pages are kept only if the kernel started to collect
/// them when this version had already been seen for longer than such a second can last.
struct CachedPages {
    /// How long a version must have been seen before its pages are trusted.
    static let settlingTime = Duration.seconds(2)

    private let size: UInt64?
    private let mtime: UInt32?
    private let firstSeen: Duration
    private var collectedSince: Duration

    /// The pages of a file that is opened for the first time.
    init(_ attributes: FileAttributes, now: Duration) {
        size = attributes.size
        mtime = attributes.times?.mtime
        firstSeen = now
        collectedSince = now
    }

    /// Looks at the attributes that an open found.
    ///
    /// - Returns: whether the kernel may keep its pages; otherwise it starts over now.
    mutating func reopen(_ attributes: FileAttributes, now: Duration) -> Bool {
        guard mtime != nil, size == attributes.size, mtime == attributes.times?.mtime else {
            self = CachedPages(attributes, now: now)
            return false
        }
        if collectedSince >= firstSeen + Self.settlingTime { return true }
        collectedSince = now
        return false
    }
}
