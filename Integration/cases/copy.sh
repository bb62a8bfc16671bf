#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser
# hawser cp does what scp does: the same trees, modes, times, and exit codes, or it says why not.
. "$(dirname "$0")/../lib.sh"

start_server
umask 022
count=0
differences=0

# What both copy from: made anew for each of them, here and on the server.
make_place() { # directory
    local place=$1
    mkdir -p "$place/tree/sub/deep" "$place/tree/none" "$place/full" "$place/.hidden"
    printf 'one\n' >"$place/one"
    printf 'two two\n' >"$place/two"
    printf 'old and longer than one\n' >"$place/old"
    printf 'star\n' >"$place/st*r"
    printf 'stair\n' >"$place/stair"
    printf 'colon\n' >"$place/a:b"
    printf 'secret\n' >"$place/secret"
    printf 'run\n' >"$place/run"
    printf 'read\n' >"$place/readonly"
    : >"$place/empty"
    chmod 600 "$place/secret"
    chmod 755 "$place/run"
    chmod 444 "$place/readonly"
    cp "$CASE/large" "$place/large"
    ln -s one "$place/link"
    ln -s tree "$place/treelink"
    ln -s nothing "$place/dangling"
    printf 'in\n' >"$place/full/one"
    printf 'deep\n' >"$place/tree/sub/deep/file"
    printf 'umlaut\n' >"$place/tree/größe 1"
    printf 'bytes\n' >"$place/tree/"$'\x01\xff'
    ln -s ../../one "$place/tree/sub/up"
    chmod 750 "$place/tree/sub"
    touch -d '2001-02-03 04:05:06 UTC' "$place/one" "$place/tree/sub/deep/file" "$place/tree/sub/deep"
    touch -d '2031-02-03 04:05:06 UTC' "$place/two"
}

differ() {
    differences=$((differences + 1))
    printf '%s\n' "$*" >&2
}

