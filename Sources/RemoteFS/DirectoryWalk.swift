// SPDX-License-Identifier: Apache-2.0

/// How programs go through a directory, as far as it lets guess what they want next.
struct DirectoryWalk {
    /// How long a pause may be in one walk.
    private static let pause = Duration.seconds(5)
    /// How far behind the last visit the next one is looked for before the walk is given up.
    private static let reach = 64
    /// The most directories that are put in order by their names.
    private static let sortedCount = 4096
    /// How often a walk is put in order before it is taken for none.
    private static let patience = 4

    private var lastVisit: (name: FileName, at: Duration)?
    /// The numbers of the directories in the listing, in the order of the walk.
    private var order: [UInt32] = []
    private var listing: DirectoryListing?
    /// How many of ``order`` have been gone through.
    private var position = 0
    /// How often the next visit was not where it was looked for.
    private var disorder = 0

    /// The last name that the server had to be asked for.
    private var lastMiss: (name: FileName, at: Duration)?
    /// When a listing may be fetched ahead of its readers again.
    var nextFetch = Duration.longAgo

    /// Takes note that the server had to be asked for a name.
    ///
    /// - Returns: whether it has been asked for another one just before.
    mutating func noteMiss(of name: FileName, at now: Duration) -> Bool {
        defer { lastMiss = (name, now) }
        guard let lastMiss else { return false }
        return lastMiss.name != name && now < lastMiss.at + Self.pause
    }

    /// Takes note that a directory in this one has been opened to be read.
    ///
    /// - Parameter listing: what is known to be in this one.
    /// - Returns: the names of the directories that come next; none before the second visit.
    mutating func noteVisit(
        _ name: FileName, at now: Duration, in listing: () -> DirectoryListing?, ahead: Int
    ) -> [FileName] {
        let previous = lastVisit.flatMap { now < $0.at + Self.pause ? $0.name : nil }
        lastVisit = (name, now)
        guard let previous else {
            (order, position, disorder) = ([], 0, 0)
            return []
        }
        if previous != name, !advance(to: name) {
            guard disorder < Self.patience else { return [] }
            disorder += 1
            self.listing = listing()
            makeOrder(previous, name)
            guard advance(to: name) else { return [] }
        }
        return next(ahead)
    }

    private mutating func advance(to name: FileName) -> Bool {
        guard let listing else { return false }
        let end = min(position + Self.reach, order.count)
        for index in position..<max(position, end)
        where listing.isNamed(name, number: Int(order[index])) {
            position = index + 1
            return true
        }
        return false
    }

    private func next(_ count: Int) -> [FileName] {
        guard let listing else { return [] }
        return order.dropFirst(position).prefix(count).compactMap { listing[Int($0)]?.name }
    }

    /// Puts the directories in the order of the listing, if the two visits are neighbours there, or
    /// of their names otherwise; the walk stands behind `first`.
    private mutating func makeOrder(_ first: FileName, _ second: FileName) {
        (order, position) = ([], 0)
        guard var listing else { return }
        order = (listing.firstNumber..<listing.endNumber)
            .filter { listing.isDirectory($0) }.map(UInt32.init)
        guard let start = listing.number(of: first).map(UInt32.init) else { return }
        position = (order.firstIndex(of: start) ?? 0) + 1
        if advance(to: second), position <= order.count, order[position - 2] == start {
            position -= 1
            return
        }
        guard order.count <= Self.sortedCount else { return order = [] }
        order.sort { listing.isOrdered(Int($0), Int($1)) }
        position = (order.firstIndex(of: start) ?? -1) + 1
    }
}
