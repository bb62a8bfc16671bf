// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Synchronization
import Testing

@testable import RemoteFS

/// What servers tell of files that cannot be, or hardly.
@Suite struct OddAttributesTests {
    private func status(_ attributes: FileAttributes) throws -> FileStatus {
        let result = Mutex<FileStatus?>(nil)
        try simulate { _ in
            .attributes(attributes)
        } body: { fileSystem, _ in
            guard case .found(let entry) = try await fileSystem.lookup(bytes("f"), in: rootInode)
            else { throw Errno.ENOENT }
            result.withLock { $0 = entry.status }
        }
        return try #require(result.withLock { $0 })
    }

    /// The kernel sends the mode too, to take the set-ID bits away, and its mode lacks the sticky bit.
    @Test func theStickyBitStaysWhenTheGroupChanges() throws {
        let sticky = FileAttributes(
            size: 1, owner: .init(uid: 7, gid: 8), permissions: 0o107777,
            times: .init(atime: 1, mtime: 1))
        try simulate { request in
            if case .lstat = request { .attributes(sticky) } else { ok }
        } body: { fileSystem, server in
            guard case .found(let entry) = try await fileSystem.lookup(bytes("f"), in: rootInode)
            else { throw Errno.ENOENT }
            var changes = AttributeChanges()
            (changes.gid, changes.permissions) = (99, 0o777)
            _ = try await fileSystem.setattr(entry.status.inode, changes, handle: nil)
            let sent = await server.requests.compactMap { request in
                if case .setstat(_, let attributes) = request { attributes } else { nil }
            }
            #expect(sent.map(\.permissions) == [0o1777])
            #expect(sent.map(\.owner) == [.init(uid: 7, gid: 99)])
        }
    }

    @Test(arguments: [0, 1 << 62, 1 << 63, UInt64.max])
    func everySizeIsShownAsItIs(size: UInt64) throws {
        #expect(try status(fileAttributes(size: size)).size == size)
    }

    /// SFTP's times are unsigned: none is before 1970, and none after 2106.
    @Test(arguments: [0, 1 << 31, UInt32.max])
    func everyTimeIsShownAsItIs(time: UInt32) throws {
        #expect(try status(fileAttributes(mtime: time)).mtime.seconds == Int64(time))
    }

    @Test func timesBeforeAndBehindThoseOfTheServerBecomeTheNearest() throws {
        let sent = Mutex<[FileAttributes.Times?]>([])
        try simulate { request in
            switch request {
            case .setstat(_, let attributes):
                sent.withLock { $0.append(attributes.times) }
                return ok
            default: return file()
            }
        } body: { fileSystem, _ in
            guard case .found(let entry) = try await fileSystem.lookup(bytes("f"), in: rootInode)
            else { throw Errno.ENOENT }
            for seconds in [Int64(-1), 1 << 40] {
                var changes = AttributeChanges()
                (changes.atime, changes.mtime) = (
                    .at(FileTime(seconds: 5)), .at(FileTime(seconds: seconds))
                )
                _ = try await fileSystem.setattr(entry.status.inode, changes, handle: nil)
            }
        }
        #expect(
            sent.withLock { $0 } == [.init(atime: 5, mtime: 0), .init(atime: 5, mtime: .max)])
    }

    @Test func aHalfThatIsLeftOutIsTheServersPresentOne() throws {
        let mtime = Mutex<UInt32>(1000)
        let sent = Mutex<FileAttributes.Times?>(nil)
        try simulate { request in
            if case .setstat(_, let attributes) = request {
                sent.withLock { $0 = attributes.times }
                return ok
            }
            return file(mtime: mtime.withLock { $0 })
        } body: { fileSystem, _ in
            guard case .found(let entry) = try await fileSystem.lookup(bytes("f"), in: rootInode)
            else { throw Errno.ENOENT }
            // Somebody else has written since; what we know is still believed.
            mtime.withLock { $0 = 2000 }
            var changes = AttributeChanges()
            changes.atime = .at(FileTime(seconds: 5))
            _ = try await fileSystem.setattr(entry.status.inode, changes, handle: nil)
        }
        #expect(sent.withLock { $0 } == .init(atime: 5, mtime: 2000))
    }

    /// A file that was shorter by the time it was read ends where it does.
    @Test func aFileThatShrinksWhileItIsReadEndsEarly() throws {
        try simulate { request in
            switch request {
            case .open: handle
            case .lstat: file(size: 100_000)
            case .read(_, let offset, let length):
                offset < 40_000
                    ? .data([
                        [UInt8](repeating: 7, count: min(Int(length), 40_000 - Int(offset)))[...]
                    ]) : .status(SFTPStatus(.eof))
            default: ok
            }
        } body: { fileSystem, _ in
            let (inode, handle) = try await open(fileSystem)
            let data = try await fileSystem.read(handle, offset: 0, count: 100_000)
            #expect(data.reduce(0) { $0 + $1.count } == 40_000)
            await close(fileSystem, inode, handle)
        }
    }

    @Test func aNameThatBecomesAnotherKindIsAnotherFile() throws {
        try simulate { _ in
            file()
        } body: { fileSystem, server in
            var inodes: Set<InodeNumber> = []
            for attributes in [
                file(), directory, .attributes(FileAttributes(permissions: 0o120777)),
            ] {
                try await server.answer { _ in attributes }
                try await fileSystem.loop.sleep(for: .seconds(2))
                guard
                    case .found(let entry) = try await fileSystem.lookup(bytes("f"), in: rootInode)
                else { throw Errno.ENOENT }
                inodes.insert(entry.status.inode)
            }
            #expect(inodes.count == 3)
        }
    }
}
