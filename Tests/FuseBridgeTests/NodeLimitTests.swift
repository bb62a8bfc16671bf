// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalSFTPServer
import RemoteFS
import Testing

extension RealMounts {
    /// A kernel that is told of more files than the file system wants to know.
    @Suite struct NodeLimitTests {
        @Test func hasTheKernelDropFilesThatAreNotUsed() throws {
            try withMount {
                $0.maximumNodes = 500
                $0.cache.attributeTimeout = .seconds(60)
                $0.cache.listingTimeout = .seconds(60)
            } _: { mount in
                try shell(
                    "mkdir \(mount.there)/d; cd \(mount.there)/d; seq 3000 | xargs touch; echo x >1"
                )
                try expectPython(
                    """
                    import os
                    kept = open("d/1")
                    for entry in os.scandir("d"): os.stat("d/" + entry.name)
                    assert len(os.listdir("d")) == 3000
                    assert kept.read() == "x\\n" and os.stat("d/1").st_ino == os.fstat(kept.fileno()).st_ino
                    """, in: mount)
                // The kernel forgets in its own time, and only when something is looked up.
                for _ in 0..<600 where mount.knownNodes() > 1000 {
                    usleep(50_000)
                    try shell("stat \(mount.here)/d/2 >/dev/null")
                }
                #expect(mount.knownNodes() <= 1000)
                try expectSuccess(
                    "cat \(mount.here)/d/1 | grep -qx x; test -e \(mount.here)/d/2999")
            }
        }

        /// A mount must end while the kernel is told what to drop.
        @Test func endsWhileItDrops() throws {
            try withMount {
                $0.maximumNodes = 100
            } _: { mount in
                try shell("cd \(mount.there); seq 2000 | xargs touch")
                try shell("ls -l \(mount.here) >/dev/null")
            }
        }
    }
}
