#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whatever a program waits for on a dead link, Ctrl-C ends it within two seconds, and a SIGKILL within one: a server that
# says nothing any more, and one that takes no connection.
# clients: hawser
# tier: drops
# timeout: 600
. "$(dirname "$0")/../lib.sh"

start_server
start_relay
mkdir "$REMOTE/folder" "$REMOTE/empty"
echo target >"$REMOTE/file"
ln -s file "$REMOTE/link"
make_file "$REMOTE/big" 3000000
caches=dcache_timeout=0,attr_timeout=0,entry_timeout=0,negative_timeout=0
cat >"$CASE/work.py" <<'PYTHON'
import os, resource, signal, subprocess, sys, time

mount, relay, control = sys.argv[1:]
os.chdir(mount)


def tell(word):
    subprocess.run([relay, "--tell", control, word], check=True, stdout=subprocess.DEVNULL)


def opened(path, flags=os.O_RDWR):
    return lambda: os.open(path, flags)


# What is done while the link is good, and what then waits.
operations = {
    "stat": (None, lambda _: os.stat("folder/none")),
    "open": (None, lambda _: os.open("file", os.O_RDONLY)),
    "open to truncate": (None, lambda _: os.open("file", os.O_WRONLY | os.O_TRUNC)),
    "create": (None, lambda _: os.open("new", os.O_WRONLY | os.O_CREAT | os.O_EXCL)),
    "read": (opened("big", os.O_RDONLY), lambda file: os.pread(file, 4096, 1_000_000)),
    "write and fsync": (opened("file"), lambda file: (os.pwrite(file, b"other", 0), os.fsync(file))),
    "append and fsync": (opened("file", os.O_WRONLY | os.O_APPEND), lambda file: (os.write(file, b"x"), os.fsync(file))),
    "ftruncate": (opened("file"), lambda file: os.ftruncate(file, 3)),
    "truncate": (None, lambda _: os.truncate("file", 3)),
    "chmod": (None, lambda _: os.chmod("file", 0o600)),
    "utimes": (None, lambda _: os.utime("file")),
    "mkdir": (None, lambda _: os.mkdir("made")),
    "rmdir": (None, lambda _: os.rmdir("empty")),
    "unlink": (None, lambda _: os.unlink("file")),
    "rename": (None, lambda _: os.rename("file", "renamed")),
    "symlink": (None, lambda _: os.symlink("file", "made")),
    "readlink": (None, lambda _: os.readlink("link")),
    "link": (None, lambda _: os.link("file", "made")),
    "list": (None, lambda _: os.listdir("folder")),
    "statvfs": (None, lambda _: os.statvfs(".")),
}


def attempt(name, prepare, work, number, limit, cut, heal):
    ready, done = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        subject = prepare() if prepare else None
        os.write(done, b"x")
        time.sleep(1)
        try:
            work(subject)
        except OSError as error:
            os.write(2, f"{name}: {error}\n".encode())
        os._exit(7)
    os.read(ready, 1)
    tell(cut)
    # It begins once the link is dead, and has to be seen waiting.
    time.sleep(1.5)
    start = time.monotonic()
    os.kill(child, number)
    _, status = os.waitpid(child, 0)
    took = time.monotonic() - start
    tell("reset")
    tell(heal)
    os.close(ready)
    os.close(done)
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != number:
        sys.exit(f"{name} did not wait on a link that was dead ({cut}): status {status}")
    if took > limit:
        sys.exit(f"{name} ended {took:.2f} s after signal {number} ({cut})")
    return took


for cut, heal in (("freeze", "thaw"), ("stop", "start")):
    longest = {signal.SIGINT: 0.0, signal.SIGKILL: 0.0}
    for name, (prepare, work) in operations.items():
        number = signal.SIGKILL if name in ("read", "open", "list") else signal.SIGINT
        limit = 1 if number == signal.SIGKILL else 2
        longest[number] = max(longest[number], attempt(name, prepare, work, number, limit, cut, heal))
    took = attempt("read", *operations["read"], signal.SIGINT, 2, cut, heal)
    longest[signal.SIGINT] = max(longest[signal.SIGINT], took)
    print(f"{cut}: {len(operations)} operations, ended at most {longest[signal.SIGINT]:.2f} s after Ctrl-C, "
          f"{longest[signal.SIGKILL]:.2f} s after SIGKILL")
PYTHON
mount_remote "$REMOTE" "$MOUNT" -o $caches,direct_io
python3 "$CASE/work.py" "$MOUNT" "$ROOT/Integration/relay.py" "$CASE/relay"
wait_until 30 test -e "$MOUNT/big"
expect_equal "made" "big empty file folder link" "$(ls "$MOUNT" | tr '\n' ' ' | sed 's/ $//')"
unmount "$MOUNT"
