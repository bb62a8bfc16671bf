// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Testing

@testable import RemoteFS

@Suite struct ListingFetchTests {
    private func fetch(holding count: Int) -> ListingFetch {
        var listing = DirectoryListing(askedAfterChange: 0, begunAt: .zero)
        for number in 0..<count { listing.append(bytes("n\(number)"), nil, at: .zero) }
        return ListingFetch(inode: rootInode, listing: listing, loop: SimulatedLoop())
    }

    @Test(arguments: [1 << 40, Int.max])
    func bearsAReaderFarBehindTheEnd(number: Int) {
        let fetch = fetch(holding: 10)
        fetch.dropEntries(farBehind: number)
        #expect(fetch.listing.count == 10)
    }

    @Test func keepsABoundedNumberOfEntriesBehindTheReader() {
        let count = 3 * ListingFetch.keptEntries
        let fetch = fetch(holding: count)
        fetch.dropEntries(farBehind: count)
        #expect(fetch.listing.endNumber == count)
        #expect(fetch.listing.firstNumber == count - ListingFetch.keptEntries)
        #expect(fetch.listing[count - 1]?.name == bytes("n\(count - 1)"))
        #expect(fetch.listing[fetch.listing.firstNumber]?.name == bytes("n\(2 * count / 3)"))
        #expect(!fetch.isWhole)
    }

    @Test func dropsWhatIsFetchedOnTheWayToAReaderFarAhead() {
        let fetch = fetch(holding: ListingFetch.keptEntries)
        let entries = (0..<1000).map {
            NameEntry(filename: bytes("m\($0)")[...], longname: [], attributes: fileAttributes())
        }
        for _ in 0..<200 {
            fetch.append(entries, at: .zero, latest: 0, hidingLinks: false) {
                FileName($0.filename)
            }
            fetch.dropEntries(farBehind: Int.max)
            #expect(fetch.listing.count <= 2 * ListingFetch.keptEntries)
        }
    }
}
