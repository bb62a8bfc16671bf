// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// A directory that would have been made: nothing is in it.
struct MissingFolder: Folder {
    let path: Bytes

    var canReplace: Bool { false }

    func waitForConnection() async throws {}

    func status(of name: Bytes, followingLink: Bool) async throws -> FileAttributes {
        throw Errno.ENOENT
    }

    func list() async throws -> any Listing { throw Errno.ENOENT }

    func folder(named name: Bytes, followingLink: Bool) async throws -> any Folder {
        MissingFolder(path: join(path, name))
    }

    func target(ofLink name: Bytes) async throws -> Bytes { throw Errno.ENOENT }
    func openSource(_ name: Bytes) async throws -> any SourceFile { throw Errno.ENOENT }
    func openTarget(_ name: Bytes, _ way: TargetWay) async throws -> any TargetFile {
        throw Errno.ENOENT
    }
    func makeFolder(_ name: Bytes, permissions: UInt32) async throws { throw Errno.ENOENT }
    func makeLink(_ name: Bytes, to target: Bytes) async throws { throw Errno.ENOENT }
    func remove(_ name: Bytes) async throws { throw Errno.ENOENT }
    func removeFolder(_ name: Bytes) async throws { throw Errno.ENOENT }
    func makeHardLink(_ name: Bytes, to folder: any Folder, _ file: Bytes) async throws {
        throw Errno.ENOENT
    }
    func rename(_ name: Bytes, to newName: Bytes) async throws { throw Errno.ENOENT }
    func set(_ attributes: FileAttributes) async throws { throw Errno.ENOENT }
}
