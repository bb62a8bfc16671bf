// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Synchronization
import Testing
import Wire

@testable import RemoteFS

/// Servers that lack something.
@Suite struct WorkaroundTests {
    /// Files and directories of a server by their paths, whose RENAME replaces nothing.
    final class Disk: Sendable {
        let files: Mutex<[String: SFTPReply]>
        let failsToRename: String?

        init(_ files: [String: SFTPReply], failsToRename: String? = nil) {
            self.files = Mutex(files)
            self.failsToRename = failsToRename
        }

        var names: [String] { files.withLock { $0.keys.sorted() } }

        func answer(_ request: SFTPRequest) -> SFTPReply {
            files.withLock { files in
                switch request {
                case .lstat(let path), .stat(let path):
                    return files[text(path)] ?? noSuchFile
                case .rename(let old, let new):
                    guard let moved = files[text(old)] else { return noSuchFile }
                    guard files[text(new)] == nil, text(old) != failsToRename else {
                        return failure
                    }
                    files[text(old)] = nil
                    files[text(new)] = moved
                    return ok
                case .remove(let path), .rmdir(let path):
                    return files.removeValue(forKey: text(path)) == nil ? noSuchFile : ok
                case .mkdir(let path, _):
                    files[text(path)] = directory
                    return ok
                default: return failure
                }
            }
        }

        private func text(_ path: Bytes) -> String { String(decoding: path, as: UTF8.self) }
    }

    private func rename(
        on disk: Disk, _ configure: @escaping @Sendable (inout RemoteFSOptions) -> Void = { _ in },
        _ check: @escaping @Sendable (Errno?) -> Void
    ) throws {
        try simulate(extensions: [], answer: { disk.answer($0) }, configure: configure) {
            fileSystem, _ in
            let rename = Rename(
                oldParent: rootInode, oldName: bytes("old"), newParent: rootInode,
                newName: bytes("new"), mayReplace: true)
            do throws(Errno) {
                try await fileSystem.rename(rename)
                check(nil)
            } catch {
                check(error)
            }
        }
    }

