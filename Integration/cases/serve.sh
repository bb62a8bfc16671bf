#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# servers: hawser
# `hawser serve` alone serves OpenSSH's sftp, scp and sshfs and our own mount, refuses the rest, and stops.
. "$(dirname "$0")/../lib.sh"

make_keys
host_key=$CASE/host_ed25519
# Starts it on a free port; sets SERVER_PID and PORT, and writes $SSH_CONFIG.
serve() { # [argument...]
    rm -f "$CASE/serve.log"
    "$HAWSER" serve --listen 127.0.0.1:0 --authorized-keys "$CASE/authorized_keys" \
        --host-key "$host_key" "$@" 2>"$CASE/serve.log" &
    SERVER_PID=$!
    started_pids+=("$SERVER_PID")
    wait_until 20 grep -qs "Server listening on" "$CASE/serve.log"
    PORT=$(sed -n 's/.*Server listening on 127.0.0.1 port \([0-9]*\)\..*/\1/p' "$CASE/serve.log")
    write_client_config
}
logged() { grep -qE "$1" "$CASE/serve.log" || fail "not in the log: $1: $(cat "$CASE/serve.log")"; }
# Logs in by a key of the test's.
log_in() { # key [user]
    sftp -q -b /dev/null -F none -P "$PORT" -o UserKnownHostsFile="$CASE/known_hosts" -o IdentitiesOnly=yes \
        -o PreferredAuthentications=publickey -i "$1" "${2:-$(id -un)}@127.0.0.1"
}
end_server() {
    kill -TERM "$SERVER_PID"
    wait "$SERVER_PID" || fail "ended with $?"
}

serve
make_tree "$CASE/tree"
find "$CASE/tree" -type l -delete
sftp -q -b - -F "$SSH_CONFIG" "server:$REMOTE" >"$CASE/output" <<END
put -rp $CASE/tree up
get -rp up $CASE/down
rename up/folder/file-4096 up/renamed
END
find "$REMOTE/up" -name renamed | grep -q . || fail "not renamed"
expect_same_tree "$CASE/tree" "$CASE/down"
scp -q -F "$SSH_CONFIG" "$CASE/tree/folder/file-1048577" "server:$REMOTE/by-scp"
cmp "$CASE/tree/folder/file-1048577" "$REMOTE/by-scp"
user=$(id -un)
logged "^Accepted publickey for $user from 127.0.0.1 port [0-9]+ ssh2: ED25519 SHA256:"
logged "^Starting session: subsystem 'sftp' for $user from 127.0.0.1 port [0-9]+ id 0\$"
logged '^open ".*by-scp" flags WRITE,CREATE mode 0'
logged "^Disconnected from user $user 127.0.0.1 port [0-9]+\$"

# Our mount and sshfs, over the same server at the same time.
mount_remote "$REMOTE" "$MOUNT"
cmp "$CASE/tree/folder/file-1048577" "$MOUNT/by-scp"
cp -a "$CASE/tree" "$MOUNT/by-mount"
expect_same_tree "$CASE/tree" "$REMOTE/by-mount"
mkdir "$CASE/sshfs"
started_mounts+=("$CASE/sshfs")
sshfs -F "$SSH_CONFIG" "server:$REMOTE" "$CASE/sshfs"
cmp "$CASE/tree/folder/file-1048577" "$CASE/sshfs/by-mount/folder/file-1048577"
fusermount3 -u "$CASE/sshfs"

# Nothing but files, and said so; nobody but the user, by no other key.
expect_failure ssh -F "$SSH_CONFIG" server true
grep -q 'This service allows sftp connections only' "$CASE/output" || fail "not said: $(cat "$CASE/output")"
expect_failure ssh -F "$SSH_CONFIG" -s server other
expect_failure ssh -F "$SSH_CONFIG" -W 127.0.0.1:1 server
expect_failure ssh -F "$SSH_CONFIG" -o ExitOnForwardFailure=yes -N -R 0:127.0.0.1:1 server
ssh-keygen -q -t ed25519 -N '' -f "$CASE/other"
expect_failure log_in "$CASE/other"
expect_failure log_in "$CASE/user_ed25519" nobody
logged '^Invalid user nobody from 127.0.0.1 port'
logged '^Failed publickey for invalid user nobody from 127.0.0.1 port'
# A file that others may write lets nobody in.
chmod 666 "$CASE/authorized_keys"
expect_failure log_in "$CASE/user_ed25519"
logged 'Authentication refused: .*bad ownership or modes for '
chmod 600 "$CASE/authorized_keys"

