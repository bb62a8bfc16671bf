#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The network itself goes away and comes back: the mount is connected again soon after that.
# servers: openssh
# clients: hawser
# Root alone may make networks; for everyone else there is nothing to show.
if [ "$(id -u)" = 0 ] && [ -z "${HAWSER_CASE_NETWORK:-}" ]; then
    HAWSER_CASE_NETWORK=own exec unshare -n "$0" "$@"
fi
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../far.sh"
[ "$(id -u)" = 0 ] || skip "it needs root"
command -v ip >/dev/null || skip "it needs ip(8)"

# The way between here and the server: a pair of interfaces, the server's end in a network of its own.
ip link set lo up
unshare -n sleep 1000 &
there=$!
started_pids+=("$there")
other_network() { [ "$(readlink "/proc/$there/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
wait_until 20 other_network
ip link add here type veth peer name there netns "$there"
on_server() { nsenter -t "$there" -n "$@"; }
ip address add 192.0.2.1/24 dev here
ip link set here up
on_server ip address add 192.0.2.2/24 dev there
on_server ip link set there up
on_server ip link set lo up
far=/proc/$there/ns/net FAR_ADDRESS=192.0.2.2
start_far_server

for number in 1 2 3; do echo "$number" >"$REMOTE/file-$number"; done
mount_remote "$REMOTE" "$MOUNT" -o dcache_timeout=0,attr_timeout=0,entry_timeout=0
cat "$MOUNT/file-1" >/dev/null
connected() { "$HAWSER" status "$MOUNT" | grep -q '^  connected'; }

# Nobody uses the mount: it hears of the change, and that nobody answers any more.
ip link set here down
wait_until 20 bash -c "'$HAWSER' status '$MOUNT' | grep -q '^  reconnecting'"
sleep 3
ip link set here up
wait_until 20 connected

# Somebody waits: not for longer than it takes.
for outage in 5 9; do
    ip link set here down
    cat "$MOUNT/file-2" >"$CASE/output" 2>&1 &
    reader=$!
    sleep $outage
    alive $reader || fail "did not wait: $(cat "$CASE/output")"
    start=$(milliseconds)
    ip link set here up
    wait $reader || fail "a reader failed: $(cat "$CASE/output")"
    took=$(($(milliseconds) - start))
    say "after $outage s without a network: $took ms"
    # 1.5 s on a quiet machine.
    [ $took -lt 6000 ] || fail "it took $took ms after $outage s"
done
unmount "$MOUNT"
