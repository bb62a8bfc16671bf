// SPDX-License-Identifier: Apache-2.0

import EventLoop

/// A directory that has just been opened.
public struct OpenedDirectory: Hashable, Sendable {
    /// The handle for all that follows.
    public var handle: HandleID
    /// Whether the kernel may keep the entries that it reads, for those who open the directory later.
    public var keepsNewEntries: Bool
    /// Whether what the kernel has kept still shows the directory, so that it need not ask for it.
    public var keepsEntries: Bool
}

/// What the kernel has kept of a directory's entries; what we change there it drops by itself.
struct KeptByKernel {
    /// Tells the listing that it read from every other one of the directory.
    let begunAt: Duration
    /// When it began to read.
    let readAt: Duration
}

extension RemoteFS {
    /// What the kernel may do with the entries of a directory.
    ///
    /// It keeps them only where the directory's time tells of every later change: that is what it looks
    /// at when a program rewinds. And it takes what it kept only for as long as it believes most of the
    /// attributes that came with it: to ask for each of them takes longer than to read the entries again.
    func enter(_ fetch: ListingFetch) -> OpenedDirectory {
        let directory = OpenDirectory(fetch)
        let validity = entryValidity
        let kept = nodes[fetch.inode]?.details?.keptByKernel
        let isKept =
            fetch.isComplete && kept?.begunAt == fetch.listing.begunAt
            && loop.now < (kept?.readAt ?? .longAgo) + validity * 3 / 4
        // What is asked of us for all that is asked for anew.
        directory.hasBeenRead = isKept
        directory.isToBeKept = validity > .zero && fetch.listing.directoryTime != nil
        return OpenedDirectory(
            handle: directories.add(directory), keepsNewEntries: directory.isToBeKept,
            keepsEntries: isKept)
    }

    /// For how long the kernel believes all that comes with an entry.
    var entryValidity: Duration { min(options.attributeValidity, options.nameValidity) }

    /// Takes note of what the kernel reads from the beginning of a directory on.
    ///
    /// What is read from there for a second time it may mix with what it kept of the first.
    ///
    /// - Parameter attributes: whether attributes come with the entries.
    func noteReading(_ directory: OpenDirectory, from offset: UInt64, attributes: Bool) {
        let listing = directory.fetch.listing
        guard let details = nodes[directory.inode]?.makeDetails() else { return }
        if !attributes {
            details.keptByKernel = nil
        } else if offset == 0 {
            details.keptByKernel =
                directory.hasBeenRead || !directory.isToBeKept || listing.directoryTime == nil
                ? nil : KeptByKernel(begunAt: listing.begunAt, readAt: loop.now)
        }
    }
}
