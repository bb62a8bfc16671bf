// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RemoteFS

@Suite struct KeptListingsTests {
    private func record(_ inode: InodeNumber, _ count: Int, _ seconds: Int) -> KeptListings.Record {
        KeptListings.Record(inode: inode, entryCount: count, validUntil: .seconds(seconds))
    }

    @Test func dropsTheOldestWhenThereAreTooMany() {
        var kept = KeptListings()
        let half = KeptListings.maximumEntries / 2
        #expect(kept.add(record(2, half, 1)).isEmpty)
        #expect(kept.add(record(3, half, 2)).isEmpty)
        #expect(kept.add(record(4, 1, 3)) == [record(2, half, 1)])
        #expect(kept.entryCount == half + 1)
        #expect(kept.nextExpiry == .seconds(2))
    }

    @Test func dropsOneThatIsTooLongByItself() {
        var kept = KeptListings()
        let long = record(2, KeptListings.maximumEntries + 1, 1)
        #expect(kept.add(long) == [long])
        #expect(kept.entryCount == 0)
    }

    @Test func givesOutWhatHasExpired() {
        var kept = KeptListings()
        for second in 1...3 { _ = kept.add(record(UInt64(second) + 1, 10, second)) }
        #expect(kept.takeExpired(now: .seconds(2)) == [record(2, 10, 1), record(3, 10, 2)])
        #expect(kept.takeExpired(now: .seconds(2)).isEmpty)
        #expect(kept.entryCount == 10)
    }
}
