// SPDX-License-Identifier: Apache-2.0

import RemoteFS
import Testing

extension RealMounts {
    /// What the kernel has been shown, when that is not true any more: on mounts whose attributes and
    /// names would be valid for a minute.
    @Suite struct CoherenceTests {
        private func withPatientMount(_ program: String) throws {
            try withMount({
                $0.attributeValidity = .seconds(60)
                $0.nameValidity = .seconds(60)
            }) { mount in
                try expectPython("there = '\(mount.there)/'\nimport os\n" + program, in: mount)
            }
        }

        @Test func openShowsTheWholeOfAFileThatHasGrown() throws {
            try withPatientMount(
                """
                def put(content):
                    with open(there + "f", "wb") as file: file.write(content)
                for step in range(200):
                    content = b"%d" % step * (step * 7919 % 5000)
                    put(content)
                    with open("f", "rb") as file:
                        found = file.read()
                        assert found == content, (step, len(found), len(content))
                        assert os.fstat(file.fileno()).st_size == len(content)
                    assert os.stat("f").st_size == len(content)
                """)
        }

        @Test func openShowsNewModesAndTimes() throws {
            try withPatientMount(
                """
                open(there + "f", "w").close()
                os.stat("f")
                os.chmod(there + "f", 0o640); os.utime(there + "f", (5, 7000))
                with open("f") as file:
                    status = os.fstat(file.fileno())
                    assert (status.st_mode & 0o777, status.st_mtime) == (0o640, 7000), status
                """)
        }

        /// Openers, of which some truncate, and readers and writers of one file, which locks it: the
        /// kernel is told of changes while it waits for us.
        @Test func tellsTheKernelOfChangesWhileTheFileIsInUse() throws {
            try withPatientMount(
                """
                import threading, time
                end = time.monotonic() + 3
                def repeat(action):
                    while time.monotonic() < end: action()
                def read():
                    with open("f", "rb") as file: file.read()
                def write():
                    with open("f", "r+b") as file: file.write(b"x" * 300000)
                def truncate(): open("f", "wb").close()
                def change():
                    with open(there + "f", "ab") as file: file.write(b"y" * 100)
                truncate()
                threads = [threading.Thread(target=repeat, args=[action])
                           for action in [read, read, write, truncate, change, change]]
                for thread in threads: thread.start()
                for thread in threads: thread.join()
                """)
        }
    }
}
