// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Testing

@testable import RemoteFS

@Suite struct OpenDirectoryTests {
    private func openDirectory(holding count: Int) -> OpenDirectory {
        let entries = (0..<count).map { DirectoryEntry(name: bytes("n\($0)")) }
        return OpenDirectory(
            inode: rootInode,
            listing: Timed(
                value: DirectoryListing(entries, askedAfterChange: 0), validUntil: .seconds(1)),
            loop: SimulatedLoop())
    }

    @Test(arguments: [1 << 40, Int.max])
    func bearsAReaderFarBehindTheEnd(index: Int) {
        let directory = openDirectory(holding: 10)
        directory.dropEntries(farBehind: index)
        #expect(directory.entries(from: index).isEmpty)
        #expect(directory.entries(from: 0).count == 10)
    }

    @Test func keepsABoundedNumberOfEntriesBehindTheReader() {
        let count = 3 * OpenDirectory.keptEntries
        let directory = openDirectory(holding: count)
        directory.dropEntries(farBehind: count)
        #expect(directory.endIndex == count)
        #expect(directory.firstIndex == count - OpenDirectory.keptEntries)
        let next = directory.entries(from: count - 1).first?.entry.name
        #expect(next == Array("n\(count - 1)".utf8))
    }

    @Test func dropsWhatIsFetchedOnTheWayToAReaderFarAhead() {
        let directory = openDirectory(holding: OpenDirectory.keptEntries)
        for _ in 0..<4 {
            directory.append(Array(directory.entries(from: directory.firstIndex)))
            directory.dropEntries(farBehind: Int.max)
            #expect(directory.endIndex - directory.firstIndex <= 2 * OpenDirectory.keptEntries)
        }
    }
}
