// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Synchronization

@testable import RemoteFS

/// A server of one directory with files, which counts what it is asked.
final class ListedDirectory: Sendable {
    struct State {
        var names: [String]
        var mtime: UInt32 = 1
        /// The last access that a listing tells of beside its first name; none where nil.
        var listedAccess: UInt32?
        var size: UInt64 = 10
        var listings = 0
        var stats = 0
        var lstats = 0
        var handles: [String: ArraySlice<String>] = [:]
    }
    let state: Mutex<State>

    init(_ names: [String]) { state = Mutex(State(names: names)) }

    func answer(_ request: SFTPRequest) -> SFTPReply? {
        state.withLock { state in
            switch request {
            case .opendir:
                state.listings += 1
                state.handles["\(state.listings)"] = state.names[...]
                return .handle(bytes("\(state.listings)")[...])
            case .readdir(let handle):
                let key = String(decoding: handle, as: UTF8.self)
                let next = state.handles[key]?.prefix(100) ?? []
                state.handles[key]?.removeFirst(next.count)
                guard !next.isEmpty else { return .status(SFTPStatus(.eof)) }
                guard let atime = state.listedAccess else {
                    return listing(next.map { bytes($0) }, size: state.size)
                }
                let own = NameEntry(
                    filename: bytes(".")[...], longname: [],
                    attributes: FileAttributes(
                        permissions: 0o040755, times: .init(atime: atime, mtime: state.mtime)))
                let files = next.map {
                    NameEntry(
                        filename: bytes($0)[...], longname: [],
                        attributes: fileAttributes(size: state.size))
                }
                return .name([own] + files)
            case .lstat(let path):
                state.lstats += 1
                let name = String(decoding: path, as: UTF8.self).dropFirst("/srv/".count)
                return state.names.contains(String(name)) ? file(size: state.size) : noSuchFile
            case .stat:
                state.stats += 1
                return .attributes(
                    FileAttributes(
                        permissions: 0o040755, times: .init(atime: 1, mtime: state.mtime)))
            default: return ok
            }
        }
    }

    /// What has been asked since the last time.
    func takeCounts() -> [Int] {
        state.withLock { state in
            defer { (state.listings, state.lstats) = (0, 0) }
            return [state.listings, state.lstats]
        }
    }
}

/// Runs `body` with a file system over such a server, whose times are the usual ones.
func serve(
    _ directory: ListedDirectory, _ configure: @escaping (inout RemoteFSOptions) -> Void = { _ in },
    body: @escaping @Sendable (RemoteFS) async throws -> Void
) throws {
    try simulate(
        answer: { directory.answer($0) },
        configure: {
            $0.cache = MetadataCacheOptions()
            $0.cache.listingsAhead = 0
            configure(&$0)
        }
    ) { fileSystem, _ in try await body(fileSystem) }
}
