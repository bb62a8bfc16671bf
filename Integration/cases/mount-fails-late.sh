#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# servers: openssh
# What fails once the directory has been mounted leaves no mount behind. strace makes it fail.
. "$(dirname "$0")/../lib.sh"

start_server
strace -qq -o "$CASE/strace" true || skip "strace cannot trace here"
for call in fcntl epoll_ctl; do
    # Only what this process asks of the FUSE device.
    expect_failure strace -f -qq -o "$CASE/strace" -P /dev/fuse -e trace=$call -e inject=$call:error=ENOSPC \
        "${mount_command[@]}" -F "$SSH_CONFIG" -o WarnWeakCrypto=no -f "server:$REMOTE" "$MOUNT"
    grep -q INJECTED "$CASE/strace" || fail "$call was not made to fail: $(cat "$CASE/strace")"
    is_unmounted "$MOUNT" || fail "a mount is left behind after $call failed"
    expect_equal "lines on the standard error output" 1 "$(wc -l <"$CASE/output")"
done
