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
