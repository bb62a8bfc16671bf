// SPDX-License-Identifier: Apache-2.0

import FuseBridge
import LocalSFTPServer
import Testing

@Suite struct MountPointTests {
    @Test func readsTheKernelsTable() throws {
        let table = MountTable(
            mountInfo: """
                22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
                40 22 0:35 / /mnt/a\\040b rw,nosuid - fuse.hawser me@host:/x rw,user_id=1000,group_id=7
                41 22 0:36 / /mnt/c rw - fuse.sshfs host: rw
                42 22 0:37 / /mnt/c rw - tmpfs none rw
                nonsense
                43 22 0:38 / /mnt/d rw - fuse
                """)
        #expect(table.mounts.count == 4)
        let mount = try #require(table.mount(at: "/mnt/a b"))
        #expect(mount.type == "fuse.hawser")
        #expect(mount.source == "me@host:/x")
        #expect(mount.hasTypeOfOurs)
        #expect(mount.device == "0:35")
        #expect(mount.userID == 1000)
        #expect(table.mount(at: "/mnt/c")?.type == "tmpfs")
        #expect(table.mount(at: "/mnt/c")?.userID == nil)
        #expect(table.mount(at: "/mnt/x") == nil)
    }

    @Test func findsPathsWithoutLookingAtTheirEnd() throws {
        let directory = try TemporaryDirectory()
        try shell("ln -s \(directory.path) \(directory.path)/link; mkdir \(directory.path)/d")
        #expect(try MountPoint("\(directory.path)/link/d").path == "\(directory.path)/d")
        #expect(try MountPoint("\(directory.path)/d///").path == "\(directory.path)/d")
        #expect(try MountPoint("\(directory.path)/d/..").path == directory.path)
        #expect(try MountPoint("\(directory.path)/missing").path == "\(directory.path)/missing")
        #expect(try MountPoint("/").path == "/")
        #expect(throws: MountError.self) { try MountPoint("\(directory.path)/missing/d") }
        #expect(throws: MountError.self) { try MountPoint("") }
    }

    @Test func refusesWhatNothingCanBeMountedOn() throws {
        let directory = try TemporaryDirectory()
        try shell("touch \(directory.path)/file; mkdir \(directory.path)/d")
        #expect(throws: MountError.self) { try MountPoint("\(directory.path)/file").prepare() }
        #expect(throws: MountError.self) { try MountPoint("\(directory.path)/missing").prepare() }
        let wasStale = try MountPoint("\(directory.path)/d").prepare()
        #expect(!wasStale)
    }
}
