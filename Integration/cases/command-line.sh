#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Help and version are printed, wrong use is refused with a message and a status, and nothing is mounted.
. "$(dirname "$0")/../lib.sh"

"$HAWSER" --help >"$CASE/help"
grep -q mount "$CASE/help" || fail "no help: $(cat "$CASE/help")"
"$HAWSER" mount --help >"$CASE/help"
grep -q mountpoint "$CASE/help" || fail "no help for mount: $(cat "$CASE/help")"
"$HAWSER" --version | grep -qE '[0-9]+\.[0-9]+' || fail "no version"
for arguments in "nonsense" "mount" "mount server:" "mount -o nonsense=1 server: $MOUNT" \
    "mount -p 99999 server: $MOUNT" "mount --nonsense server: $MOUNT" "mount -- -oProxyCommand=x: $MOUNT" \
    "unmount" "unmount $CASE/none"; do
    # shellcheck disable=SC2086
    expect_failure "$HAWSER" $arguments
    [ -s "$CASE/output" ] || fail "no message for: $arguments"
    ! grep -qiE 'fatal error|crash' "$CASE/output" || fail "it crashed for: $arguments"
done
is_unmounted "$MOUNT" || fail "something got mounted"
