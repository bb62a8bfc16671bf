// SPDX-License-Identifier: Apache-2.0

import LocalSFTPServer
import RemoteFS
import Testing

extension RealMounts {
    /// What POSIX promises of files, on a mount of OpenSSH's SFTP server.
    @Suite struct PosixTests {
        @Test func keepsUnlinkedOpenFilesUsable() throws {
            try withMount { mount in
                try expectPython(
                    """
                    import os
                    fd = os.open("f", os.O_RDWR | os.O_CREAT)
                    os.write(fd, b"hello")
                    assert os.fstat(fd).st_nlink == 1
                    os.unlink("f")
                    assert not os.path.exists("f") and os.fstat(fd).st_nlink == 0
                    os.write(fd, b" world")
                    assert os.pread(fd, 100, 0) == b"hello world"
                    assert os.fstat(fd).st_size == 11
                    os.ftruncate(fd, 5)
                    assert os.fstat(fd).st_size == 5
                    os.fchmod(fd, 0o600)
                    assert os.fstat(fd).st_mode & 0o777 == 0o600
                    """, in: mount)
            }
        }

        @Test func keepsRenamedAndReplacedOpenFilesApart() throws {
            try withMount { mount in
                try expectPython(
                    """
                    import os
                    old = os.open("target", os.O_RDWR | os.O_CREAT)
                    os.write(old, b"old")
                    new = os.open("new", os.O_RDWR | os.O_CREAT)
                    os.write(new, b"new")
                    os.rename("new", "target")
                    assert os.pread(old, 10, 0) == b"old"
                    assert os.pread(new, 10, 0) == b"new"
                    assert open("target", "rb").read() == b"new"
                    assert os.fstat(new).st_ino == os.stat("target").st_ino
                    assert os.fstat(old).st_ino != os.stat("target").st_ino
                    assert os.fstat(old).st_nlink == 0 and os.fstat(new).st_nlink == 1
                    os.write(new, b"er")
                    os.fsync(new)
                    assert open("target", "rb").read() == b"newer"
                    os.mkdir("d"); os.rename("target", "d/moved"); os.rename("d", "e")
                    os.write(new, b"!")
                    assert open("e/moved", "rb").read() == b"newer!"
                    """, in: mount)
            }
        }

        @Test func keepsRemovedDirectoriesForWhoHasThemOpen() throws {
            try withMount { mount in
                try expectPython(
                    """
                    import os
                    os.mkdir("d", 0o750); os.mkdir("e"); os.mkdir("f")
                    d = os.open("d", os.O_RDONLY); f = os.open("f", os.O_RDONLY)
                    open("d/x", "w").close(); os.unlink("d/x"); os.rmdir("d"); os.rename("e", "f")
                    for directory in [d, f]:
                        before = os.fstat(directory)
                        os.utime(directory, (5, 7)); os.fchmod(directory, 0o700)
                        after = os.fstat(directory)
                        assert after.st_ino == before.st_ino and after.st_mtime == 7
                        assert after.st_nlink == 0
                        assert after.st_mode & 0o7777 == 0o700, after
                        assert os.listdir(directory) == []
                    os.mkdir("d")
                    assert os.stat("d").st_ino != os.fstat(d).st_ino
                    assert os.stat("d").st_mtime != 7 and os.stat("f").st_mtime != 7
                    """, in: mount)
            }
        }

        @Test func changesAttributes() throws {
            try withMount { mount in
                try expectPython(
                    """
                    import os
                    open("f", "w").close(); os.symlink("f", "link")
                    os.utime("f", (1000, 2000))
                    assert (os.stat("f").st_atime, os.stat("f").st_mtime) == (1000, 2000)
                    os.utime("f", (0, 0))
                    assert os.stat("f").st_mtime == 0
                    os.system("touch -m -d @5000 f")
                    assert (os.stat("f").st_atime, os.stat("f").st_mtime) == (0, 5000)
                    os.system("touch -a -d @7000 f")
                    assert (os.stat("f").st_atime, os.stat("f").st_mtime) == (7000, 5000)
                    os.utime("link", (10, 20), follow_symlinks=False)
                    assert os.lstat("link").st_mtime == 20 and os.stat("f").st_mtime == 5000
                    os.chmod("f", 0o4751)
                    assert os.stat("f").st_mode & 0o7777 == 0o4751
                    os.chown("f", 12, 34)
                    assert (os.stat("f").st_uid, os.stat("f").st_gid) == (12, 34)
                    os.chown("f", -1, 56)
                    assert (os.stat("f").st_uid, os.stat("f").st_gid) == (12, 56)
                    os.lchown("link", 7, 8)
                    assert (os.lstat("link").st_uid, os.stat("f").st_uid) == (7, 12)
                    os.truncate("f", 100000)
                    assert os.stat("f").st_size == 100000 and open("f", "rb").read() == bytes(100000)
                    os.truncate("f", 10)
                    assert open("f", "rb").read() == bytes(10)
                    """, in: mount)
            }
        }

