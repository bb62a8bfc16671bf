#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What happens to a mount in the background is told to syslog, and filed as SyslogFacility says.
# servers: openssh
# A /dev of this case's own, with a log that nobody else has.
if [ "$(id -u)" = 0 ] && [ -z "${OWN_NAMESPACE:-}" ] && unshare -m true 2>&1; then
    OWN_NAMESPACE=1 exec unshare -m "$0"
fi
. "$(dirname "$0")/../lib.sh"
[ -n "${OWN_NAMESPACE:-}" ] || skip "nobody but root may have a /dev of his own"

mkdir "$CASE/dev"
mount -t tmpfs none "$CASE/dev"
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/fuse /dev/fd /dev/std* "$CASE/dev"
mount --move "$CASE/dev" /dev
python3 - "$CASE/syslog" <<'LOG' &
import os, socket, sys
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
os.chmod("/dev/log", 0o666)
with open(sys.argv[1], "a", encoding="utf-8") as file:
    while True:
        print(log.recv(65536).rstrip(b"\0\n").decode(), file=file, flush=True)
LOG
started_pids+=("$!")
wait_until 30 test -S /dev/log

logs() { # priority option...
    local priority=$1
    shift
    : >"$CASE/syslog"
    start_server
    mount_remote "$REMOTE" "$MOUNT" "$@"
    stop_server
    wait_until 20 grep -qE "^<$priority>.* hawser\[[0-9]+\]: server: " "$CASE/syslog"
    unmount "$MOUNT"
}
# A facility is eight levels; a notice is the fifth of them.
logs 13
logs 173 -o SyslogFacility=LOCAL5
say "filed as it should be: $(tail -n 1 "$CASE/syslog")"
