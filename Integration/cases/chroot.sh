#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# servers: hawser
# Below sshd's ChrootDirectory, as its subsystem and its ForceCommand, the server needs what the manual says, and no more.
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || skip "only root may change the root"
# sshd takes no directory below one that others may write.
jail=$(mktemp -d /var/lib/hawser-chroot.XXXXXX)
trap 'status=$?; rm -rf "$jail"; (exit $status); clean_up' EXIT
chmod 755 "$jail"
# A program and the libraries that it is linked with.
bring() { # program place
    local library
    mkdir -p "$jail/$(dirname "$2")"
    cp -L "$1" "$jail/$2"
    for library in $(ldd "$1" | grep -o '/[^ ]*'); do
        mkdir -p "$jail/$(dirname "$library")"
        cp -L "$library" "$jail/$library"
    done
}
bring "$SFTP_SERVER" /usr/libexec/hawser-sftp-server
# What sshd starts it by: the user's login shell.
user=$(id -un)
shell=$(getent passwd "$user" | cut -d : -f 7)
bring "$shell" "$shell"
mkdir "$jail/files"
echo inside >"$jail/files/file"
echo outside >"$CASE/secret"

SFTP_SERVER=/usr/libexec/hawser-sftp-server
start_server "ChrootDirectory $jail"
talk() { sftp -q -b - -F "$SSH_CONFIG" server >"$CASE/output" 2>&1; }
expect_failure talk <<<pwd
mkdir "$jail/etc"
getent passwd "$user" >"$jail/etc/passwd"
talk <<END || fail "$(cat "$CASE/output")"
get /files/file $CASE/got
put $CASE/got /files/made
rename /files/made /files/renamed
ls -l /files
-get $CASE/secret $CASE/escaped
END
expect_equal "what was read" inside "$(cat "$CASE/got")"
expect_equal "what was written" inside "$(cat "$jail/files/renamed")"
grep -q " $user .* /files/renamed\$" "$CASE/output" || fail "no such entry: $(cat "$CASE/output")"
[ ! -e "$CASE/escaped" ] || fail "read what lies outside"
stop_server

start_server "ChrootDirectory $jail" "ForceCommand $SFTP_SERVER -R"
talk <<<"get /files/file $CASE/forced" || fail "$(cat "$CASE/output")"
expect_equal "what ForceCommand let read" inside "$(cat "$CASE/forced")"
expect_failure talk <<<"put $CASE/got /files/other"
[ ! -e "$jail/files/other" ] || fail "written in spite of -R"
