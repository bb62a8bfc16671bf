#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# servers: hawser
# The subsystem server brings nothing that it doesn't need: no Foundation, FUSE, libcrypto or Swift runtime.
. "$(dirname "$0")/../lib.sh"

nm "$SFTP_SERVER" >"$CASE/symbols"
[ "$(wc -l <"$CASE/symbols")" -gt 1000 ] || fail "it has no symbol table to look at"
! grep -E '10Foundation|20FoundationEssentials' "$CASE/symbols" | head -n 3 | grep . || fail "Foundation is in it"
ldd "$SFTP_SERVER" >"$CASE/libraries"
! grep -E 'fuse|crypto|libz|swift|Foundation|icu' "$CASE/libraries" || fail "it links what it does not need"
