// SPDX-License-Identifier: Apache-2.0

import LocalSFTPServer
import Testing

extension RealMounts {
    /// Errors as programs see them, on a mount of OpenSSH's SFTP server.
    @Suite struct TrueErrorTests {
        @Test func tellsTheTrueError() throws {
            try withMount { mount in
                try expectPython(
                    """
                    import os, errno, ctypes
                    def fails(expected, operation, *arguments, **more):
                        try:
                            operation(*arguments, **more)
                        except OSError as error:
                            assert error.errno == expected, (arguments, error)
                        else:
                            raise AssertionError(arguments)
                    os.mkdir("dir"); open("dir/file", "w").close(); open("file", "w").close()
                    os.mkdir("empty"); os.symlink("nowhere", "link")
                    fails(errno.EEXIST, os.mkdir, "dir")
                    fails(errno.EEXIST, os.symlink, "x", "link")
                    fails(errno.EEXIST, os.link, "file", "dir/file")
                    fails(errno.EEXIST, os.open, "file", os.O_CREAT | os.O_EXCL)
                    fails(errno.ENOTEMPTY, os.rmdir, "dir")
                    fails(errno.ENOTEMPTY, os.rename, "empty", "dir")
                    fails(errno.ENOTDIR, os.rmdir, "file")
                    fails(errno.ENOTDIR, os.rename, "dir", "file")
                    fails(errno.ENOTDIR, os.stat, "file/x")
                    fails(errno.EISDIR, os.unlink, "dir")
                    fails(errno.EISDIR, os.rename, "file", "dir")
                    fails(errno.EISDIR, os.open, "dir", os.O_RDWR)
                    fails(errno.ENOENT, os.stat, "missing")
                    fails(errno.ENOENT, os.open, "link", os.O_RDONLY)
                    fails(errno.ENOENT, os.rename, "missing", "other")
                    fails(errno.EPERM, os.mkfifo, "fifo")
                    fails(errno.ENAMETOOLONG, os.mkdir, "n" * 256)
                    fails(errno.EINVAL, os.rename, "dir", "dir/below")
                    descriptor = os.open("file", os.O_RDONLY)
                    fails(errno.EBADF, os.write, descriptor, b"x")
                    libc = ctypes.CDLL(None, use_errno=True)
                    def rename2(flags, old, new):
                        if libc.renameat2(-100, old.encode(), -100, new.encode(), flags) != 0:
                            raise OSError(ctypes.get_errno(), "renameat2")
                    fails(errno.EEXIST, rename2, 1, "file", "link")
                    fails(errno.EINVAL, rename2, 2, "file", "link")
                    rename2(1, "file", "moved")
                    os.rename("moved", "file")
                    os.rename("empty", "emptier"); os.rmdir("emptier")
                    """, in: mount)
            }
        }

        @Test func saysThatAFullDiskIsFull() throws {
            try withMount { mount in
                try expectSuccess("mount -t tmpfs -o size=1m none \(mount.there)")
                defer { _ = try? shell("umount -l \(mount.there)") }
                try expectPython(
                    """
                    import os, errno, mmap
                    def is_full(operation):
                        try:
                            operation()
                            raise AssertionError("it fits")
                        except OSError as error:
                            assert error.errno == errno.ENOSPC, error
                    mapped = os.open("mapped", os.O_RDWR | os.O_CREAT)
                    os.ftruncate(mapped, 1 << 20)
                    view = mmap.mmap(mapped, 0)
                    # Nobody waits for the server here: the next write or close tells.
                    early = os.open("early", os.O_RDWR | os.O_CREAT)
                    def fill_at_once():
                        while True: os.write(early, b"x" * 700000)
                    is_full(fill_at_once)
                    is_full(lambda: os.close(early))
                    os.truncate("early", 0)
                    big = os.open("big", os.O_RDWR | os.O_CREAT | os.O_DSYNC)
                    total = 0
                    def fill():
                        global total
                        while True: total += os.write(big, b"x" * 700000)
                    is_full(fill)
                    # What fits has been written, and is told.
                    assert total > 700000 and os.fstat(big).st_size >= total, total
                    assert os.pread(big, total, 0) == b"x" * total
                    view[:] = b"y" * (1 << 20)
                    is_full(lambda: os.close(mapped))
                    """, in: mount)
            }
        }

        @Test func saysThatAMountPointIsBusy() throws {
            try withMount { mount in
                let inner = "\(mount.there)/inner"
                try expectSuccess("mkdir \(inner); mount -t tmpfs -o size=1m none \(inner)")
                defer { _ = try? shell("umount -l \(inner)") }
                try expectPython(
                    """
                    import os, errno
                    for operation in [lambda: os.rmdir("inner"), lambda: os.rename("inner", "x")]:
                        for full in [False, True]:
                            if full: open("inner/file", "w").close()
                            try:
                                operation()
                                raise AssertionError("it is not busy")
                            except OSError as error:
                                assert error.errno == errno.EBUSY, error
                    """, in: mount)
            }
        }

        @Test func refusesPathsThatNoSystemTakes() throws {
            try withMount { mount in
                try expectPython(
                    """
                    import os, errno
                    name = "d" * 200
                    try:
                        for level in range(40):
                            os.mkdir(name); os.chdir(name)
                        raise AssertionError("no end")
                    except OSError as error:
                        assert error.errno == errno.ENAMETOOLONG, error
                    assert 15 < level < 21, level
                    """, in: mount)
            }
        }
    }
}
