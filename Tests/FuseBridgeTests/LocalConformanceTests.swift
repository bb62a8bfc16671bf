// SPDX-License-Identifier: Apache-2.0

import LocalSFTPServer
import Testing

extension RealMounts {
    /// Programs that must see the same on a mount as in a local directory.
    @Suite struct LocalConformanceTests {
        private func expectAsLocally(
            _ program: String, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            try withMount { mount in
                let local = try TemporaryDirectory()
                try expectSuccess(
                    """
                    umask 027
                    cat >\(local.path)/.program <<'END'
                    import ctypes, errno, os, stat, sys
                    libc = ctypes.CDLL(None, use_errno=True)
                    def attempt(action):
                        try: print(action())
                        except OSError as error: print(errno.errorcode[error.errno])
                    \(program)
                    END
                    mkdir \(local.path)/d
                    (cd \(local.path)/d; python3 ../.program >../expected)
                    (cd \(mount.here); python3 \(local.path)/.program >\(local.path)/found)
                    test -s \(local.path)/expected
                    diff \(local.path)/expected \(local.path)/found
                    """, sourceLocation: sourceLocation)
            }
        }

        @Test func hardLinksAndTheirCounts() throws {
            try expectAsLocally(
                """
                open("a", "w").write("x")
                os.link("a", "b")
                print(os.stat("a").st_nlink, os.stat("b").st_nlink, os.path.samefile("a", "b"))
                os.unlink("a")
                print(os.stat("b").st_nlink)
                os.symlink("b", "l"); os.link("l", "m", follow_symlinks=False)
                print(os.readlink("m"))
                """)
        }

        @Test func renamesThatMustNotReplace() throws {
            try expectAsLocally(
                """
                def rename(old, new, flags):
                    result = libc.renameat2(-100, old.encode(), -100, new.encode(), flags)
                    return 0 if result == 0 else errno.errorcode[ctypes.get_errno()]
                open("a", "w").write("a"); open("b", "w").write("b"); os.mkdir("d")
                print(rename("a", "b", 1), rename("a", "d", 1), rename("a", "c", 1), rename("a", "e", 1))
                print(sorted(os.listdir()), open("b").read(), open("c").read())
                """)
        }

        @Test func timesThatAreLeftOut() throws {
            try expectAsLocally(
                """
                class Time(ctypes.Structure): _fields_ = [("s", ctypes.c_long), ("n", ctypes.c_long)]
                NOW, OMIT = (1 << 30) - 1, (1 << 30) - 2
                open("f", "w").close()
                def show(): s = os.stat("f"); return [int(t) if t < 1e8 else "now" for t in (s.st_atime, s.st_mtime)]
                for pair in [((5, 0), (6, 0)), ((0, OMIT), (7, 0)), ((8, 0), (0, OMIT)), ((0, OMIT), (0, OMIT)),
                             ((0, NOW), (0, OMIT)), ((9, 0), (0, NOW)), ((0, 0), (0, 0))]:
                    times = (Time * 2)(*[Time(*t) for t in pair])
                    print(libc.utimensat(-100, b"f", times, 0), show())
                os.symlink("f", "l")
                os.utime("l", (11, 12), follow_symlinks=False)
                print(os.lstat("l").st_mtime, show())
                """)
        }

        @Test func modesOfNewFiles() throws {
            try expectAsLocally(
                """
                for umask in (0, 0o22, 0o77, 0o7):
                    os.umask(umask)
                    for mode in (0o666, 0o600, 0o777, 0o444):
                        name = "%o-%o" % (umask, mode)
                        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
                        os.mkdir("d" + name, mode)
                        print(name, oct(os.stat(name).st_mode), oct(os.stat("d" + name).st_mode))
                """)
        }

        @Test func truncationsAndHoles() throws {
            try expectAsLocally(
                """
                fd = os.open("f", os.O_RDWR | os.O_CREAT)
                os.pwrite(fd, b"end", 100000)
                print(os.fstat(fd).st_size, os.pread(fd, 5, 0), os.pread(fd, 9, 99999))
                print(os.lseek(fd, 100001, os.SEEK_DATA), os.lseek(fd, 100001, os.SEEK_HOLE))
                attempt(lambda: os.lseek(fd, 200000, os.SEEK_DATA))
                attempt(lambda: os.lseek(fd, 200000, os.SEEK_HOLE))
                os.truncate("f", 10); print(os.fstat(fd).st_size, os.pread(fd, 99, 0))
                os.ftruncate(fd, 20); print(os.stat("f").st_size, os.pread(fd, 99, 0))
                os.truncate("f", 0); print(os.pread(fd, 99, 0))
                os.posix_fallocate(fd, 10, 5000); print(os.fstat(fd).st_size, os.pread(fd, 20, 5000))
                print(libc.fallocate(fd, 3, 0, ctypes.c_long(4096)) in (0, -1))
                reader = os.open("f", os.O_RDONLY)
                attempt(lambda: os.ftruncate(reader, 1))
                attempt(lambda: os.open("f", os.O_CREAT | os.O_EXCL))
                attempt(lambda: os.truncate("missing", 1))
                """)
        }

        @Test func directoriesForFind() throws {
            try expectAsLocally(
                """
                import subprocess
                for a in range(4):
                    for b in range(3): os.makedirs("t/%d/%d/x" % (a, b)); open("t/%d/%d/f" % (a, b), "w").close()
                def find(*more): return sorted(subprocess.check_output(["find", "t", *more]).split())
                print(find()); print(find("-type", "d")); print(find("-empty")); print(find("-depth", "-name", "x"))
                """)
        }
    }
}