# Whoever has a file open may finish with it before the server ends; others go at once.
exec 5>"$MOUNT/open"
kill -TERM "$SERVER_PID"
wait_until 20 python3 -c 'import socket, sys
sys.exit(socket.socket().connect_ex(("127.0.0.1", int(sys.argv[1]))) == 0)' "$PORT"
alive "$SERVER_PID" || fail "it did not wait for an open file"
echo last >&5
exec 5>&-
expect_equal "what was written at the end" last "$(cat "$REMOTE/open")"
wait "$SERVER_PID" || fail "ended with $?"
fusermount3 -uz "$MOUNT"

# A host key is made where there is none, and stays; what stands before a user's key is heeded.
host_key=$CASE/made_key
key=$(cut -d ' ' -f 1-2 "$CASE/user_ed25519.pub")
echo "restrict,from=\"127.0.0.0/8,!127.0.0.9\",expiry-time=\"20990101\" $key" >"$CASE/authorized_keys"
serve --read-only
expect_equal "mode of the key" 600 "$(stat -c %a "$CASE/made_key")"
echo "[127.0.0.1]:$PORT $(ssh-keygen -y -f "$CASE/made_key")" >"$CASE/known_hosts"
log_in "$CASE/user_ed25519"
expect_failure sftp -q -b - -F "$SSH_CONFIG" server <<<"put $CASE/other $REMOTE/other"
[ ! -e "$REMOTE/other" ] || fail "written in spite of --read-only"
for condition in 'from="192.0.2.0/24,10.*"' 'expiry-time="20200101"' 'command="/bin/true"'; do
    echo "$condition $key" >"$CASE/authorized_keys"
    expect_failure log_in "$CASE/user_ed25519"
done
logged 'authorized_keys:1: the key may not be used from this address'
logged 'authorized_keys:1: the key has expired'
logged 'authorized_keys:1: the key is to run a command'
end_server
# Some requests only, and what new files may be to others.
echo "$key" >"$CASE/authorized_keys"
serve --deny remove,symlink --umask 027 --log-format json
echo "[127.0.0.1]:$PORT $(ssh-keygen -y -f "$CASE/made_key")" >"$CASE/known_hosts"
chmod 666 "$CASE/tree/folder/file-4096"
sftp -q -b - -F "$SSH_CONFIG" server <<<"put $CASE/tree/folder/file-4096 $REMOTE/masked" >"$CASE/output"
expect_equal "mode under --umask" 640 "$(stat -c %a "$REMOTE/masked")"
expect_failure sftp -q -b - -F "$SSH_CONFIG" server <<<"rm $REMOTE/masked"
[ -e "$REMOTE/masked" ] || fail "removed in spite of --deny"
logged '"event":"message","level":"info","message":"Accepted publickey for '
logged '"event":"remove","user":"'"$user"'","address":"127.0.0.1","path":"'"$REMOTE"'/masked".*"result":"Permission denied"}$'
! grep -qv '^{.*}$' "$CASE/serve.log" || fail "a line without an event: $(cat "$CASE/serve.log")"
end_server
# Modes that clients can neither ask for nor change, whatever the umask says.
serve -m 664 -M 775 --umask 077
echo "[127.0.0.1]:$PORT $(ssh-keygen -y -f "$CASE/made_key")" >"$CASE/known_hosts"
chmod 600 "$CASE/tree/folder/file-4096"
sftp -q -b - -F "$SSH_CONFIG" server >"$CASE/output" <<END
put -p $CASE/tree/folder/file-4096 $REMOTE/forced
mkdir $REMOTE/forced-directory
chmod 700 $REMOTE/forced-directory
END
expect_equal "modes under -m and -M" "664 775" \
    "$(stat -c %a "$REMOTE/forced" "$REMOTE/forced-directory" | paste -sd ' ')"
expect_equal "time of a file whose mode is forced" "$(stat -c %Y "$CASE/tree/folder/file-4096")" \
    "$(stat -c %Y "$REMOTE/forced")"
end_server
expect_failure "$HAWSER" serve -m 1777
# Rates: a session that may go slowly does, and what else it asks for is not held up.
serve --rate-read 200K --rate-write 200K
echo "[127.0.0.1]:$PORT $(ssh-keygen -y -f "$CASE/made_key")" >"$CASE/known_hosts"
head -c 400000 /dev/urandom >"$CASE/slow"
begin=$(date +%s%N)
sftp -q -b - -F "$SSH_CONFIG" server >"$CASE/output" <<END
put $CASE/slow $REMOTE/slow
get $REMOTE/slow $CASE/slow-again
END
took=$(((${EPOCHREALTIME/./} * 1000 - begin) / 1000000))
cmp "$CASE/slow" "$CASE/slow-again"
# 800 kB at 200 KiB/s, but for a quarter of a second of either and the last piece, which nobody waits for.
[ "$took" -ge 2000 ] || fail "$took ms for two times 400 kB at 200 KiB/s"
end_server

