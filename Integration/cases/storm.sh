#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tier: full
# timeout: 900
# Eight processes work on the same files while the server's side changes them: all that is read has been written.
# SECONDS_LONG=60 LIMIT=1 does it for a minute, and fails where a call takes longer than a second.
# It does not pass every time yet: once in a while an open or a create gives ESTALE or EINVAL.
. "$(dirname "$0")/../lib.sh"

start_and_mount
mkdir "$REMOTE/storm"
"$ROOT/Integration/storm.py" "$MOUNT/storm" "$REMOTE/storm" "${SECONDS_LONG:-3}" "${SEED:-$RANDOM}" "${LIMIT:-0}"
unmount "$MOUNT"
