#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What programs rely on is the same in a mount as in a local directory, but for what Docs/CONSISTENCY.md lists.
. "$(dirname "$0")/../lib.sh"

RUN=$ROOT/Integration/conformance/run
mkdir "$CASE/local"
"$RUN" "$CASE/local" >"$CASE/expected"
start_and_mount
"$RUN" "$MOUNT" "$REMOTE" >"$CASE/found"
unmount "$MOUNT"

# What belongs to somebody else: the server runs as a user without rights, and so does the local run.
if [ "$(id -u)" = 0 ]; then
    chmod 711 "$CASE"
    for folder in "$CASE/local" "$REMOTE"; do
        mkdir -p "$folder/foreign"/{hidden,kept/d,mine,sticky}
        cd "$folder/foreign" || exit
        touch closed open readable hidden/f kept/f sticky/f
        chmod 600 closed
        chmod 666 open
        chmod 700 hidden
        chmod 1777 sticky
        chown nobody mine
        cd "$CASE" || exit
    done
    as_nobody=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
    "${as_nobody[@]}" "$RUN" --foreign "$CASE/local/foreign" >>"$CASE/expected"
    SFTP_SERVER="$(command -v setpriv) ${as_nobody[*]:1} $SFTP_SERVER"
    start_and_mount
    "$RUN" --foreign "$MOUNT/foreign" >>"$CASE/found"
    unmount "$MOUNT"
fi

server=openssh
case $SFTP_SERVER in *hawser*) server=hawser ;; esac
"$ROOT/Integration/conformance/compare" "$CASE/expected" "$CASE/found" "$ROOT/Docs/CONSISTENCY.md" $server
