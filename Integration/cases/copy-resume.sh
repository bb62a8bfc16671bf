#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser
# A copy that is killed, cut off or out of room is gone on with, and never leaves half a file under a whole one's name.
# $ROUNDS says how often it is killed.
. "$(dirname "$0")/../lib.sh"

start_server
start_relay
ROUNDS=${ROUNDS:-1}
make_file "$CASE/large" 6000000
mkdir "$CASE/tree"
for number in $(seq 40); do make_file "$CASE/tree/$number" $((number * 997)); done
make_file "$CASE/tree/large" 3000000

# Copies in the background, slowly enough to be killed on the way.
begin() { # argument...
    "$HAWSER" cp -q -F "$SSH_CONFIG" --limit 4M "$@" 2>"$CASE/errors" &
    worker=$!
}

# What a whole name holds must be whole.
expect_no_half() { # source target
    local path
    [ -d "$2" ] || [ ! -e "$2" ] || cmp "$1" "$2" || fail "half a file under the name of a whole one"
    [ -d "$2" ] || return 0
    for path in "$2"/*; do
        [ ! -f "$path" ] || cmp "$path" "$1/$(basename "$path")" || fail "half a file at $path"
    done
}

source_of() { case $1 in up) echo "$CASE/$2" ;; down) echo "server:$CASE/$2" ;; esac; }
target_of() { case $1 in up) echo "server:$REMOTE/$2" ;; down) echo "$REMOTE/$2" ;; esac; }

# Killed at any point, in either direction.
RANDOM=${SEED:-7}
for round in $(seq "$ROUNDS"); do
    for way in up down; do
        for what in large tree; do
            words=(-r "$(source_of $way $what)" "$(target_of $way $what)")
            killed=0
            for attempt in 1 2 3; do
                if [ $what = tree ] && [ -d "$REMOTE/tree" ]; then words=(-r "${words[1]}/." "$(target_of $way tree)"); fi
                begin --resume "${words[@]}"
                sleep "0.$((RANDOM % 900 + 100))"
                if kill -KILL $worker 2>/dev/null; then killed=$((killed + 1)); fi
                wait $worker || true
                wait_until 20 no_sessions
                expect_no_half "$CASE/$what" "$REMOTE/$what"
            done
            if [ $what = tree ] && [ -d "$REMOTE/tree" ]; then words=(-r "${words[1]%/.}/." "$(target_of $way tree)"); fi
            "$HAWSER" cp -q -F "$SSH_CONFIG" --resume "${words[@]}"
            diff -r "$CASE/$what" "$REMOTE/$what" || fail "the copy differs (round $round, $way)"
            [ -z "$(find "$REMOTE" -name '*.hawser-part')" ] || fail "parts are left: $(find "$REMOTE" -name '*.hawser-part')"
            rm -r "${REMOTE:?}/$what"
        done
    done
done
say "$ROUNDS rounds of killing"

# A signal leaves a part, says how to go on, and what is done by then is not done again.
for signal in INT TERM; do
    interruptible "$HAWSER" cp -q -F "$SSH_CONFIG" --limit 2M "$CASE/large" "server:$REMOTE/large" 2>"$CASE/errors" &
    worker=$!
    after_bytes 1500000
    kill -$signal $worker
    status=0
    wait $worker || status=$?
    expect_equal "status after SIG$signal" $((128 + $(kill -l $signal))) $status
    grep -q -- --resume "$CASE/errors" || fail "does not say how to go on: $(cat "$CASE/errors")"
    [ ! -e "$REMOTE/large" ] || fail "half a file"
    before=$(relayed_bytes)
    "$HAWSER" cp -q -F "$SSH_CONFIG" --resume "$CASE/large" "server:$REMOTE/large"
    cmp "$CASE/large" "$REMOTE/large"
    [ $(($(relayed_bytes) - before)) -lt 5800000 ] || fail "everything was copied again"
    rm "$REMOTE/large"
done

# A connection that is lost is made anew, and the copy goes on by itself.
for way in up down; do
    begin "$(source_of $way large)" "$(target_of $way large)"
    after_bytes 1000000
    relay reset
    after_bytes 1000000
    relay end
    after_bytes 1000000
    relay stop
    sleep 0.5
    relay start
    wait $worker || fail "it did not go on: $(cat "$CASE/errors")"
    cmp "$CASE/large" "$REMOTE/large"
    expect_equal "what is there" large "$(ls -A "$REMOTE")"
    rm "$REMOTE/large"
done

# No room: what is written so far is kept, and is gone on with when there is some.
if [ "$(id -u)" = 0 ] && mkdir "$CASE/small" && mount -t tmpfs -o size=3m none "$CASE/small" 2>/dev/null; then
    trap 'cd /; umount -l "$CASE/small"; clean_up' EXIT
    full() {
        expect_failure "$HAWSER" cp -q -F "$SSH_CONFIG" "$@"
        grep -q 'No space left\|Failure' "$CASE/output" || fail "does not say why: $(cat "$CASE/output")"
        grep -q -- --resume "$CASE/output" || fail "does not say how to go on: $(cat "$CASE/output")"
        [ ! -e "$CASE/small/large" ] || fail "half a file"
        mount -o remount,size=30m "$CASE/small"
        "$HAWSER" cp -q -F "$SSH_CONFIG" --resume "$@"
        cmp "$CASE/large" "$CASE/small/large"
        expect_equal "what is there" large "$(ls -A "$CASE/small")"
        rm "$CASE/small/large"
        mount -o remount,size=3m "$CASE/small"
    }
    full "$CASE/large" "server:$CASE/small"
    full "server:$CASE/large" "$CASE/small"
fi
