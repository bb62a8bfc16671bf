// SPDX-License-Identifier: Apache-2.0

import RemoteFS
import Testing

extension RealMounts {
    /// What the kernel has been shown, when that is not true any more: on mounts whose attributes and
    /// names would be valid for a minute.
    @Suite struct CoherenceTests {
        private func withPatientMount(
            nameValidity: Duration = .seconds(60), _ program: String
        ) throws {
            try withMount({
                $0.attributeValidity = .seconds(60)
                // Programs look for names in the directory before the test makes them there.
                $0.cache.listingsAhead = 0
                $0.absenceValidity = .zero
                $0.cache.attributeTimeout = .seconds(60)
                $0.cache.listingTimeout = .seconds(60)
                $0.nameValidity = nameValidity
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

        /// Two versions of one second can't be told apart by size and time.
        @Test func readsNothingStaleAfterEditsOfTheSameSize() throws {
            try withPatientMount(
                """
                for step in range(200):
                    content = b"%08d" % step * 1000
                    with open(there + "f", "r+b" if step else "wb") as file: file.write(content)
                    with open("f", "rb") as file: assert file.read() == content, step
                """)
        }

        @Test func aFileThatIsReplacedWhileItIsOpenKeepsItsContent() throws {
            try withPatientMount(
                """
                def put(name, content, time):
                    with open(there + name, "wb") as file: file.write(content)
                    os.utime(there + name, (time, time))
                put("f", b"old" * 5000, 1000)
                old = os.open("f", os.O_RDONLY)
                assert os.read(old, 3) == b"old"
                for step, content in enumerate([b"new" * 5000, b"short", b"long" * 9999]):
                    put("g", content, 2000 + step)
                    os.rename(there + "g", there + "f")
                    new = os.open("f", os.O_RDONLY)
                    assert os.pread(new, 100000, 0) == content, step
                    assert os.pread(old, 100000, 0) == b"old" * 5000, step
                    assert os.fstat(old).st_ino != os.fstat(new).st_ino
                    assert os.fstat(new).st_size == len(content)
                    os.close(new)
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

        /// Names that are asked for each time become nodes of their own once their file has changed.
        @Test func hardLinksShowEachOthersChanges() throws {
            try withPatientMount(
                nameValidity: .zero,
                """
                a = os.open("a", os.O_RDWR | os.O_CREAT)
                os.write(a, b"0123456789")
                os.link("a", "b")
                assert os.stat("a").st_ino == os.stat("b").st_ino
                os.write(a, b"ab")
                b = os.open("b", os.O_RDWR)
                assert os.fstat(a).st_ino != os.fstat(b).st_ino
                assert os.pread(b, 100, 0) == b"0123456789ab"
                os.write(a, b"cd")
                assert os.fstat(b).st_size == 14
                assert os.pread(b, 100, 0) == b"0123456789abcd"
                os.truncate("a", 3)
                assert os.fstat(b).st_size == 3 and os.pread(b, 100, 0) == b"012"
                os.fchmod(b, 0o640)
                assert os.fstat(a).st_mode & 0o777 == 0o640
                os.ftruncate(b, 5)
                assert os.fstat(a).st_size == 5
                os.unlink("a")
                os.pwrite(a, b"!", 5)
                assert os.fstat(b).st_size == 6
                assert open("b", "rb").read() == b"012\\0\\0!"
                """)
        }

        @Test func renamingALinkOntoAnotherLeavesBoth() throws {
            try withPatientMount(
                """
                open(there + "a", "w").write("one file")
                os.link(there + "a", there + "b")
                assert sorted(os.listdir(".")) == ["a", "b"]
                os.stat("a"); os.stat("b")
                os.rename("a", "b")
                assert sorted(os.listdir(".")) == ["a", "b"], os.listdir(".")
                assert open("a").read() == open("b").read() == "one file"
                os.unlink("b")
                assert open("a").read() == "one file" and os.listdir(".") == ["a"]
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
