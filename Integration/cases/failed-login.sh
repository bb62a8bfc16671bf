#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A connection that fails leaves no mount and no process; the message says where it was going and why.
. "$(dirname "$0")/../lib.sh"

# Mounting has to fail and to say something that matches the pattern.
refused() { # what pattern source [argument...]
    local what=$1 pattern=$2 source=$3
    shift 3
    expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" "$@" "$source" "$MOUNT" </dev/null
    is_unmounted "$MOUNT" || fail "$what: there is a mount"
    grep -qiE "$pattern" "$CASE/output" || fail "$what: the message is: $(cat "$CASE/output")"
}

start_server
ssh-keygen -q -t ed25519 -N '' -C stranger -f "$CASE/stranger"
# Only the key files that are given below.
own_key=$(grep IdentityFile "$SSH_CONFIG")
sed -i '/IdentityFile/d' "$SSH_CONFIG"
refused "unknown key" "127\.0\.0\.1.*(authenticat|denied)|(authenticat|denied).*127\.0\.0\.1" \
    "server:$REMOTE" -o IdentityFile="$CASE/stranger" -o IdentityAgent=none
refused "missing key file" "authenticat|denied|no such file|identity" "server:$REMOTE" -o IdentityFile="$CASE/none"
echo "$own_key" >>"$SSH_CONFIG"
refused "missing folder" "$CASE/none.*(no such|not found)|(no such|not found).*$CASE/none" "server:$CASE/none"
refused "file for a folder" "not a directory" "server:$CASE/ssh_config"
refused "nobody listens" "127\.0\.0\.1.*refused|refused.*127\.0\.0\.1" "server:$REMOTE" -p "$(free_port)"
refused "unknown host" "no-such-host\.invalid" "no-such-host.invalid:$REMOTE"

# The host shows another key than the one that we know.
sed -i "s|ssh-ed25519 .*|$(cut -d ' ' -f 1-2 "$CASE/stranger.pub")|" "$CASE/known_hosts"
refused "changed host key" "host key" "server:$REMOTE" -o HostKeyAlgorithms=ssh-ed25519
# The host is not known at all.
: >"$CASE/known_hosts"
refused "unknown host key" "host key" "server:$REMOTE"
expect_equal "learned from an unknown host" "" "$(cat "$CASE/known_hosts")"
write_client_config

# The mount point is not there, or not a directory.
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" "server:$REMOTE" "$CASE/no-mount-point"
grep -q "$CASE/no-mount-point" "$CASE/output" || fail "missing mount point: $(cat "$CASE/output")"
touch "$CASE/plain"
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" "server:$REMOTE" "$CASE/plain"

stop_server
start_server 'ForceCommand /bin/false'
refused "no SFTP there" "sftp|subsystem|closed|protocol" "server:$REMOTE"
stop_server
start_server 'AllowUsers nobody-in-particular'
refused "user not allowed" "authenticat|denied" "server:$REMOTE"
