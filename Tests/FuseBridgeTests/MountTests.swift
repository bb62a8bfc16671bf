// SPDX-License-Identifier: Apache-2.0

import FuseBridge
import LocalSFTPServer
import Synchronization
import Testing

extension RealMounts {
    /// What programs do on a mount of OpenSSH's SFTP server.
    @Suite struct MountTests {
        @Test func listsAndReads() throws {
            try withMount { mount in
                try shell("cd \(mount.there) && echo hello >file && mkdir dir && echo deep >dir/f")
                #expect(try shell("ls \(mount.here)").output == "dir\nfile\n")
                #expect(
                    try shell("cat \(mount.here)/file \(mount.here)/dir/f").output
                        == "hello\ndeep\n")
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

        @Test func holdsADatabase() throws {
            try withMount { mount in
                try expectSuccess(
                    """
                    cd \(mount.here)
                    sqlite3 db "create table t(n); with recursive c(n) as (select 1 union all
                        select n + 1 from c where n < 10000) insert into t select n from c;"
                    test "$(sqlite3 db 'pragma integrity_check; select sum(n) from t' | xargs)" = "ok 50005000"
                    """)
            }
        }

        @Test func holdsARepository() throws {
            try withMount { mount in
                try expectSuccess(
                    """
                    cd \(mount.here); export HOME=$PWD GIT_CONFIG_NOSYSTEM=1
                    git config --global user.email a@example.org; git config --global user.name A
                    git init -q one; cd one
                    for i in $(seq 60); do mkdir -p d$((i % 7)); seq $i >d$((i % 7))/f$i; done
                    git add .; git commit -qm first; cd ..
                    git clone -q one two; cd two
                    echo more >>d1/f1; git commit -qam second; git status --porcelain
                    test -z "$(git status --porcelain)"; git fsck --strict; git gc -q; git fsck
                    """)
            }
        }

        @Test func tellsOfEachRequestButNotWhatFilesHold() throws {
            let lines = Mutex<[String]>([])
            let trace = Trace { line in lines.withLock { $0.append(line) } }
            let mount = try MountedServer(trace: trace)
            do {
                defer { mount.end() }
                try expectSuccess(
                    """
                    cd \(mount.here); printf secret >f; cat f; mv f 'a
                    b'; chmod 640 a*; mkdir -p d/e; rmdir d || true
                    """)
            }
            let told = lines.withLock { $0 }
            for expected in [
                #"lookup "f" in 1: absent, \d+\.\d{3} ms"#,
                #"create "f" in 1: write( truncate)?: node \d+, mode 100\d{3}, 0 bytes, handle \d+, .* ms"#,
                #"write 6 bytes at 0 of handle \d+: 6 bytes, .* ms"#,
                #"open \d+: read: handle \d+, .* ms"#,
                #"read \d+ bytes at 0 of handle \d+: 6 bytes, .* ms"#,
                #"rename "f" in 1 to "a\\nb" in 1(, replacing nothing)?: ok, .* ms"#,
                #"setattr \d+: mode 640: mode 100640, 6 bytes, .* ms"#,
                #"rmdir "d" in 1: Directory not empty, .* ms"#,
            ] {
                let line = try Regex(expected)
                #expect(told.contains { $0.wholeMatch(of: line) != nil }, "\(expected): \(told)")
            }
            #expect(!told.contains { $0.contains("secret") })
        }

        @Test func failsPromptlyOnceTheServerIsGone() throws {
            try withMount { mount in
                try expectSuccess("echo x >\(mount.there)/f; cat \(mount.here)/f; sleep 1.1")
                mount.stopServer()
                try expectSuccess(
                    """
                    cat \(mount.here)/f 2>&1 | grep 'Input/output error'
                    ls \(mount.here) 2>&1 | grep 'Input/output error'
                    echo y >\(mount.here)/g 2>&1 && exit 1
                    # The mount stays, and shows nothing of what lies below it.
                    grep -q ' \(mount.here) fuse.hawser ' /proc/mounts
                    """)
            }
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
