// SPDX-License-Identifier: Apache-2.0

import Glibc
import SFTPProtocol

extension FileSystemStatistics {
    /// What statvfs(3) tells.
    init(_ system: statvfs) {
        self.init()
        bsize = UInt64(system.f_bsize)
        frsize = UInt64(system.f_frsize)
        blocks = UInt64(system.f_blocks)
        bfree = UInt64(system.f_bfree)
        bavail = UInt64(system.f_bavail)
        files = UInt64(system.f_files)
        ffree = UInt64(system.f_ffree)
        favail = UInt64(system.f_favail)
        fsid = UInt64(system.f_fsid)
        if Int(system.f_flag) & Int(ST_RDONLY) != 0 { flag |= Self.readOnly }
        if Int(system.f_flag) & Int(ST_NOSUID) != 0 { flag |= Self.noSetuid }
        namemax = UInt64(system.f_namemax)
    }
}
