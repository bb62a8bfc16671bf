#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# tier: full
# timeout: 2400
# sftp, scp, lftp and rclone each upload and download a file of 2 GiB with equal checksums.
. "$(dirname "$0")/../lib.sh"

start_server 'RekeyLimit 256M' 'Ciphers aes128-gcm@openssh.com'
make_file "$CASE/original" $((2 << 30))
cat >"$CASE/rclone.conf" <<END
[server]
type = sftp
host = 127.0.0.1
port = $PORT
user = $(id -un)
key_file = $CASE/user_ed25519
known_hosts_file = $CASE/known_hosts
disable_hashcheck = true
shell_type = none
END
lftp_run() { lftp -c "set cmd:fail-exit yes; set sftp:connect-program 'ssh -a -x -F $SSH_CONFIG'; open sftp://server$REMOTE; $*"; }
transfer() { # program
    case $1 in
    sftp)
        echo "put $CASE/original up" | sftp -q -b - -F "$SSH_CONFIG" "server:$REMOTE"
        echo "get up $CASE/down" | sftp -q -b - -F "$SSH_CONFIG" "server:$REMOTE"
        ;;
    scp)
        scp -q -F "$SSH_CONFIG" "$CASE/original" "server:$REMOTE/up"
        scp -q -F "$SSH_CONFIG" "server:$REMOTE/up" "$CASE/down"
        ;;
    lftp) lftp_run "put '$CASE/original' -o up; get up -o '$CASE/down'" ;;
    rclone)
        rclone --config "$CASE/rclone.conf" copyto "$CASE/original" "server:$REMOTE/up"
        rclone --config "$CASE/rclone.conf" copyto "server:$REMOTE/up" "$CASE/down"
        ;;
    esac
}
for program in sftp scp lftp rclone; do
    transfer $program >"$CASE/output"
    cmp "$CASE/original" "$REMOTE/up" || fail "$program, upload"
    cmp "$CASE/original" "$CASE/down" || fail "$program, download"
    rm "$REMOTE/up" "$CASE/down"
    say "$program"
done
