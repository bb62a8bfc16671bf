#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
# Eight processes work on the same files while the server's side changes them: all that is read has been written.
# SECONDS_LONG=60 LIMIT=1 does it for a minute, and fails where a call takes longer than a second.
. "$(dirname "$0")/../lib.sh"

start_and_mount
mkdir "$REMOTE/storm"
"$ROOT/Integration/storm.py" "$MOUNT/storm" "$REMOTE/storm" "${SECONDS_LONG:-3}" "${SEED:-$RANDOM}" "${LIMIT:-0}"
unmount "$MOUNT"
