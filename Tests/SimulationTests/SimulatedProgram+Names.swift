// SPDX-License-Identifier: Apache-2.0

import RemoteFS
import SFTPProtocol

// What a program does with the names in its directory.

extension SimulatedProgram {
    func node(_ name: [UInt8]? = nil) async throws(Errno) -> InodeNumber {
        switch try await fileSystem.lookup(name ?? directory, in: rootInode) {
        case .found(let entry): return entry.status.inode
        case .absent: throw .ENOENT
        }
    }

    func create() async {
        let name = numbers.pick(names)
        let isNew = files[name] == nil
        await attempt("create \(text(name))", on: .names([name])) { () async throws(Errno) in
            let flags: OpenFlags =
                numbers.oneIn(2) ? [.read, .write, .exclusive] : [.read, .write]
            do throws(Errno) {
                let (entry, opened) = try await fileSystem.create(
                    name, in: try await node(), permissions: 0o644, flags)
                if !isNew, flags.contains(.exclusive) {
                    violation("an exclusive create of what was there succeeded")
                }
                let file = files[name] ?? File()
                files[name] = file
                append(opened.handle, entry.status.inode, file)
            } catch .EEXIST where !isNew && flags.contains(.exclusive) {
                return
            }
        }
    }

    func openExisting() async {
        guard let name = someName, let file = files[name] else { return }
        await attempt("open \(text(name))", on: .names([])) { () async throws(Errno) in
            guard case .found(let entry) = try await fileSystem.lookup(name, in: try await node())
            else { throw .ENOENT }
            let opened = try await fileSystem.open(entry.status.inode, [.read, .write])
            append(opened.handle, entry.status.inode, file)
        }
    }

    private func append(_ handle: HandleID, _ inode: InodeNumber, _ file: File) {
        var opened = Open(handle: handle, inode: inode, file: file)
        // What was acknowledged before may be lost already.
        opened.wasTold = file.isUnsynced
        open.append(opened)
    }

    /// A name that is there.
    private var someName: [UInt8]? {
        files.keys.sorted { $0.lexicographicallyPrecedes($1) }.randomElement(numbers)
    }

    func rename() async {
        let (old, new) = (numbers.pick(names), numbers.pick(names))
        guard old != new, let file = files[old] else { return }
        await attempt("rename \(text(old)) to \(text(new))", on: .names([old, new])) {
            () async throws(Errno) in
            let parent = try await node()
            try await fileSystem.rename(
                Rename(
                    oldParent: parent, oldName: old, newParent: parent, newName: new,
                    mayReplace: true))
            files[old] = nil
            files[new]?.isRemoved = true
            files[new] = file
        }
    }

    func remove() async {
        guard let name = someName else { return }
        await attempt("remove \(text(name))", on: .names([name])) { () async throws(Errno) in
            try await fileSystem.unlink(name, in: try await node())
            files[name]?.isRemoved = true
            files[name] = nil
        }
    }

    /// Lists the directory, and compares.
    func compareNames() async {
        await attempt("list", on: .nothing) { () async throws(Errno) in
            let found = try await list()
            let names = found.subtracting(doubtfulNames).subtracting([
                Array(".".utf8), Array("..".utf8),
            ])
            if names != Set(files.keys) {
                violation(
                    "lists \(names.map(text).sorted()) instead of \(files.keys.map(text).sorted())")
            }
        }
    }

    private func list() async throws(Errno) -> Set<[UInt8]> {
        let handle = try await fileSystem.opendir(try await node()).handle
        var found: Set<[UInt8]> = []
        var offset: UInt64 = 0
        do throws(Errno) {
            while true {
                let entries = try await fileSystem.readdir(
                    handle, offset: offset, room: 4096, overhead: 24, attributes: false)
                guard let last = entries.last else { break }
                for entry in entries where !found.insert(entry.name).inserted {
                    violation("\(text(entry.name)) is listed twice")
                }
                offset = last.nextOffset
            }
        } catch {
            await fileSystem.releasedir(handle)
            throw error
        }
        await fileSystem.releasedir(handle)
        return found
    }
}
