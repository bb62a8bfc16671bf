// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RemoteFS

@Suite struct NodeTableTests {
    private func name(_ text: String) -> FileName { Array(text.utf8) }

    @Test func givesAnUntouchedNameAlwaysTheSameNumber() {
        var first = NodeTable()
        let second = NodeTable()
        let looked = first.lookUp(name("a"), in: rootInode, kind: .regular)
        #expect(second.prospectiveInode(named: name("a"), in: rootInode) == looked)
        #expect(first.prospectiveInode(named: name("a"), in: rootInode) == looked)
        #expect(first.prospectiveInode(named: name("b"), in: rootInode) != looked)
    }

    @Test func forgetsANodeWithItsLastLookup() {
        var nodes = NodeTable()
        let inode = nodes.lookUp(name("a"), in: rootInode, kind: .regular)
        let again = nodes.lookUp(name("a"), in: rootInode, kind: .regular)
        #expect(again == inode)
        nodes.forget(inode, 1)
        #expect(nodes[inode]?.lookupCount == 1)
        nodes.forget(inode, 1)
        #expect(nodes.count == 1)
    }

    @Test func survivesMoreForgetsThanLookups() {
        var nodes = NodeTable()
        let inode = nodes.lookUp(name("a"), in: rootInode, kind: .regular)
        nodes.forget(inode, .max)
        nodes.forget(inode, 5)
        nodes.forget(rootInode, 100)
        #expect(nodes.count == 1)
        #expect(nodes.names(to: rootInode) == [])
    }

    @Test func keepsParentsWhileChildrenAreKnown() {
        var nodes = NodeTable()
        let directory = nodes.lookUp(name("d"), in: rootInode, kind: .directory)
        let file = nodes.lookUp(name("f"), in: directory, kind: .regular)
        nodes.forget(directory, 1)
        #expect(nodes.names(to: file) == [name("d"), name("f")])
        nodes.forget(file, 1)
        #expect(nodes.count == 1)
    }

    @Test func keepsNodesWhileHandlesAreOpen() {
        var nodes = NodeTable()
        let file = nodes.lookUp(name("f"), in: rootInode, kind: .regular)
        nodes.open(file)
        nodes.forget(file, 1)
        #expect(nodes[file] != nil)
        nodes.close(file)
        #expect(nodes.count == 1)
    }

    @Test func keepsNodesWhileRequestsAreToComeBackToThem() {
        var nodes = NodeTable()
        let file = nodes.lookUp(name("f"), in: rootInode, kind: .regular)
        nodes.beginChange(of: file)
        nodes.beginMove(file)
        nodes.forget(file, 1)
        nodes.endChange(of: file)
        #expect(nodes[file] != nil)
        nodes.endMove(file)
        #expect(nodes.count == 1)
    }

    @Test func movesADirectoryWithAllThatIsBelow() {
        var nodes = NodeTable()
        let directory = nodes.lookUp(name("d"), in: rootInode, kind: .directory)
        let other = nodes.lookUp(name("o"), in: rootInode, kind: .directory)
        let file = nodes.lookUp(name("f"), in: directory, kind: .regular)
        nodes.move(name("d"), in: rootInode, to: name("e"), in: other)
        #expect(nodes.names(to: file) == [name("o"), name("e"), name("f")])
        #expect(nodes.inode(named: name("d"), in: rootInode) == nil)
        #expect(nodes.inode(named: name("e"), in: other) == directory)
    }

    @Test func takesTheNameFromWhatARenameReplaces() {
        var nodes = NodeTable()
        let old = nodes.lookUp(name("old"), in: rootInode, kind: .regular)
        let new = nodes.lookUp(name("new"), in: rootInode, kind: .regular)
        nodes.move(name("new"), in: rootInode, to: name("old"), in: rootInode)
        #expect(nodes.names(to: old) == nil)
        #expect(nodes.names(to: new) == [name("old")])
        // The number of the name is still the replaced node's: a new file needs another.
        nodes.detach(name("old"), in: rootInode)
        let newest = nodes.lookUp(name("old"), in: rootInode, kind: .regular)
        #expect(newest != old)
    }

