// SPDX-License-Identifier: Apache-2.0

import LocalSFTPServer
import Testing

extension RealMounts {
    /// Signals that reach a program while it waits for the mount.
    @Suite struct InterruptTests {
        @Test func releasesProgramsFromASilentServer() throws {
            try withMount { mount in
                try expectSuccess("echo x >\(mount.there)/f; echo y >\(mount.there)/g")
                mount.server.freeze()
                defer { mount.server.thaw() }
                // Not from within the mount: even changing to it would wait for the server.
                try expectSuccess(
                    """
                    python3 - <<'END'
                    import signal, subprocess, time
                    for number in (signal.SIGINT, signal.SIGKILL):
                        reader = subprocess.Popen(["cat", "\(mount.here)/f"])
                        time.sleep(0.3)
                        started = time.monotonic()
                        reader.send_signal(number)
                        assert reader.wait() != 0
                        assert time.monotonic() - started < 2, time.monotonic() - started
                    END
                    """)
            }
        }

        @Test func carriesOutWhatWasInterrupted() throws {
            try withMount { mount in
                // A listing that is fresh lets mkdir(1) get as far as its MKDIR request.
                try expectSuccess("ls \(mount.here); ls \(mount.here)")
                mount.server.freeze()
                try expectSuccess("timeout -s KILL 0.3 mkdir \(mount.here)/d || true")
                mount.server.thaw()
                try expectSuccess("sleep 1.2; test -d \(mount.here)/d; rmdir \(mount.here)/d")
            }
        }

        @Test func answersAfterTheUnmountThroughASessionThatStillLives() throws {
            try withMount { mount in
                mount.server.freeze()
                defer { mount.server.thaw() }
                try expectSuccess("stat \(mount.here)/f >/dev/null 2>&1 & sleep 0.5")
                #expect(mount.keepsSessionAfterUnmount())
            }
            try withMount { mount in
                try expectSuccess("ls \(mount.here); sleep 0.5")
                #expect(!mount.keepsSessionAfterUnmount())
            }
        }

        @Test func letsHandledTimerSignalsPass() throws {
            try withMount { mount in
                try expectPython(
                    """
                    import ctypes, os, signal
                    open("f", "w").write("x" * 100000)
                    signal.signal(signal.SIGALRM, lambda *_: None)
                    signal.siginterrupt(signal.SIGALRM, False)
                    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
                    libc = ctypes.CDLL(None, use_errno=True)
                    buffer = ctypes.create_string_buffer(100000)
                    for round in range(300):
                        # The C library's own calls: Python's would hide EINTR.
                        name = b"f" if round % 3 else b"missing"
                        descriptor = libc.open(name, os.O_RDONLY)
                        assert ctypes.get_errno() != 4, "open"
                        if descriptor < 0: continue
                        assert libc.pread(descriptor, buffer, 100000, 0) == 100000, ctypes.get_errno()
                        assert libc.access(name, 4) == 0, ctypes.get_errno()
                        libc.close(descriptor)
                        os.utime("f", (round, round))
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    """, in: mount)
            }
        }
    }
}
