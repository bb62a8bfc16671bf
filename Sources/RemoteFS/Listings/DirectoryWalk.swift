// SPDX-License-Identifier: Apache-2.0

/// How programs go through a directory, as far as it lets guess what they want next.
struct DirectoryWalk {
    /// In which order a program goes through a directory.
    enum Order {
        case listing
        case inodeNumbers
        case names
    }

    /// Where a visited entry stands, or has stood if it has been removed since.
    struct Place {
        /// Its number in the listing.
        let number: Int
        /// The number that programs are shown of it.
        let inodeNumber: UInt64
    }

    /// How long a pause may be in one walk.
    private static let pause = Duration.seconds(5)
    /// How far behind the last visit the next one is looked for before the walk is given up: less among files,
    /// since they are opened at a guess.
    private var reach: Int { kind == .directory ? 64 : 16 }
    /// The most entries that are put in order by their names.
    private static let sortedCount = 4096
    /// How often a walk is put in order before it is taken for none.
    private static let patience = 4

    /// What is visited: directories, or files.
    private let kind: FileKind
    private var lastVisit: (name: FileName, at: Duration, place: Place?)?
    /// The numbers of the entries of that kind in the listing, in the order of the walk.
    private var order: [UInt32] = []
    private var listing: DirectoryListing?
    /// What ``order`` is; nil while no walk has been recognised.
    private(set) var kindOfOrder: Order?
    /// How many of ``order`` have been gone through.
    private var position = 0
    /// How often the next visit was not where it was looked for.
    private var disorder = 0

    /// The last name that the server had to be asked for.
    private var lastMiss: (name: FileName, at: Duration)?
    /// When a listing may be fetched ahead of its readers again.
    var nextFetch = Duration.longAgo

    init(of kind: FileKind) { self.kind = kind }

    /// Takes note that the server had to be asked for a name.
    ///
    /// - Returns: whether it has been asked for another one just before.
    mutating func noteMiss(of name: FileName, at now: Duration) -> Bool {
        defer { lastMiss = (name, now) }
        guard let lastMiss else { return false }
        return lastMiss.name != name && now < lastMiss.at + Self.pause
    }

    /// Takes note that something in the directory has been opened to be read.
    ///
    /// - Parameters:
    ///   - name: what has been opened.
    ///   - now: the present.
    ///   - place: where it stands; nil where that is not known.
    ///   - listing: what is known to be in the directory.
    ///   - inodeNumber: the number that programs are shown of an entry.
    ///   - expected: the order that the first visit is taken to be the beginning of.
    ///   - ahead: the most names to return.
    /// - Returns: the names of those of its kind that come next; none before the second visit, unless an
    ///   order is expected.
    mutating func noteVisit(
        _ name: FileName, at now: Duration, place: Place?, in listing: () -> DirectoryListing?,
        numbered inodeNumber: (DirectoryEntry) -> UInt64, expected: Order? = nil, ahead: Int
    ) -> [FileName] {
        let previous = lastVisit.flatMap { now < $0.at + Self.pause ? $0 : nil }
        lastVisit = (name, now, place)
        guard let previous else {
            (order, position, disorder, kindOfOrder) = ([], 0, 0, nil)
            guard let expected else { return [] }
            self.listing = listing()
            makeOrder(expected, behind: name, place, inodeNumber)
            return next(ahead)
        }
        if previous.name != name, !advance(to: name) {
            guard disorder < Self.patience else { return [] }
            disorder += 1
            self.listing = listing()
            makeOrder(previous.name, previous.place, name, inodeNumber)
            guard advance(to: name) else { return [] }
        }
        return next(ahead)
    }

    private mutating func advance(to name: FileName) -> Bool {
        guard let listing else { return false }
        let end = min(position + reach, order.count)
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

    /// Puts what is visited in the order of the listing or of the inode numbers, if the two visits are
    /// neighbours there, or of the names otherwise; the walk stands behind `first`.
    private mutating func makeOrder(
        _ first: FileName, _ place: Place?, _ second: FileName,
        _ inodeNumber: (DirectoryEntry) -> UInt64
    ) {
        for kind in [Order.listing, .inodeNumbers, .names] {
            makeOrder(kind, behind: first, place, inodeNumber)
            guard kind != .names, let listing, position < order.count else { continue }
            if listing.isNamed(second, number: Int(order[position])) { return }
        }
    }

    private mutating func makeOrder(
        _ kind: Order, behind first: FileName, _ place: Place?,
        _ inodeNumber: (DirectoryEntry) -> UInt64
    ) {
        (order, position, kindOfOrder) = ([], 0, nil)
        guard let listing, let place else { return }
        let listed = (listing.firstNumber..<listing.endNumber)
            .filter { listing.kind(of: $0) == self.kind }.map(UInt32.init)
        guard kind == .listing || listed.count <= Self.sortedCount else { return }
        switch kind {
        case .listing:
            order = listed
            position = order.firstIndex { $0 > place.number } ?? order.count
        case .inodeNumbers:
            let numbered = listed.map { (listing[Int($0)].map(inodeNumber) ?? 0, $0) }
                .sorted { $0.0 < $1.0 }
            order = numbered.map(\.1)
            position = numbered.firstIndex { $0.0 > place.inodeNumber } ?? order.count
        case .names:
            order = listed.sorted { listing.isOrdered(Int($0), Int($1)) }
            position = order.firstIndex { listing.isBehind(first, Int($0)) } ?? order.count
        }
        kindOfOrder = kind
    }
}
