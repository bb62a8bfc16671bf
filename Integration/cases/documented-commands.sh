#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The commands that README, the documents and the manual pages show do what is said there.
# servers: openssh
# timeout: 180
#
# They run as they stand, in a machine of their own: with its network, its /srv and /mnt, and its users, whose home is the case's.
if [ -z "${HAS_OWN_MACHINE:-}" ] && [ "$(id -u)" = 0 ] && unshare --mount --net true 2>/dev/null; then
    HAS_OWN_MACHINE=yes exec unshare --mount --net --propagation private "$0"
fi
. "$(dirname "$0")/../lib.sh"
[ -n "${HAS_OWN_MACHINE:-}" ] || skip "needs root, and namespaces"
case $ROOT/$CASE in */srv/* | */mnt/* | */usr/libexec/*) skip "the case lies where its own directories are to be" ;; esac
for place in /srv /mnt /usr/libexec; do [ -d $place ] || skip "there is no $place"; done

ip link set lo up
awk '$3 ~ /^fuse/ { print $2 }' /proc/self/mounts | while read -r place; do umount -l "$(printf %b "$place")"; done
for place in /srv /mnt /usr/libexec; do mount -t tmpfs none $place; done
sed "s|^root:\([^:]*\):0:0:\([^:]*\):[^:]*:|root:\1:0:0:\2:$HOME:|" /etc/passwd >"$CASE/passwd"
echo "me:x:0:0::$HOME:/bin/bash" >>"$CASE/passwd"
mount --bind "$CASE/passwd" /etc/passwd
mkdir "$CASE/bin"
ln -s "$(readlink -f "$HAWSER")" "$CASE/bin/hawser"
cp "$HAWSER_SFTP_SERVER" /usr/libexec/hawser-sftp-server
PATH=$CASE/bin:$PATH

start_server
sed -e 's/^Host server/Host server backup files.example.org/' -e '/^    User /d' "$SSH_CONFIG" >"$HOME/.ssh/config"
printf 'Host 127.0.0.1\n    StrictHostKeyChecking accept-new\n    IdentityFile %s\n' "$CASE/user_ed25519" >>"$HOME/.ssh/config"
cp "$CASE/user_ed25519" "$HOME/.ssh/files"
cp "$CASE/user_ed25519.pub" "$HOME/.ssh/id_ed25519.pub"
cp "$CASE/authorized_keys" "$HOME/.ssh/authorized_keys"

# The commands of a document, one a line.
commands() { # document
    case $1 in
    *.md) sed -n 's/^    [$#] //p' "$1" ;;
    *) sed -n -e 's/^\.Dl [$] //' -e 's/^[$#] //' -e 't command' -e 'd' -e ': command' \
        -e '/\\e$/{N;s/\\e\n */ /;b command' -e '}' -e p "$1" ;;
    esac
}

# What takes long or changes the machine; the continuous check and the suite "package" run it.
runs_elsewhere() { # command
    case $1 in
    'Integration/demo' | 'Integration/package deb' | 'Benchmarks/compare') [ -x "$ROOT/${1%% *}" ] || fail "there is no ${1%% *}" ;;
    'apt-get install ./.build-package/out/hawser_'*) ;;
    'sshd -t && systemctl reload ssh') ;;
    *) return 1 ;;
    esac
}

# Runs the commands of a document from the first to the last, in a directory that has what they name.
run_document() { # document
    local command place
    rm -rf "$CASE/desk" "${HOME:?}/bin" "$HOME/data" /srv/*
    mkdir -p "$CASE"/desk/{mnt,tree/below,shared,texts} "$HOME"/{bin,data} /srv/{notes,data,backup}
    cd "$CASE/desk" || fail "no directory to work in"
    echo text | tee tree/below/file tree/other shared/file file >report.txt
    echo 'The first line.' >/srv/notes/today.txt
    # shellcheck disable=SC2016 # That is for the script to expand.
    echo 'trap "kill \$(jobs -p) 2>/dev/null || true" EXIT' >"$CASE/script"
    commands "$ROOT/$1" >"$CASE/commands"
    while IFS= read -r command; do
        ! runs_elsewhere "$command" || continue
        count=$((count + 1))
        printf 'echo %q\n%s\n' "\$ $command" "$command" >>"$CASE/script"
        case $command in *'&') echo 'until (exec 3<>/dev/tcp/127.0.0.1/2222) 2>/dev/null; do sleep 0.1; done' >>"$CASE/script" ;; esac
    done <"$CASE/commands"
    bash -euo pipefail "$CASE/script" </dev/null >"$CASE/output" 2>&1 || fail "$1: $(cat "$CASE/output")"
    for place in "$CASE/desk/mnt" "$HOME/data" /mnt; do
        if is_mounted "$place"; then "$HAWSER" unmount "$place"; fi
    done
    cd "$CASE" || fail "no directory"
}

count=0
run_document README.md
expect_equal "what was written by README" 'A line more.' "$(tail -1 /srv/notes/today.txt)"
expect_same_tree "$CASE/desk/tree" /srv/tree without-times
cmp /srv/notes/today.txt "$CASE/desk/today.txt"
for document in "$ROOT"/Docs/*.md "$ROOT"/man/*.[1-8]; do
    document=${document#"$ROOT/"}
    case $document in
    Docs/MIGRATION.md)
        run_document "$document"
        expect_same_tree "$CASE/desk/tree" /srv/backup/tree without-times
        cmp /srv/notes/today.txt "$CASE/desk/copied/today.txt"
        cmp /srv/notes/today.txt "$CASE/desk/copy.txt"
        ;;
    *) run_document "$document" ;;
    esac
done
[ "$count" -ge 30 ] || fail "only $count commands"
say "$count commands"
