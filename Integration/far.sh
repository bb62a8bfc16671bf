# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Servers in another network, for cases that have sourced lib.sh.

# Where a server at the far end listens.
FAR_ADDRESS=198.18.0.2

# Sets $near and $far to the networks at the ends of an emulated link, or skips the case.
start_link() { # milliseconds-of-a-round-trip Mbit/s
    [ "$(id -u)" = 0 ] || skip "needs root"
    [ -e /dev/net/tun ] || skip "no /dev/net/tun"
    command -v gcc >/dev/null || skip "no gcc"
    "$ROOT/Integration/link" "$@" >"$CASE/paths" &
    started_pids+=($!)
    link_is_up() { [ "$(wc -l <"$CASE/paths")" = 2 ]; }
    wait_until 30 link_is_up
    # shellcheck disable=SC2034 # for the case
    { read -r near && read -r far; } <"$CASE/paths"
}

# Starts sshd in the network $far, at $FAR_ADDRESS; the arguments are further lines of its configuration.
start_far_server() { # [line...]
    make_keys
    mkdir -p /run/sshd
    printf '%s\n' "$@" "HostKey $CASE/host_ed25519" 'Port 2222' "ListenAddress $FAR_ADDRESS" 'PidFile none' \
        'StrictModes no' 'UsePAM no' 'PermitRootLogin yes' "AuthorizedKeysFile $CASE/authorized_keys" \
        "Subsystem sftp $SFTP_SERVER" >"$CASE/sshd_config"
    nsenter --net="$far" "$(command -v sshd)" -D -e -f "$CASE/sshd_config" >"$CASE/sshd.log" 2>&1 &
    SERVER_PID=$!
    started_pids+=("$SERVER_PID")
    wait_for_server || fail "sshd does not start: $(cat "$CASE/sshd.log")"
    # shellcheck disable=SC2034 # for lib.sh
    PORT=2222
    write_client_config
    sed -i "s/127\.0\.0\.1/$FAR_ADDRESS/" "$SSH_CONFIG" "$CASE/known_hosts"
}
