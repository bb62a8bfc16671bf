// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RemoteFS

@Suite struct KeptListingsTests {
    private func record(_ inode: InodeNumber, _ count: Int, _ seconds: Int) -> KeptListings.Record {
        KeptListings.Record(
            inode: inode, entryCount: count, begunAt: .seconds(seconds - 20),
            validUntil: .seconds(seconds))
    }

    @Test func dropsTheOldestWhenThereAreTooMany() {
        var kept = KeptListings(maximumEntries: 100)
        #expect(kept.add(record(2, 50, 1)) { _ in false }.isEmpty)
        #expect(kept.add(record(3, 50, 2)) { _ in false }.isEmpty)
        #expect(kept.add(record(4, 1, 3)) { _ in false } == [record(2, 50, 1)])
        #expect(kept.size == 51)
        #expect(kept.nextExpiry == .seconds(2))
    }

    @Test func tellsWhatWasListedNext() {
        var kept = KeptListings(maximumEntries: 100)
        for inode: InodeNumber in 2...6 { _ = kept.add(record(inode, 1, 1)) { _ in false } }
        #expect(kept.following(3, maximum: 2) == [4, 5])
        #expect(kept.following(5, maximum: 9) == [6, 2, 3, 4])
        #expect(kept.following(7, maximum: 9).isEmpty)
    }

    @Test func sparesWhatHasBeenUsed() {
        var kept = KeptListings(maximumEntries: 100)
        _ = kept.add(record(2, 50, 1)) { _ in false }
        _ = kept.add(record(3, 50, 2)) { _ in false }
        #expect(kept.add(record(4, 50, 3)) { $0.inode == 2 } == [record(3, 50, 2)])
        #expect(kept.size == 100)
    }

    @Test func dropsSomeEvenIfAllHaveBeenUsed() {
        var kept = KeptListings(maximumEntries: 100)
        for inode: InodeNumber in 2...1000 { _ = kept.add(record(inode, 10, 1)) { _ in true } }
        #expect(kept.size == 100)
    }

    @Test func dropsOneThatIsTooLongByItself() {
        var kept = KeptListings(maximumEntries: 100)
        let long = record(2, 101, 1)
        #expect(kept.add(long) { _ in false } == [long])
        #expect(kept.size == 0)
    }

    @Test func boundsTheNumberOfEmptyOnesToo() {
        var kept = KeptListings(maximumEntries: 100)
        for inode: InodeNumber in 2...1000 { _ = kept.add(record(inode, 0, 1)) { _ in false } }
        #expect(kept.size == 100)
    }

    @Test func givesOutWhatHasExpired() {
        var kept = KeptListings(maximumEntries: 100)
        for second in 1...3 { _ = kept.add(record(UInt64(second) + 1, 10, second)) { _ in false } }
        #expect(kept.takeExpired(now: .seconds(2)) == [record(2, 10, 1), record(3, 10, 2)])
        #expect(kept.takeExpired(now: .seconds(2)).isEmpty)
        #expect(kept.size == 10)
    }
}
