#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# lftp mirrors a tree up and down with equal checksums, renames, lists and deletes.
. "$(dirname "$0")/../lib.sh"

start_server
make_tree "$CASE/tree"
printf 'b\n' >"$CASE/tree/größe-日本語"
printf 'c\n' >"$CASE/tree/$(printf 'x%.0s' {1..255})"
commands() {
    lftp -c "set cmd:fail-exit yes; set net:max-retries 1; set net:timeout 60; set sftp:charset UTF-8;
        set sftp:connect-program 'ssh -a -x -F $SSH_CONFIG'; set sftp:auto-confirm no;
        open sftp://server$REMOTE; $*" >"$CASE/output"
}
commands "mirror -R '$CASE/tree' up"
expect_same_tree "$CASE/tree" "$REMOTE/up" without-times
commands "mirror up '$CASE/down'"
expect_same_tree "$CASE/tree" "$CASE/down" without-times
commands "mirror -R -n --dry-run '$CASE/tree' up"
expect_equal "left to do" "" "$(grep -E '^(get|put|rm|mv|ln)' "$CASE/output" || true)"
commands "mv up/folder/file-4096 up/moved; mkdir made; cls -1 up"
cmp "$CASE/tree/folder/file-4096" "$REMOTE/up/moved"
grep -q 'up/moved' "$CASE/output" || fail "not listed: $(cat "$CASE/output")"
commands "pget -n 4 up/folder/file-1048577 -o '$CASE/parts'"
cmp "$CASE/tree/folder/file-1048577" "$CASE/parts"
commands "rm -r up made"
expect_equal "left at the server" "" "$(ls -A "$REMOTE")"
