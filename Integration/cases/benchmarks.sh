#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The benchmark of all workloads runs, in small: it measures each candidate, judges, and leaves nothing behind, also when
# it is interrupted. Its numbers mean nothing here.
# servers: openssh
# tier: full
# timeout: 240
. "$(dirname "$0")/../lib.sh"

for program in fio rclone lftp sshfs; do command -v $program >/dev/null || skip "no $program"; done
far=()
if [ "$(id -u)" = 0 ] && [ -e /dev/net/tun ]; then far=(far-tree narrow-stream); fi

export HAWSER HAWSER_SFTP_SERVER
mkdir "$CASE/work"
"$ROOT/Benchmarks/compare" --quick --directory "$CASE/work" --output "$CASE/results" --candidate hawser scp \
    --workload start stream pair small-writes random-reads find tree git growth copy-one copy-many "${far[@]}" \
    >"$CASE/printed" 2>"$CASE/progress" || fail "$(tail -n 5 "$CASE/progress")"
expect_equal "what is left" "" "$(ls "$CASE/work")"
expect_equal "what failed" "" "$(grep -h '^- failed' "$CASE/results/compare-openssh.md" || true)"
python3 - "$CASE/results/compare-openssh.json" "${far[@]}" <<'PYTHON'
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    samples = json.load(file)["samples"]
found = {(sample["part"], sample["client"]) for sample in samples}
wanted = {(part, "hawser") for part in (
    "read", "write", "read-pair", "write-pair", "small-writes", "random-1", "random-32", "start", "memory-idle",
    "find-cold", "find-warm", "list", "untar", "remove", "copy-out", "status-first", "status-second",
    "growth-read-large", "growth-list-large", "memory-names")}
wanted |= {(part, "scp") for part in ("copy-get", "copy-put", "copies-get", "copies-put")}
if sys.argv[2:]:
    wanted |= {("far-untar", "hawser"), ("narrow-read", "tcp"), ("narrow-write", "hawser")}
assert wanted <= found, wanted - found
assert all(sample["seconds"] >= 0 and sample["value"] > 0 for sample in samples)
assert all(sample["client_cpu"] is None or sample["client_cpu"] > 0 for sample in samples)
assert all(sample["server_cpu"] is None or sample["server_cpu"] >= 0 for sample in samples)
assert all(sample["memory"] is None or sample["memory"] > 1 << 20 for sample in samples)
PYTHON
python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$CASE/results/compare-openssh.svg"
grep -q '^Bars met: ' "$CASE/printed" || fail "no verdict"

interruptible "$ROOT/Benchmarks/compare" --quick --directory "$CASE/work" --output "$CASE/interrupted" \
    --candidate sshfs --workload find 2>"$CASE/progress" &
interrupted=$!
wait_until 60 grep -q 'find-cold' "$CASE/progress"
kill -INT $interrupted
status=0
wait $interrupted || status=$?
expect_equal "the status of what was interrupted" 130 $status
expect_equal "what is left" "" "$(ls "$CASE/work")"
[ ! -e "$CASE/interrupted" ] || fail "results of half a run"

"$ROOT/Benchmarks/connect" --rounds 1 >"$CASE/printed"
grep -q '^hawser .* ms ' "$CASE/printed" || fail "$(cat "$CASE/printed")"
"$ROOT/Benchmarks/known-hosts" --lines 100 --rounds 1 >"$CASE/printed"
expect_equal "lines about known hosts" 4 "$(grep -c '\.example ' "$CASE/printed")"
