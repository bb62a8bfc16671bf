// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

/// A small file that is opened and read before the program that goes through its directory comes to it.
final class FileAhead {
    let place: Node.Place
    /// What the directory's listing tells of the file.
    let attributes: FileAttributes
    /// The directory's modification time in that listing.
    let directoryTime: UInt32
    /// The number of our last change when the file was opened.
    let askedAfterChange: UInt64
    let askedAt: Duration

    /// The server's handle; nil while there is none.
    private(set) var server: SFTPHandle?
    /// All that is in it; nil until it has been asked for.
    private(set) var content: PendingReply<[Bytes]?>?
    /// Whether nobody is to use it any more.
    private(set) var isGivenUp = false
    private var isOpening = true
    private let progress: WaitQueue

    init(
        _ place: Node.Place, _ attributes: FileAttributes, directoryTime: UInt32,
        askedAfter change: UInt64, loop: any EventLoop
    ) {
        self.place = place
        self.attributes = attributes
        self.directoryTime = directoryTime
        askedAfterChange = change
        askedAt = loop.now
        progress = WaitQueue(loop: loop)
    }

    /// How many bytes are in it.
    var size: Int { Int(attributes.size ?? 0) }

    /// Takes note of what came of its open.
    func finishOpening(_ server: SFTPHandle?, _ content: PendingReply<[Bytes]?>?) {
        isOpening = false
        (self.server, self.content) = (server, content)
        progress.wakeAll()
    }

    /// Waits for the server's handle.
    ///
    /// - Returns: nil where there is none.
    func opened() async -> SFTPHandle? {
        while isOpening { do { try await progress.wait() } catch { return nil } }
        return server
    }

    /// Has nobody use it any more.
    ///
    /// - Returns: the server's handle, which is to be closed; nil while there is none.
    func giveUp() -> SFTPHandle? {
        isGivenUp = true
        return server.take()
    }
}

/// The small files that are open before programs come to them, and how many are to be.
struct FilesAhead {
    /// How many are opened at first, where a program has opened two neighbours.
    static let fewest = 4
    /// For how long one waits for the program.
    static let patience = Duration.seconds(5)

    private var files: [Node.Place: FileAhead] = [:]
    /// Those that have no handle of the server yet, also if they have been taken out, by number.
    private var opening: [UInt64: FileAhead] = [:]
    private var lastNumber: UInt64 = 0
    /// How many bytes are in all of them.
    private(set) var byteCount = 0
    /// How many are to be ahead of a program: more once it has come for some, few again where it does not.
    private(set) var window = Self.fewest

    private var lastUse = Duration.longAgo
    private var lastOrder: DirectoryWalk.Order?

    var count: Int { files.count }
    var isEmpty: Bool { files.isEmpty }

    func contains(_ place: Node.Place) -> Bool { files[place] != nil }

    /// Adds one whose open has just been sent.
    ///
    /// - Returns: its number, for ``takeOpening(_:)`` when the answer is there.
    mutating func add(_ file: FileAhead) -> UInt64 {
        lastNumber += 1
        opening[lastNumber] = file
        files[file.place] = file
        byteCount += file.size
        return lastNumber
    }

    mutating func takeOpening(_ number: UInt64) -> FileAhead? {
        opening.removeValue(forKey: number)
    }

    /// Takes out the one at a place, if it is there.
    mutating func take(_ place: Node.Place) -> FileAhead? {
        guard let file = files.removeValue(forKey: place) else { return nil }
        byteCount -= file.size
        return file
    }

    /// Takes out one, if nobody has yet.
    mutating func remove(_ file: FileAhead) {
        if files[file.place] === file { _ = take(file.place) }
    }

    /// Takes out those that nobody has come for.
    mutating func takeExpired(now: Duration) -> [FileAhead] {
        let expired = files.values.filter { $0.askedAt + Self.patience <= now }
        if !expired.isEmpty { window = Self.fewest }
        return expired.compactMap { take($0.place) }
    }

    mutating func takeAll() -> [FileAhead] {
        let all = Array(files.values)
        (files, byteCount) = ([:], 0)
        return all
    }

    /// Takes note that a program has come for one, in an order.
    mutating func noteUse(_ order: DirectoryWalk.Order?, at now: Duration, maximum: Int) {
        window = min(window * 2, maximum)
        (lastOrder, lastUse) = (order, now)
    }

    /// In which order the program that has just come for some will go through another directory, too.
    func expectedOrder(at now: Duration) -> DirectoryWalk.Order? {
        now < lastUse + Self.patience ? lastOrder : nil
    }
}
