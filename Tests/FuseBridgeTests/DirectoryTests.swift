// SPDX-License-Identifier: Apache-2.0

import LocalSFTPServer
import Testing

/// How programs read directories of a mount.
@Suite(.serialized) struct DirectoryTests {
    @Test func endsDirectoriesForReadersThatSeekBeyondThem() throws {
        try withMount { mount in
            try shell("touch \(mount.there)/a \(mount.there)/b")
            try expectPython(
                """
                import ctypes, os
                libc = ctypes.CDLL(None, use_errno=True)
                buffer = ctypes.create_string_buffer(4096)
                fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
                for offset in (3, 1000, 1 << 40, (1 << 63) - 1):
                    try: os.lseek(fd, offset, os.SEEK_SET)
                    except OSError: continue
                    count = libc.getdents64(fd, buffer, 4096)
                    assert count == 0 or offset == 3, (offset, count, ctypes.get_errno())
                os.lseek(fd, 0, os.SEEK_SET)
                assert sorted(os.listdir(fd)) == ["a", "b"]
                """, in: mount)
        }
    }
}
