// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// A server's files, in memory: what stays when connections come and go.
///
/// It belongs to the loop's thread.
final class SimulatedTree: @unchecked Sendable {
    /// Who makes and removes things, by user ID.
    enum Maker: UInt32 {
        case client = 1000
        case rival = 1001
    }

    /// A name that has been made or removed.
    struct Event {
        let path: [UInt8]
        let isMaking: Bool
        let maker: Maker
    }

    /// A file or a directory.
    final class Node {
        let isDirectory: Bool
        /// The directory in the root that it was made in.
        let area: [UInt8]
        let maker: Maker
        var content: [UInt8] = []
        var children: [[UInt8]: Node] = [:]
        var permissions: UInt32
        var mtime: UInt32

        init(
            isDirectory: Bool, area: [UInt8] = [], by maker: Maker = .client, permissions: UInt32,
            mtime: UInt32
        ) {
            self.isDirectory = isDirectory
            self.area = area
            self.maker = maker
            self.permissions = permissions
            self.mtime = mtime
        }

        var attributes: FileAttributes {
            FileAttributes(
                size: isDirectory ? 4096 : UInt64(content.count),
                owner: .init(uid: maker.rawValue, gid: maker.rawValue),
                permissions: permissions | (isDirectory ? 0o040000 : 0o100000),
                times: .init(atime: mtime, mtime: mtime))
        }
    }

    let root = Node(isDirectory: true, permissions: 0o755, mtime: 0)
    /// What has become of names, in order.
    private(set) var events: [Event] = []
    /// Whether what is done now comes late: the connection by which it was asked for is gone.
    var isLate = false
    /// The directories in the root in which something has been changed late.
    private(set) var changedLate: Set<[UInt8]> = []
    /// The server's clock, in seconds since 1970.
    private let clock: () -> UInt32

    init(clock: @escaping () -> UInt32) { self.clock = clock }

    // MARK: Finding

    func node(_ path: Bytes) throws(Errno) -> Node {
        var node = root
        for name in Self.names(path) {
            guard node.isDirectory else { throw .ENOTDIR }
            guard let next = node.children[name] else { throw .ENOENT }
            node = next
        }
        return node
    }

    private func place(_ path: Bytes) throws(Errno) -> (parent: Node, name: [UInt8]) {
        var names = Self.names(path)
        guard let name = names.popLast() else { throw .EBUSY }
        let parent = try node(Array(names.joined(separator: [UInt8(ascii: "/")]))[...])
        guard parent.isDirectory else { throw .ENOTDIR }
        return (parent, name)
    }

    private static func names(_ path: Bytes) -> [[UInt8]] {
        path.split(separator: UInt8(ascii: "/")).map(Array.init).filter {
            $0 != [UInt8(ascii: ".")]
        }
    }

    // MARK: Changing

    func open(
        _ path: Bytes, _ flags: OpenFlags, permissions: UInt32, by maker: Maker = .client
    ) throws(Errno) -> Node {
        let (parent, name) = try place(path)
        if let node = parent.children[name] {
            if flags.isSuperset(of: [.create, .exclusive]) { throw .EEXIST }
            if node.isDirectory { throw .EISDIR }
            if flags.contains(.truncate) { setSize(0, of: node) }
            return node
        }
        guard flags.contains(.create) else { throw .ENOENT }
        return add(path, name, to: parent, isDirectory: false, permissions, maker)
    }

    func makeDirectory(
        _ path: Bytes, permissions: UInt32, by maker: Maker = .client
    ) throws(Errno) {
        let (parent, name) = try place(path)
        guard parent.children[name] == nil else { throw .EEXIST }
        _ = add(path, name, to: parent, isDirectory: true, permissions, maker)
    }

    private func add(
        _ path: Bytes, _ name: [UInt8], to parent: Node, isDirectory: Bool,
        _ permissions: UInt32, _ maker: Maker
    ) -> Node {
        let node = Node(
            isDirectory: isDirectory, area: Self.names(path)[0], by: maker,
            permissions: permissions & 0o777, mtime: clock())
        note(path, isMaking: true, maker)
        parent.children[name] = node
        parent.mtime = clock()
        return node
    }

    /// Takes note of a change of names.
    private func note(_ path: Bytes, isMaking: Bool, _ maker: Maker) {
        let names = Self.names(path)
        events.append(
            Event(
                path: Array(names.joined(separator: [UInt8(ascii: "/")])), isMaking: isMaking,
                maker: maker))
        if isLate { changedLate.insert(names[0]) }
    }

    func remove(
        _ path: Bytes, directory: Bool, by maker: Maker = .client
    ) throws(Errno) {
        let (parent, name) = try place(path)
        guard let node = parent.children[name] else { throw .ENOENT }
        if node.isDirectory != directory { throw directory ? .ENOTDIR : .EISDIR }
        if !node.children.isEmpty { throw .ENOTEMPTY }
        parent.children[name] = nil
        parent.mtime = clock()
        note(path, isMaking: false, maker)
    }

    /// As rename(2).
    func rename(_ old: Bytes, _ new: Bytes) throws(Errno) {
        let (oldParent, oldName) = try place(old)
        let (newParent, newName) = try place(new)
        guard let node = oldParent.children[oldName] else { throw .ENOENT }
        if let replaced = newParent.children[newName] {
            if replaced === node { return }
            if replaced.isDirectory != node.isDirectory {
                throw node.isDirectory ? .ENOTDIR : .EISDIR
            }
            if !replaced.children.isEmpty { throw .ENOTEMPTY }
        }
        note(old, isMaking: false, .client)
        oldParent.children[oldName] = nil
        newParent.children[newName] = node
        (oldParent.mtime, newParent.mtime) = (clock(), clock())
    }

    func setAttributes(_ attributes: FileAttributes, of node: Node) throws(Errno) {
        noteChange(of: node)
        if let size = attributes.size {
            guard !node.isDirectory else { throw .EISDIR }
            guard size < 1 << 24 else { throw .EFBIG }
            setSize(Int(size), of: node)
        }
        if let permissions = attributes.permissions { node.permissions = permissions & 0o7777 }
        if let times = attributes.times { node.mtime = times.mtime }
    }

    private func noteChange(of node: Node) {
        if isLate { changedLate.insert(node.area) }
    }

    private func setSize(_ size: Int, of node: Node) {
        noteChange(of: node)
        if size < node.content.count {
            node.content.removeLast(node.content.count - size)
        } else {
            node.content.append(contentsOf: repeatElement(0, count: size - node.content.count))
        }
        node.mtime = clock()
    }

    func write(_ data: [UInt8], at offset: UInt64, to node: Node) throws(Errno) {
        guard offset < 1 << 24, data.count < 1 << 24 else { throw .EFBIG }
        noteChange(of: node)
        let end = Int(offset) + data.count
        if end > node.content.count { setSize(end, of: node) }
        node.content.replaceSubrange(Int(offset)..<end, with: data)
        node.mtime = clock()
    }
}