    @Test func renameMovesAsideWhatItReplaces() throws {
        let disk = Disk(["/srv/old": file(size: 3), "/srv/new": file(size: 5), "/srv": directory])
        try rename(on: disk) { #expect($0 == nil) }
        #expect(disk.names == ["/srv", "/srv/new"])
        #expect(disk.files.withLock { $0["/srv/new"] } == file(size: 3))
    }

    @Test func renamePutsBackWhatItCouldNotReplace() throws {
        let disk = Disk(
            ["/srv/old": file(size: 3), "/srv/new": file(size: 5), "/srv": directory],
            failsToRename: "/srv/old")
        try rename(on: disk) { #expect($0 != nil) }
        #expect(disk.names == ["/srv", "/srv/new", "/srv/old"])
        #expect(disk.files.withLock { $0["/srv/new"] } == file(size: 5))
    }

    @Test func renameReplacesDirectories() throws {
        let disk = Disk(["/srv/old": directory, "/srv/new": directory, "/srv": directory])
        try rename(on: disk) { #expect($0 == nil) }
        #expect(disk.names == ["/srv", "/srv/new"])
        let failing = Disk(
            ["/srv/old": directory, "/srv/new": directory, "/srv": directory],
            failsToRename: "/srv/old")
        try rename(on: failing) { #expect($0 != nil) }
        #expect(failing.names == ["/srv", "/srv/new", "/srv/old"])
    }

    @Test func renameReplacesNothingOfAnotherKind() throws {
        for (old, new, error) in [
            (directory, file(), Errno.ENOTDIR), (file(), directory, .EISDIR),
        ] {
            let disk = Disk(["/srv/old": old, "/srv/new": new, "/srv": directory])
            try rename(on: disk) { #expect($0 == error) }
            #expect(disk.names == ["/srv", "/srv/new", "/srv/old"])
        }
    }

    @Test func renameReplacesNothingIfThatIsNotWanted() throws {
        let disk = Disk(["/srv/old": file(size: 3), "/srv/new": file(size: 5), "/srv": directory])
        try rename(on: disk) {
            $0.movesAside = false
        } _: {
            #expect($0 != nil)
        }
        #expect(disk.files.withLock { $0["/srv/new"] } == file(size: 5))
    }

    // MARK: Sizes

    private static let unsupported = SFTPReply.status(SFTPStatus(.operationUnsupported))

    /// Sets the size of a file of 10 bytes on a server that can't.
    private func resize(
        to size: UInt64, rewrites: Bool = false,
        _ check: @escaping @Sendable (Errno?, [SFTPRequest]) -> Void
    ) throws {
        try simulate(
            answer: { request in
                switch request {
                case .lstat, .fstat: file(size: 10)
                case .setstat: Self.unsupported
                case .open: handle
                case .write, .close: ok
                case .read(_, let offset, let length):
                    .data([[UInt8](repeating: 1, count: Int(min(10 - offset, UInt64(length))))[...]]
                    )
                default: failure
                }
            }, configure: { $0.rewritesToTruncate = rewrites }
        ) { fileSystem, server in
            guard case .found(let entry) = try await fileSystem.lookup(bytes("f"), in: rootInode)
            else {
                Issue.record("not found")
                return
            }
            var changes = AttributeChanges()
            changes.size = size
            var failed: Errno?
            do throws(Errno) {
                _ = try await fileSystem.setattr(entry.status.inode, changes, handle: nil)
            } catch {
                failed = error
            }
            check(failed, await server.requests)
        }
    }

    private static func opens(_ requests: [SFTPRequest]) -> [OpenFlags] {
        requests.compactMap { if case .open(_, let flags, _) = $0 { flags } else { nil } }
    }

    private static func writes(_ requests: [SFTPRequest]) -> [(offset: UInt64, count: Int)] {
        requests.compactMap {
            guard case .write(_, let offset, let data) = $0 else { return nil }
            return (offset, data.reduce(0) { $0 + $1.count })
        }
    }

    @Test func sizesAreSetByOtherMeansWhereTheServerCannot() throws {
        try resize(to: 0) { error, requests in
            #expect(error == nil)
            #expect(Self.opens(requests) == [[.write, .truncate]])
        }
        try resize(to: 100) { error, requests in
            #expect(error == nil)
            #expect(Self.opens(requests) == [.write])
            #expect(Self.writes(requests).map(\.offset) == [99])
            #expect(Self.writes(requests).map(\.count) == [1])
        }
    }

    @Test func filesAreWrittenAnewOnlyIfThatIsWanted() throws {
        try resize(to: 4) { error, requests in
            #expect(error == .EOPNOTSUPP)
            #expect(Self.opens(requests).isEmpty)
        }
        try resize(to: 4, rewrites: true) { error, requests in
            #expect(error == nil)
            #expect(Self.opens(requests) == [.read, [.write, .truncate]])
            #expect(Self.writes(requests).map(\.count) == [4])
        }
    }

    // MARK: Other things

    private func openAndAsk(
        _ configure: @escaping @Sendable (inout RemoteFSOptions) -> Void,
        _ check: @escaping @Sendable ([SFTPRequest]) -> Void
    ) throws {
        try simulate(
            answer: { request in
                switch request {
                case .lstat, .fstat: file()
                case .open: handle
                default: ok
                }
            }, configure: configure
        ) { fileSystem, server in
            let made = try await fileSystem.create(
                bytes("f"), in: rootInode, permissions: 0o600, [.write])
            try await fileSystem.loop.sleep(for: .seconds(60))
            _ = try await fileSystem.getattr(made.entry.status.inode, handle: made.file.handle)
            check(await server.requests)
        }
    }

    @Test func filesAreCreatedWithTheirModeUnlessTheServerCannotBearIt() throws {
        @Sendable func modes(_ requests: [SFTPRequest]) -> [UInt32?] {
            requests.compactMap {
                if case .open(_, _, let attributes) = $0 {
                    .some(attributes.permissions)
                } else {
                    nil
                }
            }
        }
        try openAndAsk { _ in
        } _: {
            #expect(modes($0) == [0o600])
        }
        try openAndAsk {
            $0.createsWithoutMode = true
        } _: {
            #expect(modes($0) == [nil])
        }
    }

    @Test func openFilesAreAskedAboutByPathIfThatIsWanted() throws {
        @Sendable func asksByHandle(_ requests: [SFTPRequest]) -> Bool {
            requests.contains { if case .fstat = $0 { true } else { false } }
        }
        try openAndAsk { _ in
        } _: {
            #expect(asksByHandle($0))
        }
        try openAndAsk {
            $0.avoidsFstat = true
        } _: {
            #expect(!asksByHandle($0))
        }
    }
}
