// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Testing

@testable import RemoteFS

@Suite struct DirectoryListingTests {
    private func listing(_ names: String...) -> DirectoryListing {
        var listing = DirectoryListing(askedAfterChange: 0, begunAt: .seconds(10))
        for name in names {
            listing.append(bytes(name), FileAttributes(size: 1), at: .seconds(11))
        }
        return listing
    }

    private func names(_ listing: DirectoryListing) -> [String] {
        listing.entries.map { String(decoding: $0.name, as: UTF8.self) }
    }

    private func find(_ name: String, _ listing: inout DirectoryListing) -> DirectoryEntry? {
        listing.entry(named: bytes(name))
    }

    @Test func keepsUpWithChanges() {
        var listing = listing("a", "b")
        listing.insert(bytes("c"), nil, at: .seconds(12))
        listing.remove(bytes("a"))
        listing.insert(bytes("b"), FileAttributes(size: 2), at: .seconds(12.5))
        listing.remove(bytes("missing"))
        #expect(names(listing) == ["c", "b"])
        let (a, b) = (find("a", &listing), find("b", &listing))
        #expect(a == nil)
        #expect(b?.attributes?.size == 2)
        #expect(b?.heardAt == .seconds(12.5))
        listing.insert(bytes("a"), nil, at: .seconds(13))
        let again = find("a", &listing)
        #expect(again != nil)
        #expect(listing.entries.count == 3)
    }

    @Test func forgetsAttributesAndKeepsTheName() {
        var listing = listing("a")
        listing.forgetAttributes(of: bytes("a"))
        let a = find("a", &listing)
        #expect(a != nil)
        #expect(a?.attributes == nil)
    }

    @Test func keepsNumbersWhenTheFirstAreDropped() {
        var listing = listing("a", "bb", "ccc", "dddd")
        listing.remove(bytes("ccc"))
        listing.dropFirst(2)
        #expect(listing.firstNumber == 2)
        #expect(listing[2] == nil)
        #expect(listing[3]?.name == bytes("dddd"))
        let (a, d) = (find("a", &listing), find("dddd", &listing))
        #expect(a == nil)
        #expect(d != nil)
    }

    @Test func aRemovedNameThatWasListedTwiceIsGone() {
        var listing = listing("twin", "other", "twin")
        listing.remove(bytes("twin"))
        #expect(names(listing) == ["other"])
    }

    @Test func removedEntriesTakeBoundedRoom() {
        var listing = listing("stays")
        for step in 0..<20_000 {
            listing.insert(bytes("n\(step)"), FileAttributes(size: 1), at: .seconds(11))
            listing.remove(bytes("n\(step)"))
        }
        #expect(listing.count < 5000)
        #expect(names(listing) == ["stays"])
        let stays = find("stays", &listing)
        #expect(stays?.heardAt == .seconds(11))
    }

    /// What was heard before cannot be dated in it.
    @Test func takesNoAttributesFromBeforeItsBeginning() {
        var listing = listing()
        listing.insert(bytes("a"), FileAttributes(size: 1), at: .seconds(9))
        let a = find("a", &listing)
        #expect(a != nil)
        #expect(a?.attributes == nil)
    }

    @Test func findsEveryNameOfManyAfterHalfHaveGone() {
        var listing = DirectoryListing(askedAfterChange: 0, begunAt: .zero)
        for number in 0..<5000 { listing.append(bytes("n\(number)"), nil, at: .zero) }
        for number in stride(from: 0, to: 5000, by: 2) { listing.remove(bytes("n\(number)")) }
        for number in 0..<5000 {
            let isThere = find("n\(number)", &listing) != nil
            #expect(isThere == (number % 2 == 1))
        }
    }
}