    @Test func takesAFileOfAnotherKindForAnotherFile() {
        var nodes = NodeTable()
        let file = nodes.lookUp(name("a"), in: rootInode, kind: .regular)
        let directory = nodes.lookUp(name("a"), in: rootInode, kind: .directory)
        #expect(file != directory)
        #expect(nodes.names(to: file) == nil)
        #expect(nodes.names(to: directory) == [name("a")])
    }

    @Test func losesADirectoryMovedBelowItself() {
        var nodes = NodeTable()
        let upper = nodes.lookUp(name("u"), in: rootInode, kind: .directory)
        let lower = nodes.lookUp(name("l"), in: upper, kind: .directory)
        nodes.move(name("u"), in: rootInode, to: name("x"), in: lower)
        #expect(nodes.names(to: upper) == nil)
        #expect(nodes.names(to: lower) == nil)
    }

    @Test func keepsHardLinksTogetherOnlyWhenTold() {
        var nodes = NodeTable()
        let file = nodes.lookUp(name("a"), in: rootInode, kind: .regular)
        nodes.link(file, to: name("b"), in: rootInode)
        let linked = nodes.lookUp(name("b"), in: rootInode, kind: .regular, keepsLinks: true)
        #expect(linked == file)
        #expect(nodes.names(to: file) == [name("a")])
        let apart = nodes.lookUp(name("b"), in: rootInode, kind: .regular)
        #expect(apart != file)
        #expect(nodes.names(to: apart) == [name("b")])
        nodes.forget(file, 2)
        nodes.forget(apart, 1)
        #expect(nodes.count == 1)
    }

    @Test func changesOfAHardLinkAreThoseOfItsTwinToo() {
        var nodes = NodeTable()
        let file = nodes.lookUp(name("a"), in: rootInode, kind: .regular)
        nodes.link(file, to: name("b"), in: rootInode)
        let first = nodes.lookUp(name("b"), in: rootInode, kind: .regular)
        #expect(nodes[file]?.twins == [first])
        // The kernel forgets the first answer when it is not the node that it knew, and asks again.
        nodes.forget(first, 1)
        #expect(nodes[file]?.twins == [])
        let twin = nodes.lookUp(name("b"), in: rootInode, kind: .regular)
        let before = nodes.lastChange
        nodes.beginChange(of: twin)
        nodes.endChange(of: twin)
        #expect(nodes[file]?.isUnchanged(since: before) == false)
        // Another file is no twin.
        nodes.detach(name("b"), in: rootInode)
        let other = nodes.lookUp(name("b"), in: rootInode, kind: .regular)
        #expect(nodes[other]?.twins == [])
        #expect(nodes[file]?.twins == [twin])
    }

    @Test func findsTheWayThroughAnotherLinkWhenTheFirstIsRemoved() {
        var nodes = NodeTable()
        let file = nodes.lookUp(name("a"), in: rootInode, kind: .regular)
        nodes.link(file, to: name("b"), in: rootInode)
        nodes.detach(name("a"), in: rootInode)
        #expect(nodes.names(to: file) == [name("b")])
        nodes.forget(file, 1)
        #expect(nodes.count == 1)
        #expect(nodes.inode(named: name("b"), in: rootInode) == nil)
    }

    @Test func pathsThroughARenameInFlightAreUnsettled() {
        var nodes = NodeTable()
        let directory = nodes.lookUp(name("d"), in: rootInode, kind: .directory)
        let file = nodes.lookUp(name("f"), in: directory, kind: .regular)
        let other = nodes.lookUp(name("o"), in: rootInode, kind: .regular)
        nodes.beginMove(directory)
        #expect(nodes.isUnsettled(file))
        #expect(nodes.isUnsettled(directory))
        #expect(!nodes.isUnsettled(other))
        nodes.endMove(directory)
        #expect(!nodes.isUnsettled(file))
    }