        @Test func appendsAndTruncates() throws {
            try withMount { mount in
                try expectPython(
                    """
                    import os
                    with open("log", "wb", buffering=0) as file: file.write(b"a" * 700000)
                    first = open("log", "ab", buffering=0); second = open("log", "ab", buffering=0)
                    first.write(b"b" * 600000); second.write(b"c" * 10); first.write(b"d")
                    data = open("log", "rb").read()
                    assert data == b"a" * 700000 + b"b" * 600000 + b"c" * 10 + b"d", len(data)
                    with open("log", "wb") as file: file.write(b"short")
                    assert open("log", "rb").read() == b"short"
                    """, in: mount)
            }
        }

        @Test func mapsFilesIntoMemory() throws {
            try withMount { mount in
                try expectPython(
                    """
                    import mmap, os
                    with open("f", "wb") as file: file.write(b"0" * 1000000)
                    with open("f", "r+b") as file:
                        view = mmap.mmap(file.fileno(), 0)
                        assert view[999999:] == b"0"
                        view[10:15] = b"hello"; view[900000:900005] = b"world"
                        view.flush(); view.close()
                    """, in: mount)
                try expectSuccess(
                    "test \"$(tail -c +11 \(mount.there)/f | head -c 5)\" = hello; "
                        + "test \"$(tail -c +900001 \(mount.there)/f | head -c 5)\" = world")
            }
        }

        /// The kernel writes a mapping's pages back through any handle that may write.
        @Test func writesMappedPagesInPlaceWhereTheFileIsAppendedTo() throws {
            try withMount { mount in
                try expectPython(
                    """
                    import mmap, os
                    with open("f", "wb") as file: file.write(b"0" * 10000)
                    fd = os.open("f", os.O_RDWR | os.O_APPEND)
                    other = os.open("f", os.O_RDONLY)
                    view = mmap.mmap(fd, 0)
                    os.write(fd, b"end")
                    view[0:5] = b"HELLO"; view[9000:9005] = b"WORLD"
                    view.flush(); view.close()
                    os.write(fd, b"!")
                    data = os.pread(other, 20000, 0)
                    assert data[:5] == b"HELLO" and data[9000:9005] == b"WORLD", data[:5]
                    assert data[10000:] == b"end!", data[10000:]
                    """, in: mount)
            }
        }

        @Test func writesInPlaceOnceAppendingHasBeenTurnedOff() throws {
            try withMount { mount in
                try expectPython(
                    """
                    import fcntl, os
                    with open("f", "wb") as file: file.write(b"0123456789")
                    fd = os.open("f", os.O_RDWR | os.O_APPEND)
                    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) & ~os.O_APPEND)
                    os.pwrite(fd, b"AB", 2)
                    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_APPEND)
                    os.write(fd, b"end")
                    assert os.pread(fd, 100, 0) == b"01AB456789end", os.pread(fd, 100, 0)
                    """, in: mount)
            }
        }

        @Test func takesEveryName() throws {
            try withMount { mount in
                try expectPython(
                    """
                    import os
                    names = [b"with space", b"new\\nline", b"\\xc3\\xa4\\xe6\\x97\\xa5", b"\\xff\\xfe", b"n" * 255,
                             b"-rf", b"...", b"'\\"\\\\$`*?", b"\\x01"]
                    for name in names:
                        with open(name, "wb") as file: file.write(name)
                        os.mkdir(b"dir-" + name[:200])
                    assert sorted(os.listdir(b".")) == sorted(names + [b"dir-" + n[:200] for n in names])
                    for name in names:
                        assert open(name, "rb").read() == name
                        os.rename(name, name[:250] + b".new"); os.unlink(name[:250] + b".new")
                        os.rmdir(b"dir-" + name[:200])
                    assert os.listdir(b".") == []
                    """, in: mount)
            }
        }