# Copies once with each program, both with the same words, in places of their own: HERE is a local
# directory, THERE one on the server. What they have made is compared in the end, all at once.
compare() { # word...
    local program word status
    count=$((count + 1))
    local place=$CASE/copies/$count
    mkdir -p "$place"
    printf '%s\n' "$*" >"$place/words"
    for program in scp cp; do
        mkdir -p "$place/$program"
        cp -a "$CASE/template" "$place/$program/here"
        cp -a "$CASE/template" "$place/$program/there"
        words=()
        for word in "$@"; do
            word=${word//THERE/$place\/$program\/there}
            words+=("${word//HERE/.}")
        done
        command=(scp)
        [ $program = scp ] || command=("$HAWSER" cp)
        status=0
        (cd "$place/$program/here" && "${command[@]}" -q "${connection[@]}" "${words[@]}") >"$place/$program.out" 2>&1 || status=$?
        echo $status >"$place/$program.status"
    done
    printf '%s\n' "${ignored[@]}" >"$place/ignored"
    [[ " ${ignored[*]} " == *" status "* ]] || cmp -s "$place/scp.status" "$place/cp.status" || differ "exit status of '$*': $(cat "$place/scp.status" "$place/cp.status")
scp says: $(cat "$place/scp.out")
hawser says: $(cat "$place/cp.out")"
    if [ "$(cat "$place/scp.status")" != 0 ]; then
        [ -s "$place/cp.out" ] || differ "'$*' fails without a word; scp: $(cat "$place/scp.out")"
        for word in 'No such file' 'Permission denied' 'not a regular file' 'Not a directory'; do
            ! grep -qi "$word" "$place/scp.out" || grep -qi "$word" "$place/cp.out" \
                || differ "'$*': scp says $(cat "$place/scp.out"), we say $(cat "$place/cp.out")"
        done
    fi
}

# Compares the trees of all copies.
compare_trees() {
    python3 - "$CASE/copies" <<'END'
import os, stat, sys
def describe(top, ignored):
    lines = {}
    for folder, folders, names in os.walk(os.fsencode(top)):
        for name in folders + names:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            kind = stat.filemode(status.st_mode)
            content = b""
            if stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    content = file.read()
            elif stat.S_ISLNK(status.st_mode):
                content, kind = os.readlink(path), "l"
            lines[os.path.relpath(path, os.fsencode(top))] = (
                kind[0] if "modes" in ignored else kind,
                0 if "times" in ignored or kind == "l" or name in (b"here", b"there", b"full") else int(status.st_mtime), content)
    return lines
failed = False
for number in sorted(os.listdir(sys.argv[1]), key=int):
    place = os.path.join(sys.argv[1], number)
    def text(name):
        with open(os.path.join(place, name), errors="replace") as file:
            return file.read().strip()
    ignored = text("ignored").split()
    if "trees" in ignored:
        continue
    theirs, ours = describe(place + "/scp", ignored), describe(place + "/cp", ignored)
    for path in sorted(theirs.keys() | ours.keys()):
        if theirs.get(path) != ours.get(path):
            failed = True
            show = lambda entry: entry and (entry[:2] + (entry[2][:40],))
            print(f"{text('words')!r}: {path!r}: scp {show(theirs.get(path))}, hawser {show(ours.get(path))}\n"
                  f"  {text('scp.out')!r} {text('cp.out')!r}", file=sys.stderr)
sys.exit(failed)
END
}

make_file "$CASE/large" 1048577
make_place "$CASE/template"
over_ssh=(-F "$SSH_CONFIG")
# The same server, without a connection to be made each time.
directly=(-D "$SFTP_SERVER")
connection=("${over_ssh[@]}")
ignored=(times) # of files that were copied without -p: the time of copying
# Up: one file.
compare HERE/one server:THERE/new
compare server:THERE/large HERE/new
compare -rp HERE/tree server:THERE/full
compare -rp server:THERE/tree HERE/full
compare HERE/one scp://server/THERE/uri
compare HERE/one nowhere.invalid:
connection=("${directly[@]}")
compare HERE/one server:THERE/full
compare HERE/one server:THERE/full/
compare HERE/one server:THERE/old
compare HERE/one server:THERE/link
compare HERE/one server:THERE/none/there
compare HERE/one HERE/two server:THERE/full
ignored=(times modes) # scp makes a directory with the modes of the first file.
compare HERE/one HERE/two server:THERE/made
compare -r HERE/one HERE/tree server:THERE/made
ignored=(times)
ignored=(times status) # scp says 255, as if there were no server.
compare HERE/one HERE/two server:THERE/old
ignored=(times)
ignored=(times status trees) # scp says 255 and gives up with the first file that it can't read; we go on.
compare HERE/one HERE/missing HERE/two server:THERE/full
compare -r HERE/tree HERE/missing server:THERE/full
ignored=(times status)
compare HERE/dangling server:THERE/full
ignored=(times)
compare HERE/large HERE/empty HERE/secret HERE/run HERE/readonly server:THERE/full
compare HERE/a:b server:THERE/full
compare HERE/link server:THERE/full
compare HERE/tree server:THERE/full
compare HERE/one server:THERE/readonly
# Up: trees.
compare -r HERE/tree server:THERE/new
compare -r HERE/tree server:THERE/full
compare -r HERE/tree server:THERE/old
compare -r HERE/tree/. server:THERE/full
compare -r HERE/tree/ server:THERE/full
compare -r HERE/treelink server:THERE/full
# Down: one file, and patterns.
compare server:THERE/one HERE/new
compare server:THERE/one HERE/full
compare server:THERE/one HERE/old
compare server:THERE/one HERE/link
compare server:THERE/one HERE/none/there
compare server:THERE/one HERE
compare server:THERE/one server:THERE/two HERE/full
compare server:THERE/one server:THERE/two HERE/made
compare server:THERE/missing HERE/full
compare server:THERE/large server:THERE/empty server:THERE/secret server:THERE/run server:THERE/readonly HERE/full
compare 'server:THERE/*' HERE/full
compare 'server:THERE/?n?' HERE/full
compare 'server:THERE/[ot]*' HERE/full
compare 'server:THERE/st*r' HERE/full
compare 'server:THERE/st\*r' HERE/full
compare 'server:THERE/none*' HERE/full
compare 'server:THERE/o[ln][de]' HERE/made
compare 'server:THERE/o[ln][de]' HERE/two
compare server:THERE/a:b HERE/full
compare server:THERE/link HERE/full
compare server:THERE/dangling HERE/full
compare server:THERE/tree HERE/full
compare server:THERE/one HERE/a:b
# Down: trees.
compare -r server:THERE/tree HERE/new
compare -r server:THERE/tree HERE/full
compare -r server:THERE/tree/. HERE/full
compare -r server:THERE/treelink HERE/full
compare -r 'server:THERE/t*' HERE/full
compare -r server:THERE/tree server:THERE/missing HERE/full
# From the server to the server.
compare -3 server:THERE/one server:THERE/new
compare -3 server:THERE/large server:THERE/full
compare -3 -r server:THERE/tree server:THERE/full
ignored=()
compare -p HERE/one server:THERE/old
compare -p HERE/two HERE/run HERE/secret server:THERE/full
compare -p server:THERE/two server:THERE/run server:THERE/readonly HERE/full
compare -rp HERE/tree server:THERE/full/new
ignored=(times) # scp gives a directory the time of what a link in it leads to.
compare -rp server:THERE/tree HERE/full/new
compare_trees || differ "trees differ"
# scp knows no such addresses.
"$HAWSER" cp -q -F "$SSH_CONFIG" "$CASE/large" "sftp://server/$CASE/ur%69"
cmp "$CASE/large" "$CASE/uri"
[ $differences = 0 ] || fail "$differences differences"
say "$count copies, each with both programs"

# What has been left behind beside the targets.
[ -z "$(find "$CASE" -name '*.hawser-part')" ] || fail "parts are left"