    @Test func distrustsAnswersFromBeforeAChange() {
        var nodes = NodeTable()
        let file = nodes.lookUp(name("f"), in: rootInode, kind: .regular)
        let before = nodes.lastChange
        #expect(nodes[file]?.isUnchanged(since: before) == true)
        nodes.beginChange(of: file)
        let during = nodes.lastChange
        #expect(nodes[file]?.isUnchanged(since: during) == false)
        nodes.endChange(of: file)
        #expect(nodes[file]?.isUnchanged(since: during) == false)
        #expect(nodes[file]?.isUnchanged(since: nodes.lastChange) == true)
    }

    @Test func remembersChangesOfForgottenChildren() {
        var nodes = NodeTable()
        let file = nodes.lookUp(name("f"), in: rootInode, kind: .regular)
        let before = nodes.lastChange
        nodes.beginChange(of: file)
        nodes.endChange(of: file)
        nodes.forget(file, 1)
        #expect(nodes[rootInode].map { $0.lastChangeOfForgottenChildren > before } == true)
    }

    @Test func probesForNumbersThatAreFree() {
        let names = (0..<5000).map { name("file-\($0)") }
        var nodes = NodeTable()
        let inodes = Set(names.map { nodes.lookUp($0, in: rootInode, kind: .regular) })
        #expect(inodes.count == names.count)
        #expect(!inodes.contains(0))
        #expect(!inodes.contains(rootInode))
        #expect(
            derivedInode(parent: 1, name: name("a").span, attempt: 0)
                != derivedInode(parent: 1, name: name("a").span, attempt: 1))
    }

    /// With the cells that find it, 21 bytes each at most, below 200.
    @Test func aNodeIsSmall() {
        #expect(MemoryLayout<Node?>.stride <= 152)
    }

    @Test func findsEveryNodeOfManyAfterHalfHaveGone() {
        var nodes = NodeTable()
        let names = (0..<5000).map { name("file-\($0)") }
        let inodes = names.map { nodes.lookUp($0, in: rootInode, kind: .regular) }
        for number in stride(from: 0, to: 5000, by: 2) { nodes.forget(inodes[number], 1) }
        for number in 0..<5000 {
            let isKnown = number % 2 == 1
            #expect((nodes[inodes[number]] != nil) == isKnown)
            #expect(
                nodes.inode(named: names[number], in: rootInode)
                    == (isKnown ? inodes[number] : nil))
        }
        // What is looked up again lies where others were.
        for number in stride(from: 0, to: 5000, by: 2) {
            let again = nodes.lookUp(names[number], in: rootInode, kind: .regular)
            #expect(again == inodes[number])
        }
        #expect(nodes.count == 5001)
    }

    @Test func offersIdleFilesOnceTheyHaveNotBeenUsedForARound() {
        var nodes = NodeTable()
        let directory = nodes.lookUp(name("d"), in: rootInode, kind: .directory)
        let open = nodes.lookUp(name("open"), in: directory, kind: .regular)
        nodes.open(open)
        for number in 0..<10 {
            _ = nodes.lookUp(name("f\(number)"), in: directory, kind: .regular)
        }
        let idle = Set(nodes.takeIdleFiles(100).map(\.name))
        #expect(idle == Set((0..<10).map { name("f\($0)") }))
        _ = nodes.lookUp(name("f3"), in: directory, kind: .regular)
        let first = nodes.takeIdleFiles(9).map(\.name)
        #expect(Set(first) == idle.subtracting([name("f3")]))
    }

    @Test func countsAndOffersEveryNameOfAFile() {
        var nodes = NodeTable()
        let file = nodes.lookUp(name("a"), in: rootInode, kind: .regular)
        nodes.link(file, to: name("b"), in: rootInode)
        nodes.link(file, to: name("c"), in: rootInode)
        #expect((nodes.count, nodes.nameCount) == (2, 4))
        #expect(Set(nodes.takeIdleFiles(100).map(\.name)) == [name("a"), name("b"), name("c")])
        nodes.detach(name("a"), in: rootInode)
        #expect((nodes.count, nodes.nameCount) == (2, 3))
        #expect(Set(nodes.takeIdleFiles(100).map(\.name)) == [name("b"), name("c")])
        nodes.forget(file, 1)
        #expect((nodes.count, nodes.nameCount) == (1, 1))
    }
}
