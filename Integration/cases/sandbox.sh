#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# servers: hawser
# The kernel keeps each thread of both servers within walls, and within them all still works: logins by keys that are
# replaced, reloading, names of owners, times, moves and links between directories, as root and as a user.
. "$(dirname "$0")/../lib.sh"

make_keys
as_user=()
as_nobody=()
[ "$(id -u)" != 0 ] || as_nobody=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
install -m 755 "$HAWSER" "$CASE/hawser"
install -m 755 "$HAWSER_SFTP_SERVER" "$CASE/server"
talk() { sftp -q -b - -F "$SSH_CONFIG" server >"$CASE/output" 2>&1; }
expect_walls() { # pid
    local thread
    for thread in "/proc/$1/task"/*; do
        expect_equal "walls of $thread" "1 2" \
            "$(sed -n 's/^\(NoNewPrivs\|Seccomp\):[[:space:]]*//p' "$thread/status" | paste -sd ' ')"
    done
}
# A folder of the user's own with keys, and a directory to serve.
prepare() { # name owner
    work=$CASE/$1
    mkdir -p "$work/keys" "$work/root/one" "$work/root/two"
    cp "$CASE/user_ed25519.pub" "$work/keys/authorized_keys"
    echo inside >"$work/root/one/file"
    chmod 755 "$CASE"
    chown -R "$2" "$work"
    # Somebody of whom nobody has asked before.
    [ "$(id -u)" != 0 ] || chown daemon "$work/root/two"
    chmod 777 "$work/root/two"
}
serve() { # argument...
    "${as_user[@]}" env HOME="$work" "$CASE/hawser" serve --listen 127.0.0.1:0 --user tester --log-level debug1 \
        --authorized-keys "$work/keys/authorized_keys" --host-key "$work/keys/host_key" --root "$work/root" "$@" \
        2>"$work/log" &
    SERVER_PID=$!
    started_pids+=("$SERVER_PID")
    wait_until 20 grep -qs "Server listening on" "$work/log"
    PORT=$(sed -n 's/.*Server listening on 127.0.0.1 port \([0-9]*\)\..*/\1/p' "$work/log")
    write_client_config
    sed -i 's/^\([[:space:]]*\)User .*/\1User tester/' "$SSH_CONFIG"
    echo "[127.0.0.1]:$PORT $(cut -d ' ' -f 1-2 "$work/keys/host_key.pub" 2>/dev/null \
        || ssh-keygen -y -f "$work/keys/host_key")" >"$CASE/known_hosts"
    grep -q "sandbox: seccomp filter" "$work/log" || fail "no filter: $(cat "$work/log")"
    expect_walls "$SERVER_PID"
}
end_server() {
    kill -TERM "$SERVER_PID"
    wait "$SERVER_PID" || fail "ended with $?"
}

check_serve() {
    serve
    talk <<END || fail "$(cat "$CASE/output") $(cat "$work/log")"
get one/file $work.got
put $work.got one/made
rename one/made two/moved
ln two/moved one/linked
ln -s file one/link
chmod 640 two/moved
ls -l /
END
    [ "$(id -u)" != 0 ] || grep -q ' daemon .* /two$' "$CASE/output" || fail "no name: $(cat "$CASE/output")"
    cmp "$work/root/one/file" "$work/root/one/linked"
    expect_walls "$SERVER_PID"
    # The file of keys is another one from now on, and the host key is read again.
    ssh-keygen -q -t ed25519 -N '' -f "$work.key"
    install -o "$(stat -c %u "$work/keys")" -m 600 "$work.key.pub" "$work/keys/new"
    mv "$work/keys/new" "$work/keys/authorized_keys"
    expect_failure talk <<<pwd
    sed -i "s|IdentityFile .*|IdentityFile $work.key|" "$SSH_CONFIG"
    talk <<<pwd || fail "not let in by the new key: $(cat "$work/log")"
    kill -HUP "$SERVER_PID"
    talk <<<pwd || fail "not let in after SIGHUP: $(cat "$work/log")"
    ! grep -q "still with the old settings" "$work/log" || fail "not read again: $(cat "$work/log")"
    end_server
    serve --read-only
    sed -i "s|IdentityFile .*|IdentityFile $work.key|" "$SSH_CONFIG"
    talk <<<"get two/moved $work.got" || fail "$(cat "$CASE/output")"
    expect_failure talk <<<"rm two/moved"
    end_server
}

# The subsystem, while it waits for its client.
check_subsystem() { # argument...
    local input
    mkfifo "$work.requests"
    "${as_user[@]}" "$CASE/server" -e -l DEBUG1 "$@" <"$work.requests" >"$work.replies" 2>"$work/log" &
    SERVER_PID=$!
    started_pids+=("$SERVER_PID")
    exec {input}>"$work.requests"
    # SSH_FXP_INIT, and the answer to it.
    printf '\0\0\0\5\1\0\0\0\3' >&"$input"
    wait_until 20 test -s "$work.replies"
    expect_walls "$SERVER_PID"
    grep -q "sandbox: seccomp filter" "$work/log" || fail "no filter: $(cat "$work/log")"
    exec {input}>&-
    wait "$SERVER_PID" || fail "ended with $?"
    rm "$work.requests" "$work.replies"
}

as_user=()
prepare own "$(id -un)"
check_serve
check_subsystem
check_subsystem --root "$work/root"
if [ ${#as_nobody[@]} -gt 0 ]; then
    as_user=("${as_nobody[@]}")
    prepare nobody nobody
    check_serve
    check_subsystem --root "$work/root"
fi
