// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient

/// What is read of an open file before programs ask for it.
///
/// All of it is of one handle of the server and of one version of the file.
final class ReadAhead {
    var streams = ReadStreams()
    var pieces = FetchedPieces()
    /// Where those wait who read what is on its way.
    let progress: WaitQueue
    /// The server's handle that the pieces are read by.
    var server: SFTPHandle
    /// What the file was known to be when they were asked for.
    var version: FileVersion?
    /// Since when it has been known to be that.
    var seenSince: Duration
    /// The number of our last change when the first of them was asked for.
    var change: UInt64 = 0
    /// When a program last read what it was expected to.
    var lastRead: Duration

    init(_ server: SFTPHandle, loop: any EventLoop) {
        self.server = server
        progress = WaitQueue(loop: loop)
        seenSince = loop.now
        lastRead = loop.now
    }

    /// Drops all of it.
    func drop() {
        guard !pieces.isEmpty else { return }
        pieces.removeAll()
        streams.restart()
        progress.wakeAll()
    }
}

/// How many bytes are held for programs that have not read them yet.
struct ReadAheadMemory {
    /// The most for all files of a mount.
    static let mountBytes = 32 << 20
    /// The most for one open file.
    static let fileBytes = 16 << 20

    private var holders: [HandleID: Int] = [:]
    private(set) var bytes = 0

    /// The open files that something is held of.
    var files: Dictionary<HandleID, Int>.Keys { holders.keys }

    /// The most that one open file may hold, now that so many hold something.
    var share: Int { min(Self.fileBytes, Self.mountBytes / max(holders.count, 1)) }

    /// Whether there is room for so many bytes more.
    func hasRoom(for count: Int) -> Bool { bytes + count <= Self.mountBytes }

    /// Takes note of how much is held of a file now.
    mutating func note(_ count: Int, of handle: HandleID) {
        bytes += count - (holders[handle] ?? 0)
        holders[handle] = count == 0 ? nil : count
    }
}
