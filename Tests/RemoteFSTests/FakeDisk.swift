// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Synchronization
import Wire

@testable import RemoteFS

/// Files in memory that outlive connections, for servers that keep their word.
///
/// Handles do not: each connection has its own.
final class FakeDisk: Sendable {
    struct File {
        var data: [UInt8] = []
        var mtime: UInt32 = 1_000_000
        var mode: UInt32 = 0o100644
        var owner = FileAttributes.Owner(uid: 1, gid: 1)
        /// Its inode number, for servers that tell it; 0 for none.
        var number: UInt64 = 0

        mutating func change(_ attributes: FileAttributes) {
            if let size = attributes.size.map({ Int($0) }) {
                data = data.prefix(size) + [UInt8](repeating: 0, count: max(size - data.count, 0))
            }
            if let mode = attributes.permissions { self.mode = self.mode & ~0o7777 | mode & 0o7777 }
            if let times = attributes.times { mtime = times.mtime }
        }
    }

    private struct State {
        var files: [String: File] = ["/srv": File(mode: 0o040755)]
        var connections = 0
    }

    private let state = Mutex(State())

    /// A file, or none.
    subscript(path: String) -> File? {
        get { state.withLock { $0.files[path] } }
        set { state.withLock { $0.files[path] = newValue } }
    }

    private final class Handles: Sendable {
        let paths = Mutex<[[UInt8]: String]>([:])
        let listed = Mutex<Set<[UInt8]>>([])
    }

    /// The answers of one connection.
    func answers() -> FakeServer.Answer {
        let number = state.withLock { state in
            state.connections += 1
            return state.connections
        }
        let handles = Handles()
        return { request in self.answer(request, handles, number) }
    }

    private func answer(_ request: SFTPRequest, _ handles: Handles, _ connection: Int) -> SFTPReply
    {
        func path(_ handle: Bytes) -> String? { handles.paths.withLock { $0[Array(handle)] } }
        func newHandle(_ path: String) -> SFTPReply {
            let name = handles.paths.withLock { paths in
                let name = bytes("\(connection)-\(paths.count)")
                paths[name] = path
                return name
            }
            return .handle(name[...])
        }
        return state.withLock { state in
            switch request {
            case .lstat(let path), .stat(let path):
                return Self.attributes(state.files[Self.text(path)])
            case .fstat(let handle):
                let path = path(handle).map { $0.hasSuffix("\n") ? String($0.dropLast()) : $0 }
                return Self.attributes(path.flatMap { state.files[$0] })
            case .open(let path, let flags, let attributes):
                let path = Self.text(path)
                if state.files[path] == nil {
                    guard flags.contains(.create) else { return noSuchFile }
                    state.files[path] = File(mode: 0o100000 | (attributes.permissions ?? 0o644))
                } else if flags.contains(.exclusive) {
                    return failure
                } else if flags.contains(.write), (state.files[path]?.mode ?? 0) & 0o200 == 0 {
                    return .status(SFTPStatus(.permissionDenied))
                }
                if flags.contains(.truncate) { state.files[path]?.data = [] }
                return newHandle(flags.contains(.append) ? path + "\n" : path)
            case .read(let handle, let offset, let length):
                guard let data = path(handle).flatMap({ state.files[$0]?.data }) else {
                    return failure
                }
                let piece = data.dropFirst(Int(offset)).prefix(Int(length))
                return piece.isEmpty ? .status(SFTPStatus(.eof)) : .data([Array(piece)[...]])
            case .write(let handle, let offset, let pieces):
                guard let name = path(handle) else { return failure }
                let appends = name.hasSuffix("\n")
                let path = appends ? String(name.dropLast()) : name
                guard var data = state.files[path]?.data else { return failure }
                let new = pieces.flatMap { Array($0) }
                let start = appends ? data.count : Int(offset)
                if data.count < start + new.count {
                    data += [UInt8](repeating: 0, count: start + new.count - data.count)
                }
                data.replaceSubrange(start..<start + new.count, with: new)
                state.files[path]?.data = data
                return ok
            case .setstat(let path, let attributes):
                state.files[Self.text(path)]?.change(attributes)
                return ok
            case .fsetstat(let handle, let attributes):
                if let path = path(handle) { state.files[path]?.change(attributes) }
                return ok
            case .mkdir(let path, let attributes):
                guard state.files[Self.text(path)] == nil else { return failure }
                state.files[Self.text(path)] = File(
                    mode: 0o040000 | (attributes.permissions ?? 0o755))
                return ok
            case .remove(let path), .rmdir(let path):
                return state.files.removeValue(forKey: Self.text(path)) == nil ? noSuchFile : ok
            case .rename(let old, let new), .posixRename(let old, let new):
                guard let file = state.files.removeValue(forKey: Self.text(old)) else {
                    return noSuchFile
                }
                state.files[Self.text(new)] = file
                return ok
            case .opendir(let path): return newHandle(Self.text(path))
            case .readdir(let handle):
                guard let path = path(handle) else { return failure }
                let isFirst = handles.listed.withLock { $0.insert(Array(handle)).inserted }
                return isFirst ? Self.listing(of: path, in: state) : .status(SFTPStatus(.eof))
            default: return ok
            }
        }
    }

    private static func text(_ path: Bytes) -> String { String(decoding: path, as: UTF8.self) }

    /// The entries of a directory, in an order that is none.
    private static func listing(of directory: String, in state: State) -> SFTPReply {
        let prefix = directory + "/"
        let files = state.files.filter { path, _ in
            path.hasPrefix(prefix) && !path.dropFirst(prefix.count).contains("/")
        }
        let paths = files.keys.sorted {
            hash(of: bytes($0).span, seed: 1) < hash(of: bytes($1).span, seed: 1)
        }
        return .name(
            paths.map { path in
                NameEntry(
                    filename: bytes(String(path.dropFirst(prefix.count)))[...], longname: [],
                    attributes: attributes(of: files[path] ?? File()))
            })
    }

    private static func attributes(_ file: File?) -> SFTPReply {
        file.map { .attributes(attributes(of: $0)) } ?? noSuchFile
    }

    private static func attributes(of file: File) -> FileAttributes {
        var attributes = FileAttributes(
            size: UInt64(file.data.count), owner: file.owner, permissions: file.mode,
            times: .init(atime: 1, mtime: file.mtime))
        if file.number > 0 {
            let time = FileTime(seconds: Int64(file.mtime))
            attributes.exact = ExactAttributes(
                identity: .init(device: 1, inode: file.number), linkCount: 1, blocks: 1,
                atime: time, mtime: time, ctime: time)
        }
        return attributes
    }
}
