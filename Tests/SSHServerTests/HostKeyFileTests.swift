// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
import SSHCrypto
import Testing
import Wire

@testable import SSHServer

@Suite struct HostKeyFileTests {
    /// A directory that goes with its object.
    private final class Folder {
        let path: String

        init() throws {
            var template = Array("/var/tmp/hawser-serve.XXXXXX".utf8CString)
            try #require(unsafe mkdtemp(&template) != nil)
            path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        }

        func path(_ name: String) -> Bytes { Array("\(path)/\(name)".utf8)[...] }

        deinit {
            _ = unsafe unlink("\(path)/key")
            _ = unsafe rmdir(path)
        }
    }

    @Test func aKeyIsMadeOnceAndForItsUserAlone() throws {
        let folder = try Folder()
        let key = try HostKeyFile.readOrMake(folder.path("key"))
        #expect(key.publicKey.type == .ed25519)
        let status = try LocalFiles.status(of: folder.path("key"), followingLink: false)
        #expect(status.mode & 0o7777 == 0o600)
        #expect(try HostKeyFile.readOrMake(folder.path("key")).publicKey == key.publicKey)
        // No draft stays behind.
        let directory = try DirectoryStream(opening: Array(folder.path.utf8)[...])
        var names: [String] = []
        while let name = try directory.next() {
            names.append(String(decoding: name, as: UTF8.self))
        }
        #expect(names.sorted() == [".", "..", "key"])
    }

    @Test func aKeyThatOthersMayReadOrChangeIsNotUsed() throws {
        let folder = try Folder()
        _ = try HostKeyFile.readOrMake(folder.path("key"))
        for mode: UInt32 in [0o640, 0o604, 0o620, 0o602] {
            try LocalFiles.setPermissions(of: folder.path("key"), to: mode, followingLink: true)
            #expect(throws: HostKeyFile.Problem.self) {
                try HostKeyFile.read(folder.path("key"))
            }
        }
        try LocalFiles.setPermissions(of: folder.path("key"), to: 0o600, followingLink: true)
        let directory = Array(folder.path.utf8)[...]
        try LocalFiles.setPermissions(of: directory, to: 0o777, followingLink: true)
        #expect(throws: HostKeyFile.Problem.self) { try HostKeyFile.read(folder.path("key")) }
        // Where only owners replace what is theirs, as in /tmp, that is no danger.
        try LocalFiles.setPermissions(of: directory, to: 0o1777, followingLink: true)
        _ = try HostKeyFile.read(folder.path("key"))
    }
}
