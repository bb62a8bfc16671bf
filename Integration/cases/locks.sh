#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# flock(2) and fcntl(2) locks keep out the programs of one mount, and nobody else.
. "$(dirname "$0")/../lib.sh"

start_and_mount
mkdir "$CASE/other"
mount_remote "$REMOTE" "$CASE/other"
touch "$REMOTE/f"

taken() { # mountpoint
    flock --nonblock --conflict-exit-code 9 "$1/f" true && return 1
    [ $? = 9 ] || fail "flock does not work at $1"
}
record_taken() { # mountpoint
    python3 - "$1/f" <<'END'
import errno, fcntl, sys
with open(sys.argv[1], "r+") as file:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        sys.exit(0 if error.errno in (errno.EAGAIN, errno.EACCES) else 2)
sys.exit(1)
END
}
expect_locks() { # what check
    "$2" "$MOUNT" || fail "$1 keeps nobody of its mount out"
    if "$2" "$CASE/other"; then fail "$1 reaches another mount"; fi
    if "$2" "$REMOTE"; then fail "$1 reaches the server"; fi
}

exec 7<>"$MOUNT/f"
flock 7
expect_locks flock taken
flock --unlock 7
if taken "$MOUNT"; then fail "still locked"; fi
exec 7<&-

mkfifo "$CASE/locked" "$CASE/done"
python3 - "$MOUNT/f" "$CASE/locked" "$CASE/done" <<'END' &
import fcntl, sys
path, locked, done = sys.argv[1:]
with open(path, "r+") as file:
    fcntl.lockf(file, fcntl.LOCK_EX)
    open(locked, "w").close()
    open(done).close()
END
holder=$!
read -r <"$CASE/locked" || true
expect_locks fcntl record_taken
: >"$CASE/done"
wait "$holder"
if record_taken "$MOUNT"; then fail "still locked"; fi
unmount "$CASE/other"
unmount "$MOUNT"
