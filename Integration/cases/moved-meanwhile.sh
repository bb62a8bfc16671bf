#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# While the mount reconnects, the server's name stops resolving and then leads to another address; and the mounted
# directory goes away on the server and comes back. Nothing of that ends the mount, and status says what is wrong.
# clients: hawser
# servers: openssh
# Names are looked up in files of our own, which only root can put in the place of the machine's.
if [ "$(id -u)" = 0 ] && [ -z "${HAWSER_CASE_NAMES:-}" ]; then
    HAWSER_CASE_NAMES=own exec unshare -m "$0" "$@"
fi
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || skip "it needs root"

echo 'hosts: files' >"$CASE/nsswitch"
grep -v '^hosts:' /etc/nsswitch.conf >>"$CASE/nsswitch" || true
echo '127.0.0.1 server.test' >"$CASE/hosts"
mount --bind "$CASE/nsswitch" /etc/nsswitch.conf
mount --bind "$CASE/hosts" /etc/hosts

mkdir "$REMOTE/tree"
echo first >"$REMOTE/tree/file"
start_server
sed -i 's/^    HostName .*/    HostName server.test\n    HostKeyAlias moved/' "$SSH_CONFIG"
sed 's/^[^ ]*/moved/' "$CASE/known_hosts" >"$CASE/known_hosts.moved"
cat "$CASE/known_hosts.moved" >>"$CASE/known_hosts"
mount_remote "$REMOTE/tree" "$MOUNT" -o dcache_timeout=0,attr_timeout=0,entry_timeout=0
exec 3<"$MOUNT/file"
says() { "$HAWSER" status "$MOUNT" | grep -qF -- "$1"; }

# The name is unknown, and then it is that of another address, at which the server is now.
: >"$CASE/hosts"
sed -i 's/^ListenAddress .*/ListenAddress 127.0.0.2/' "$CASE/sshd_config"
restart_server
wait_until 30 says reconnecting
cat "$MOUNT/file" >"$CASE/read" 2>&1 &
reader=$!
wait_until 30 says server.test
alive $reader || fail "a reader did not wait: $(cat "$CASE/read")"
echo '127.0.0.2 server.test' >"$CASE/hosts"
wait $reader || fail "a reader failed: $(cat "$CASE/read")"
expect_equal "file at another address" first "$(cat "$CASE/read")"
wait_until 10 says '  connected'

# The directory is gone: perhaps its disk is not mounted yet. Who uses it waits, and it is the same mount once it is back.
rm -r "$REMOTE/tree"
restart_server
wait_until 30 says 'No such file'
says "$REMOTE/tree" || fail "status does not name the directory: $("$HAWSER" status "$MOUNT")"
cat "$MOUNT/file" >"$CASE/read" 2>&1 &
reader=$!
sleep 2
alive $reader || fail "a reader did not wait: $(cat "$CASE/read")"
mkdir "$REMOTE/tree"
echo second >"$REMOTE/tree/file"
wait $reader || fail "a reader failed: $(cat "$CASE/read")"
expect_equal "file of the directory that came back" second "$(cat "$CASE/read")"
expect_failure cat <&3
grep -q 'Stale file handle' "$CASE/output" || fail "not ESTALE: $(cat "$CASE/output")"
exec 3<&-
unmount "$MOUNT"
