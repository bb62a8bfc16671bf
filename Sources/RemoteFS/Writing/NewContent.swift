// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

/// All that a file holds which has been made or emptied here and is open to be read and written: compilers and
/// linkers read back what they have just written, a little at a time.
struct NewContent {
    /// The largest such file that is kept here, in bytes: the output of most compilers and linkers.
    static let fileBytes = 8 << 20
    /// How many bytes of all such files are kept.
    static let mountBytes = 16 << 20

    private var data: [UInt8] = []
    /// The connection over which the file has been made or emptied.
    let generation: UInt64
    /// When it was last known that the server's file is this one: at a write of ours, or when the server told.
    private(set) var confirmedAt: Duration
    /// The attributes that the server told last; nil while ours are changing them.
    private(set) var attributes: Heard<FileAttributes>?
    /// Which version they are of; nil once we have written more.
    private var version: FileVersion?

    /// The content of a file that has none.
    init(_ attributes: FileAttributes, generation: UInt64, now: Duration) {
        self.generation = generation
        self.attributes = Heard(value: attributes, at: now)
        confirmedAt = now
    }

    /// How many bytes there are.
    var count: Int { data.count }

    /// Takes note of a write; false where there is too much to be kept then.
    mutating func write(_ piece: FilePiece, now: Duration) -> Bool {
        guard piece.range.upperBound <= UInt64(Self.fileBytes) else { return false }
        let (start, end) = (Int(piece.range.lowerBound), Int(piece.range.upperBound))
        if start > data.count {
            data.append(contentsOf: repeatElement(0, count: start - data.count))
        }
        data.replaceSubrange(start..<min(end, data.count), with: piece.data)
        (version, confirmedAt) = (nil, now)
        return true
    }

    /// What there is of a range.
    func read(at offset: UInt64, count: Int) -> [Bytes] {
        guard offset < UInt64(data.count) else { return [] }
        let start = Int(offset)
        // A copy: the next write would have to copy all of it if a slice were still in use.
        return [Array(data[start..<start + min(count, data.count - start)])[...]]
    }

    /// Takes note that attributes are being changed.
    mutating func noteAttributeChange() { attributes = nil }

    /// Takes note of what the server has told; false where somebody else has changed the file.
    mutating func confirm(_ heard: Heard<FileAttributes>) -> Bool {
        let version = FileVersion(heard.value)
        guard heard.value.size == UInt64(data.count), self.version ?? version == version else {
            return false
        }
        (self.version, attributes, confirmedAt) = (version, heard, heard.at)
        return true
    }
}

extension RemoteFS {
    /// Begins to keep what is written to a file that has just been made or emptied, and opened.
    func keepNewContent(of inode: InodeNumber, _ attributes: FileAttributes, _ flags: OpenFlags) {
        guard flags.isSuperset(of: [.read, .write]), !flags.contains(.append),
            attributes.size == 0, !options.writesThrough, options.attributeValidity > .zero
        else { return }
        newContents[inode] = NewContent(
            attributes, generation: client.generation, now: loop.now)
    }

    /// Adds what has been written to what is kept, while there is room for it.
    func addNewContent(_ piece: FilePiece, of inode: InodeNumber) {
        guard !newContents.isEmpty, newContents[inode] != nil else { return }
        if !(newContents[inode]?.write(piece, now: loop.now) ?? false) { newContents[inode] = nil }
        guard newContents.values.reduce(0, { $0 + $1.count }) > NewContent.mountBytes else {
            return
        }
        newContents = newContents.filter { isCurrent($0.value) && isConfirmed($0.value) }
        if newContents.values.reduce(0, { $0 + $1.count }) > NewContent.mountBytes {
            newContents[inode] = nil
        }
    }

    /// Compares what is kept with attributes that the server has told.
    func confirmNewContent(of inode: InodeNumber, _ heard: Heard<FileAttributes>) {
        guard !newContents.isEmpty, newContents[inode] != nil else { return }
        if !(newContents[inode]?.confirm(heard) ?? false) { newContents[inode] = nil }
    }

    /// What a file holds that is still being written anew, as far as it is known here; nil where the server
    /// has to be asked.
    func readNewContent(
        _ handle: HandleID, offset: UInt64, count: Int
    ) async throws(Errno) -> [Bytes]? {
        guard !newContents.isEmpty, let file = files[handle], file.access.contains(.read),
            let content = newContent(of: file.inode)
        else { return nil }
        if !isConfirmed(content) { _ = try await getattrOnce(file.inode, handle: handle) }
        guard let content = newContent(of: file.inode), isConfirmed(content) else { return nil }
        return content.read(at: offset, count: count)
    }

    /// The attributes of a file that is being written anew, while what has been written is not on the server,
    /// which can't tell them either: as it has told them last, but for the size.
    func attributesBeforeWrites(of inode: InodeNumber) -> FileAttributes? {
        guard !newContents.isEmpty, pendingWrites[inode]?.isChange ?? false,
            nodes[inode]?.place != nil, let content = newContent(of: inode),
            let heard = content.attributes, loop.now < heard.at + options.attributeValidity
        else { return nil }
        var attributes = heard.value
        attributes.size = UInt64(content.count)
        return attributes
    }

    private func newContent(of inode: InodeNumber) -> NewContent? {
        guard let content = newContents[inode], isCurrent(content), let node = nodes[inode],
            node.twins.isEmpty, !(node.details?.mayHaveUnknownTwins ?? false)
        else { return nil }
        return content
    }

    private func isCurrent(_ content: NewContent) -> Bool {
        !isCutOff && content.generation == client.generation
    }

    private func isConfirmed(_ content: NewContent) -> Bool {
        loop.now < content.confirmedAt + options.attributeValidity
    }
}
