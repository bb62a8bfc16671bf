// SPDX-License-Identifier: Apache-2.0

import EventLoop

/// Looks at files that had lost their names, which their callers have to take again.
///
/// Where a file is replaced between the lookup of its name and the look at it, that is answered with ESTALE,
/// and Linux does both once more, once only: then the program would see that error, although there was a file
/// of that name all the time. So what the second lookup has found is told as it was then.
struct RetriedLooks {
    /// For how long the caller is expected to look again.
    private static let patience = Duration.seconds(5)
    /// How many are expected at a time.
    private static let maximumCount = 256

    private struct Look {
        let failedAt: Duration
        /// What the caller has looked up last since.
        var found: InodeNumber?
    }

    private var looks: [CallerID: Look] = [:]

    /// Whether none is expected.
    var isEmpty: Bool { looks.isEmpty }

    /// Takes note of what a lookup has found.
    mutating func noteLookup(of inode: InodeNumber, by caller: CallerID) {
        looks[caller]?.found = inode
    }

    /// Takes note of a look that fails.
    ///
    /// - Returns: whether the caller has just looked this file up for it, having failed before.
    mutating func isRetry(of inode: InodeNumber, by caller: CallerID, at now: Duration) -> Bool {
        guard caller != 0 else { return false }
        if let look = looks.removeValue(forKey: caller), look.found == inode,
            now < look.failedAt + Self.patience
        {
            return true
        }
        if looks.count >= Self.maximumCount {
            looks = looks.filter { now < $0.value.failedAt + Self.patience }
        }
        if looks.count < Self.maximumCount { looks[caller] = Look(failedAt: now) }
        return false
    }
}
