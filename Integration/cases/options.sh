#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each option of the mount has its effect: many short mounts on one server.
# servers: openssh
. "$(dirname "$0")/../lib.sh"

make_keys
start_server "Subsystem elsewhere $SFTP_SERVER -d $CASE/login"
mkdir "$CASE/login" "$REMOTE/inner" "$REMOTE/inner/deeper"
echo inside >"$REMOTE/inner/deeper/file"
echo text >"$REMOTE/file"
make_file "$REMOTE/big" 300000

# Mounts with options, runs a command, unmounts.
with() { # options command...
    local options=$1
    shift
    mount_remote "$REMOTE" "$MOUNT" -o "$options" 2>"$CASE/said"
    "$@" || fail "with $options: $*"
    unmount "$MOUNT"
}
# The same in the foreground, with each request told of in $CASE/trace.
trace() { # options command...
    local options=$1 process
    shift
    started_mounts+=("$MOUNT")
    "${mount_command[@]}" -F "$SSH_CONFIG" -o "$options" "server:$REMOTE" "$MOUNT" >"$CASE/trace" 2>&1 &
    process=$!
    started_pids+=("$process")
    wait_until 20 is_mounted "$MOUNT"
    "$@" || fail "with $options: $*"
    unmount "$MOUNT"
    wait "$process" || fail "exit status $?"
}
fails() { ! "$@" 2>/dev/null; }
told() { grep -cE "$1" "$CASE/trace" || true; }
field() { awk -v at="$MOUNT" -v n="$1" '$2 == at { print $n }' /proc/self/mounts; }
flags() { # flag...
    local flag
    for flag; do
        case $flag in
        no:*) [[ ,$(field 4), != *,${flag#no:},* ]] || fail "it has ${flag#no:}: $(field 4)" ;;
        *) [[ ,$(field 4), == *,$flag,* ]] || fail "it has no $flag: $(field 4)" ;;
        esac
    done
}
at() { stat -c "$1" "$MOUNT/$2"; }

# The kernel's.
kernel() {
    flags ro noatime nodev nosuid noexec sync dirsync
    fails touch "$MOUNT/new"
}
with ro,noatime,nodev,nosuid,noexec,sync,dirsync kernel
with ro,rw,noatime,atime,nodev,dev,nosuid,suid,noexec,exec,sync,async \
    flags rw no:noatime no:nodev no:nosuid no:noexec no:sync no:dirsync
trace debug,sync touch "$MOUNT/unwritten"
expect_equal "syncs without writes" 0 "$(told '^hawser: fsync')"
write() { echo written >"$MOUNT/synced"; }
trace debug,sync write
expect_equal "syncs" 1 "$(told '^hawser: fsync .*: ok')"
trace debug,async write
expect_equal "syncs without sync" 0 "$(told '^hawser: fsync')"
names() { expect_equal "source and type" 'some\040where,else fuse.sshfs' "$(field 1) $(field 3)"; }
with 'fsname=some where\,else,subtype=sshfs' names

# Others get in only with allow_other, and past the modes only without default_permissions.
if [ "$(id -u)" = 0 ]; then
    chmod 711 "$CASE"
    other() { setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; }
    echo secret >"$REMOTE/secret"
    chmod 600 "$REMOTE/secret"
    with rw fails other cat "$MOUNT/file"
    with allow_other other cat "$MOUNT/secret" >/dev/null
    closed() { other cat "$MOUNT/file" >/dev/null && fails other cat "$MOUNT/secret"; }
    with allow_other,default_permissions closed
    with allow_root fails other cat "$MOUNT/file"
fi

# The mount goes with its process.
mount_remote "$REMOTE" "$MOUNT" -o auto_unmount
kill -KILL "$(mount_pid "$MOUNT")"
wait_until 20 is_unmounted "$MOUNT"

# Owners and modes.
owners() {
    expect_equal "owner, group and mode" "4321 8765 750" "$(at '%u %g %a' file)"
    expect_equal "directory" 750 "$(at %a inner)"
}
with uid=4321,gid=8765,umask=027 owners
chown 1111:2222 "$REMOTE/file"
chown 4321:8765 "$REMOTE/big" "$CASE/login"
me="$(id -u) $(id -g)"
as_numbers() { expect_equal "owner by number" "1111 2222" "$(at '%u %g' file)"; }
with idmap=none as_numbers
as_user() {
    expect_equal "my owner" "$me" "$(at '%u %g' big)"
    expect_equal "another owner" "1111 2222" "$(at '%u %g' file)"
    chown "$(id -u):$(id -g)" "$MOUNT/file"
    expect_equal "given to me" "4321 8765" "$(stat -c '%u %g' "$REMOTE/file")"
    expect_equal "given to me, here" "$me" "$(at '%u %g' file)"
}
with idmap=user,sftp_server=elsewhere as_user
as_mine() {
    expect_equal "everybody's owner" "$me $me" "$(at '%u %g' big) $(at '%u %g' inner)"
    chown "$(id -u)" "$MOUNT/big"
    expect_equal "given to me" 4321 "$(stat -c %u "$REMOTE/big")"
    fails chown 77 "$MOUNT/big"
}
with idmap=all as_mine
chown 1111:2222 "$REMOTE/file"
printf '%s:4321\nnobody-has-this-name:1111\n' "$(id -un)" >"$CASE/users"
printf '%s:x:8765:\n' "$(id -gn)" >"$CASE/groups"
as_file() {
    expect_equal "my owner" "$me" "$(at '%u %g' big)"
    ls "$MOUNT" >/dev/null
    fails stat "$MOUNT/file"
    fails chown 77 "$MOUNT/big"
}
chown 4321:8765 "$REMOTE"
with "idmap=file,uidfile=$CASE/users,gidfile=$CASE/groups" as_file
with "idmap=file,uidfile=$CASE/users,gidfile=$CASE/groups,nomap=ignore" as_numbers
chmod 666 "$CASE/users"
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -o "idmap=file,uidfile=$CASE/users" "server:$REMOTE" "$MOUNT"
grep -q 'others may write' "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
echo 'no number' >"$CASE/groups"
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -o "idmap=file,gidfile=$CASE/groups" "server:$REMOTE" "$MOUNT"
grep -q 'line 1' "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
chown "${me/ /:}" "$REMOTE"

# Names.
deeper() { expect_equal "below" inside "$(cat "$MOUNT/file")"; }
with modules=subdir,subdir=/inner/deeper deeper
with subdir=inner/deeper deeper
touch "$REMOTE/caf"$'\xe9'
ln -s "caf"$'\xe9' "$REMOTE/latin-link"
converted() {
    local names
    names=$(ls "$MOUNT")
    [[ $names == *café* ]] || fail "not converted: $names"
    touch "$MOUNT/größe"
    [ -e "$REMOTE/gr"$'\xf6\xdf'"e" ] || fail "not converted back: $(ls "$REMOTE")"
    expect_equal "link" café "$(readlink "$MOUNT/latin-link")"
    ln -s größe "$MOUNT/new-link"
    expect_equal "new link" "gr"$'\xf6\xdf'"e" "$(readlink "$REMOTE/new-link")"
    fails touch "$MOUNT/日本"
}
with modules=iconv,from_code=ISO-8859-1,to_code=UTF-8 converted
with from_code=ISO-8859-1 test -e "$MOUNT/café"
with to_code=ISO-8859-1 test ! -e "$MOUNT/café"
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -o from_code=no-such "server:$REMOTE" "$MOUNT"
grep -q 'no-such' "$CASE/output" || fail "the message is: $(cat "$CASE/output")"
with disable_hardlink fails ln "$MOUNT/big" "$MOUNT/hard"
with rw ln "$MOUNT/big" "$MOUNT/hard"

ln -s /etc/hostname "$REMOTE/outside"
with no_contain_symlinks readlink "$MOUNT/outside" >/dev/null
with no_contain_symlinks,contain_symlinks fails readlink "$MOUNT/outside"
with sshfs_verbose true
grep -q 'debug1: ' "$CASE/said" || fail "sshfs_verbose says no more"

# The remote directory is looked at, unless that is not wanted.
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" "server:$REMOTE/none" "$MOUNT"
mount_remote "$REMOTE/none" "$MOUNT" -o no_check_root
unmount "$MOUNT"

# The size of requests.
copy() {
    cat "$MOUNT/big" >"$CASE/copy"
    cp "$CASE/copy" "$MOUNT/copy"
    cmp "$REMOTE/big" "$REMOTE/copy"
}
for size in 8192 65536; do
    trace "debug,max_read=$size,max_write=$size" copy
    largest() { sed -nE "s/^hawser: $1 ([0-9]+) bytes .*/\1/p" "$CASE/trace" | sort -n | tail -n 1; }
    expect_equal "largest read and write" "$size $size" "$(largest read) $(largest write)"
done

# The kernel's pages, across opens.
reread() {
    cat "$MOUNT/big" >"$CASE/copy"
    # The version must have been seen for two seconds before its pages are trusted.
    sleep 2.2
    cat "$MOUNT/big" "$MOUNT/big" >"$CASE/copy"
}
# How the kernel divides a file into reads is its own affair; each pass over it begins once.
begins='^hawser: read [0-9]+ bytes at 0 '
trace sshfs_debug,kernel_cache reread
kept=$(told "$begins")
trace sshfs_debug,auto_cache reread
by_version=$(told "$begins")
trace sshfs_debug,noauto_cache reread
dropped=$(told "$begins")
expect_equal "passes with kernel_cache, auto_cache and noauto_cache" "1 2 3" "$kept $by_version $dropped"
changed() {
    expect_equal "content" text "$(cat "$MOUNT/file")"
    echo TEXT >"$REMOTE/file"
    sleep 1.1
    expect_equal "stale content" text "$(cat "$MOUNT/file")"
}
with kernel_cache changed
direct() {
    python3 - "$MOUNT/file" <<'END'
import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
try:
    mmap.mmap(fd, 5)
except OSError:
    sys.exit(0)
sys.exit("shared mappings are possible")
END
}
with direct_io direct

# How long the kernel trusts what it knows, by how often it asks.
again() {
    local round
    for round in 1 2; do
        stat "$MOUNT/inner" >/dev/null
        fails stat "$MOUNT/none"
        [ "$round" = 2 ] || sleep 1.2
    done
}
asked() { # lookups of inner, lookups of none, whether attributes were asked for
    local attributes=no
    if [ "$(told '^hawser: getattr [^1]')" != 0 ]; then attributes=yes; fi
    expect_equal "requests" "$*" "$(told 'lookup "inner"') $(told 'lookup "none"') $attributes"
}
trace debug,attr_timeout=60,entry_timeout=60,negative_timeout=60 again
asked 1 1 no
trace debug,ac_attr_timeout=0,entry_timeout=60,negative_timeout=0 again
asked 1 2 yes
trace debug,attr_timeout=60,entry_timeout=0 again
[ "$(told 'lookup "inner"')" -ge 2 ] || fail "entry_timeout=0 has no effect"

# What is accepted without an effect says so.
with big_writes,nonempty,_netdev,x-systemd.automount true
grep -q '"big_writes" changes nothing: ' "$CASE/said" || fail "no note: $(cat "$CASE/said")"
expect_equal "notes" 2 "$(grep -c 'changes nothing' "$CASE/said")"
expect_failure "${mount_command[@]}" -F "$SSH_CONFIG" -o kernel_cach "server:$REMOTE" "$MOUNT"
grep -q 'did you mean "kernel_cache"' "$CASE/output" || fail "no suggestion: $(cat "$CASE/output")"
