#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# servers: hawser
# `hawser serve` for a user whose home is not there, from a directory that has been removed: clients begin at the top.
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || skip "only root can be somebody else"
make_keys
chmod 755 "$CASE"
cp -L "$HAWSER" "$CASE/hawser"
install -d -o nobody "$CASE/nobody"
install -o nobody -m 600 "$CASE/authorized_keys" "$CASE/nobody/keys"
mkdir "$CASE/gone"
server="$CASE/hawser serve --stdio --authorized-keys $CASE/nobody/keys --host-key $CASE/nobody/host"
as_user="setpriv --reuid=nobody --regid=nogroup --clear-groups"
sftp -q -b - -F none -i "$CASE/user_ed25519" -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile="$CASE/known" \
    -o ProxyCommand="sh -c 'cd $CASE/gone && rmdir $CASE/gone && exec $as_user $server'" \
    nobody@server >"$CASE/output" 2>"$CASE/said" <<<pwd || fail "no session: $(cat "$CASE/said")"
grep -qx "Remote working directory: /" "$CASE/output" || fail "begins elsewhere: $(cat "$CASE/output")"
grep -q "home directory .*: No such file or directory: clients begin in /" "$CASE/said" ||
    fail "not said: $(cat "$CASE/said")"
