// SPDX-License-Identifier: Apache-2.0

import LocalSFTPServer
import Testing

/// What programs do on a mount of OpenSSH's SFTP server.
@Suite(.serialized) struct MountTests {
    @Test func listsAndReads() throws {
        try withMount { mount in
            try shell("cd \(mount.there) && echo hello >file && mkdir dir && echo deep >dir/f")
            #expect(try shell("ls \(mount.here)").output == "dir\nfile\n")
            #expect(
                try shell("cat \(mount.here)/file \(mount.here)/dir/f").output == "hello\ndeep\n")
            #expect(try shell("cat \(mount.here)/missing").status == 1)
        }
    }

    @Test func copiesAndComparesTrees() throws {
        try withMount { mount in
            try expectSuccess(
                """
                cd \(mount.here)
                mkdir -p a/b/c; head -c 3000000 /dev/urandom >a/b/c/big
                seq 10000 >a/numbers; ln -s numbers a/link; chmod 640 a/numbers
                cp -a a copy; diff -r a copy; cmp a/b/c/big \(mount.there)/copy/b/c/big
                test "$(readlink copy/link)" = numbers
                test "$(stat -c %a copy/numbers)" = 640
                rm -rf a; test ! -e a; test ! -e \(mount.there)/a
                """)
        }
    }
}

/// Runs a script of the shell that stops at the first command that fails, and demands that none does.
func expectSuccess(
    _ script: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let result = try run("/usr/bin/timeout", "60", "/bin/sh", "-c", "exec 2>&1; set -ex; \(script)")
    #expect(result.status == 0, "\(result.output)", sourceLocation: sourceLocation)
}
