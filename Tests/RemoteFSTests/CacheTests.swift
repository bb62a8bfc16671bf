// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Testing

@testable import RemoteFS

@Suite struct CachedPagesTests {
    private func attributes(size: UInt64, mtime: UInt32?) -> FileAttributes {
        FileAttributes(
            size: size, times: mtime.map { FileAttributes.Times(atime: 0, mtime: $0) })
    }

    private func reopen(
        _ pages: inout CachedPages, _ attributes: FileAttributes, _ now: Duration
    ) -> Bool {
        pages.reopen(attributes, now: now)
    }

    @Test func keepsPagesOnlyOfAVersionThatHasSettled() {
        let version = attributes(size: 10, mtime: 5)
        var pages = CachedPages(version, now: .seconds(0))
        var isKept: Bool
        isKept = reopen(&pages, version, .seconds(1))
        #expect(!isKept)
        isKept = reopen(&pages, version, .seconds(3))
        #expect(!isKept)
        isKept = reopen(&pages, version, .seconds(4))
        #expect(isKept)
        isKept = reopen(&pages, version, .seconds(400))
        #expect(isKept)
    }

    @Test(arguments: [(11, 5), (10, 6)])
    func dropsPagesOfAnotherVersion(size: UInt64, mtime: UInt32) {
        let version = attributes(size: 10, mtime: 5)
        var pages = CachedPages(version, now: .seconds(0))
        var isKept: Bool
        _ = pages.reopen(version, now: .seconds(3))
        isKept = reopen(&pages, attributes(size: size, mtime: mtime), .seconds(9))
        #expect(!isKept)
        isKept = reopen(&pages, version, .seconds(10))
        #expect(!isKept)
    }

    @Test func dropsPagesWhereTheServerTellsNoTime() {
        let version = attributes(size: 10, mtime: nil)
        var pages = CachedPages(version, now: .seconds(0))
        var isKept: Bool
        isKept = reopen(&pages, version, .seconds(30))
        #expect(!isKept)
        isKept = reopen(&pages, version, .seconds(60))
        #expect(!isKept)
    }
}

@Suite struct DirectoryListingTests {
    private func entry(_ name: String, size: UInt64? = 1) -> DirectoryEntry {
        DirectoryEntry(name: Array(name.utf8), attributes: FileAttributes(size: size))
    }

    private func find(_ name: String, _ listing: inout DirectoryListing) -> DirectoryEntry? {
        listing.entry(named: Array(name.utf8))
    }

    @Test func keepsUpWithChanges() {
        var listing = DirectoryListing([entry("a"), entry("b")], askedAfterChange: 0)
        listing.insert(entry("c"))
        listing.remove(Array("a".utf8))
        listing.insert(entry("b", size: 2))
        listing.remove(Array("missing".utf8))
        #expect(listing.entries.map { String(decoding: $0.name, as: UTF8.self) } == ["b", "c"])
        let (a, b) = (find("a", &listing), find("b", &listing))
        #expect(a == nil)
        #expect(b?.attributes?.size == 2)
        listing.insert(entry("a"))
        let again = find("a", &listing)
        #expect(again != nil)
        #expect(listing.entries.count == 3)
    }

    @Test func forgetsAttributesAndKeepsTheName() {
        var listing = DirectoryListing([entry("a")], askedAfterChange: 0)
        listing.forgetAttributes(of: Array("a".utf8))
        let a = find("a", &listing)
        #expect(a != nil)
        #expect(a?.attributes == nil)
    }
}