        @Test func listsManyEntries() throws {
            try withMount { mount in
                try expectSuccess("cd \(mount.there); seq -f name-%g 10000 | xargs touch")
                try expectSuccess(
                    """
                    cd \(mount.here)
                    test $(ls -f | wc -l) = 10002; test $(ls | sort -u | wc -l) = 10000
                    test $(find . -type f -size 0 | wc -l) = 10000
                    """)
                try expectPython(
                    """
                    import os, ctypes
                    libc = ctypes.CDLL(None); libc.opendir.restype = ctypes.c_void_p
                    libc.telldir.restype = ctypes.c_long
                    class Entry(ctypes.Structure):
                        _fields_ = [("ino", ctypes.c_uint64), ("off", ctypes.c_int64),
                                    ("len", ctypes.c_ushort), ("type", ctypes.c_ubyte),
                                    ("name", ctypes.c_char * 256)]
                    libc.readdir.restype = ctypes.POINTER(Entry)
                    directory = ctypes.c_void_p(libc.opendir(b"."))
                    def next_name():
                        entry = libc.readdir(directory)
                        return entry.contents.name if entry else None
                    for _ in range(5000): next_name()
                    place = libc.telldir(directory)
                    rest = [next_name() for _ in range(3000)]
                    libc.seekdir(directory, ctypes.c_long(place))
                    assert [next_name() for _ in range(3000)] == rest
                    libc.rewinddir(directory)
                    open("one-more", "w").close()
                    libc.rewinddir(directory)
                    names = []
                    while (name := next_name()) is not None: names.append(name)
                    assert len(names) == 10003 and b"one-more" in names
                    """, in: mount)
            }
        }

        @Test func showsStableInodesAndStatistics() throws {
            try withMount { mount in
                try expectSuccess(
                    """
                    cd \(mount.here); mkdir d; touch d/f
                    a=$(stat -c %i d/f); b=$(ls -i d | cut -d' ' -f1); test $a = $b
                    mv d e; test $(stat -c %i e/f) = $a
                    test "$(stat -f -c '%S %b' .)" = "$(stat -f -c '%S %b' \(mount.there))"
                    test "$(stat -f -c %l .)" = 255
                    """)
            }
        }

        @Test func seesWhatOthersChangeAfterASecond() throws {
            try withMount { mount in
                try expectSuccess(
                    """
                    cd \(mount.here); echo one >f; test "$(cat f)" = one; ls missing 2>&1 && exit 1
                    ln -s f link; cat link
                    echo longer >\(mount.there)/f; touch \(mount.there)/missing
                    ln -sfn missing \(mount.there)/link; rm -f \(mount.there)/gone; sleep 1.2
                    test "$(cat f)" = longer; ls missing; test "$(readlink link)" = missing
                    rm \(mount.there)/f; mkdir \(mount.there)/f; sleep 1.2; test -d f; rmdir f
                    """)
            }
        }

        @Test func refusesLinksThatLeadOut() throws {
            try withMount { mount in
                try expectSuccess(
                    """
                    cd \(mount.there); echo x >f; mkdir d; ln -s f in; ln -s /etc/passwd abs
                    ln -s ../etc up; ln -s d/../f middle; ln -s .. dots; ln -s ..f fine; touch ..f
                    ln -s \(mount.there)/d/../f whole; ln -s d/../../etc/passwd far
                    cd \(mount.here); cat in fine middle whole
                    [ "$(readlink middle)$(readlink whole)" = ff ]
                    for link in abs up far dots; do
                        readlink $link && exit 1; cat $link 2>&1 | grep -q 'not permitted'
                    done
                    """)
            }
            try withMount({ $0.symlinks.areContained = false }) { mount in
                try expectSuccess("cd \(mount.here); ln -s /etc/hostname abs; cat abs")
            }
        }

        @Test func copiesWithinTheServer() throws {
            try withMount { mount in
                try expectPython(
                    """
                    import os
                    data = os.urandom(20 << 20)
                    with open("a", "wb") as file: file.write(data)
                    a = os.open("a", os.O_RDONLY); b = os.open("b", os.O_RDWR | os.O_CREAT)
                    copied = 0
                    while True:
                        count = os.copy_file_range(a, b, 64 << 20)
                        if count == 0: break
                        copied += count
                    assert copied == len(data), copied
                    assert open("b", "rb").read() == data
                    assert os.copy_file_range(b, b, 10, 0, 100) == 10
                    """, in: mount)
            }
        }
    }
}

/// Runs a Python program in the mounted directory and demands that it ends well.
func expectPython(
    _ program: String, in mount: MountedServer, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    try expectSuccess(
        "cd \(mount.here); python3 - <<'END'\n\(program)\nEND", sourceLocation: sourceLocation)
}