# A quota, which all connections share.
serve --quota-bytes 100K --quota-files 3
echo "[127.0.0.1]:$PORT $(ssh-keygen -y -f "$CASE/made_key")" >"$CASE/known_hosts"
head -c 60000 /dev/urandom >"$CASE/large"
put_large() { sftp -q -b - -F "$SSH_CONFIG" server <<<"put $CASE/large $REMOTE/$1"; }
put_large quota-1 >"$CASE/output"
expect_failure put_large quota-2
[ "$(stat -c %s "$REMOTE/quota-2")" -lt 60000 ] || fail "written in spite of --quota-bytes"
sftp -q -b - -F "$SSH_CONFIG" server <<<"mkdir $REMOTE/quota-3" >"$CASE/output"
expect_failure sftp -q -b - -F "$SSH_CONFIG" server <<<"mkdir $REMOTE/quota-4"
[ ! -e "$REMOTE/quota-4" ] || fail "made in spite of --quota-files"
# A mount is told the errno.
mount_remote "$REMOTE" "$MOUNT"
expect_failure mkdir "$MOUNT/quota-5"
grep -q 'Disk quota exceeded' "$CASE/output" || fail "not EDQUOT: $(cat "$CASE/output")"
unmount "$MOUNT"
end_server
serve --allow realpath,stat,lstat,mkdir
echo "[127.0.0.1]:$PORT $(ssh-keygen -y -f "$CASE/made_key")" >"$CASE/known_hosts"
sftp -q -b - -F "$SSH_CONFIG" server <<<"mkdir $REMOTE/allowed" >"$CASE/output"
expect_failure sftp -q -b - -F "$SSH_CONFIG" server <<<"ls $REMOTE"
end_server
# Older sessions are not to be ended; and a mask for files is none for host keys.
host_key=$CASE/masked_key
serve --deny session@hawser --umask 0477
end_server
expect_equal "mode of a host key under --umask" 600 "$(stat -c %a "$host_key")"
host_key=$CASE/made_key
expect_failure "$HAWSER" serve --deny rmdirs
grep -q "'rmdirs' is not a request" "$CASE/output" || fail "not said: $(cat "$CASE/output")"
made=$(sha256 "$CASE/made_key")
echo "$key" >"$CASE/authorized_keys"
serve --once
echo "[127.0.0.1]:$PORT $(ssh-keygen -y -f "$CASE/made_key")" >"$CASE/known_hosts"
log_in "$CASE/user_ed25519"
wait "$SERVER_PID" || fail "--once ended with $?"
expect_equal "the key at the second start" "$made" "$(sha256 "$CASE/made_key")"

# A directory as the root: what is absolute begins there, and nothing leads above it.
mkdir -p "$CASE/jail/inside"
echo kept >"$CASE/jail/inside/file"
ln -s /inside/file "$CASE/jail/absolute"
ln -s ../authorized_keys "$CASE/jail/out"
serve --root "$CASE/jail"
echo "[127.0.0.1]:$PORT $(ssh-keygen -y -f "$CASE/made_key")" >"$CASE/known_hosts"
sftp -q -b - -F "$SSH_CONFIG" server >"$CASE/output" <<END
pwd
get absolute $CASE/absolute
get /../../inside/file $CASE/from-above
-get out $CASE/escaped
-get $CASE/authorized_keys $CASE/escaped
symlink /etc/passwd leads-out
-get leads-out $CASE/escaped
rename inside/file /../renamed
ls -la /..
END
grep -q '^Remote working directory: /$' "$CASE/output" || fail "not at /: $(cat "$CASE/output")"
cmp "$CASE/absolute" "$CASE/from-above"
[ ! -e "$CASE/escaped" ] || fail "escaped"
[ -e "$CASE/jail/renamed" ] || fail "not renamed inside"
! grep -q ' authorized_keys$' "$CASE/output" || fail "listed what lies above"
mount_remote / "$MOUNT"
cat "$MOUNT/renamed" >"$CASE/output"
cmp "$CASE/absolute" "$CASE/output"
expect_failure cat "$MOUNT/leads-out"
unmount "$MOUNT"
end_server

# Over the standard streams, as a ProxyCommand.
sftp -q -b - -o ProxyCommand="$HAWSER serve --stdio --authorized-keys $CASE/authorized_keys --host-key $host_key" \
    -F "$SSH_CONFIG" "server:$REMOTE" <<<"get by-scp $CASE/by-stdio" 2>"$CASE/serve.log"
cmp "$REMOTE/by-scp" "$CASE/by-stdio"
