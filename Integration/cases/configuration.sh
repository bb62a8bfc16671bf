#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A host is described by ssh_config as for ssh itself: blocks, included files, commands, pipes; faults are named.
. "$(dirname "$0")/../lib.sh"

start_server
echo here >"$REMOTE/file"

# Mounts with a configuration and demands that the server is reached; further arguments go to the mount command.
reaches() { # what file source [argument...]
    local what=$1 file=$2 source=$3
    shift 3
    started_mounts+=("$MOUNT")
    "${mount_command[@]}" -F "$file" "$@" "$source:$REMOTE" "$MOUNT" || fail "$what: not mounted"
    expect_equal "$what" here "$(cat "$MOUNT/file")"
    unmount "$MOUNT"
}

reaches "a host block" "$SSH_CONFIG" server
reaches "a named pipe" <(cat "$SSH_CONFIG") server

printf 'Include %s/conf.d/*.conf\n' "$CASE" >"$CASE/outer"
mkdir "$CASE/conf.d"
sed "s/^Host server/Match originalhost alias,other exec \"test %n = alias\"/" "$SSH_CONFIG" >"$CASE/conf.d/a.conf"
chmod 600 "$CASE/conf.d/a.conf"
reaches "a Match block in an included file" "$CASE/outer" alias
{
    cat "$SSH_CONFIG"
    printf 'Match final host 127.0.0.1\nCompression yes\n'
    printf 'Host *\nRemoteCommand false\nRequestTTY yes\nSessionType none\nForwardAgent yes\nPermitLocalCommand yes\n'
    printf 'LocalCommand touch %s/ran\nLocalForward 1 a:2\n' "$CASE"
} >"$CASE/shell"
reaches "options for shells" "$CASE/shell" server -o Ciphers=+nonsense
[ ! -e "$CASE/ran" ] || fail "LocalCommand was run"
reaches "letters" <(sed '/Port/d; /User$/d; /IdentityFile/d' "$SSH_CONFIG") server \
    -4 -C -p "$PORT" -l "$(id -un)" -i "$CASE/user_ed25519"

# Refuses a configuration, and says why.
refuses() { # what pattern line...
    local what=$1 pattern=$2
    shift 2
    printf '%s\n' "$@" >"$CASE/bad"
    expect_failure "${mount_command[@]}" -F "$CASE/bad" "server:$REMOTE" "$MOUNT"
    is_unmounted "$MOUNT" || fail "$what: there is a mount"
    grep -qE "$pattern" "$CASE/output" || fail "$what: the message is: $(cat "$CASE/output")"
}
if [ "$CLIENT" = hawser ]; then
    refuses "an unknown option" "$CASE/bad line 2: Nonsense" '' 'Nonsense yes'
    refuses "an open quote" "$CASE/bad line 1: .*quote" 'User "x'
    refuses "a bad value" "$CASE/bad line 1: Port: \"x\"" 'Port x'
    refuses "a file that includes itself" "$CASE/bad line 1: Include" "Include $CASE/bad"
    chmod 666 "$CASE/outer"
    refuses "a file of others" "outer.*(owner|permissions)" "Include $CASE/oute[r]"
    refuses "a command that is killed" "$CASE/bad line 1: Match exec: .*signal 9" 'Match exec "kill -9 $$"' 'Port 1'
    refuses "a host that is refused" "$CASE/bad line 2: RefuseConnection: \"closed today\"" \
        'Host server' 'RefuseConnection closed today'
    head -c 1048577 /dev/zero | tr '\0' '\n' >"$CASE/large"
    expect_failure "${mount_command[@]}" -F "$CASE/large" "server:$REMOTE" "$MOUNT"
    grep -q "$CASE/large" "$CASE/output" || fail "a large file: $(cat "$CASE/output")"
    head -c 100000 "$(command -v bash)" >"$CASE/binary"
    expect_failure "${mount_command[@]}" -F "$CASE/binary" "server:$REMOTE" "$MOUNT"
    grep -q "$CASE/binary line" "$CASE/output" || fail "a binary file: $(cat "$CASE/output")"
fi

# What ssh reads without a complaint: directories among the included files, bytes in no encoding, long lines.
mkdir -p "$CASE/included/directory"
printf 'Port 8\n' >"$CASE/included/file"
{
    printf 'Include %s/included/* %s/included\n' "$CASE" "$CASE"
    printf 'Host other\n  User m\374ller\nHost *\n  User m\374ller\n  IdentityFile /m\374\n# '
    head -c 200000 /dev/zero | tr '\0' a
    printf '\n  ProxyCommand '
    head -c 20000 /dev/zero | tr '\0' b
    printf ' \374\n'
} >"$CASE/odd"
for option in user port identityfile proxycommand; do
    ssh -G -F "$CASE/odd" server 2>"$CASE/ignored" | LC_ALL=C grep -a "^$option " >"$CASE/theirs"
    "$HAWSER" config -F "$CASE/odd" server | LC_ALL=C grep -a "^$option " >"$CASE/ours"
    cmp "$CASE/theirs" "$CASE/ours" || fail "hawser config: $option differs from ssh -G"
done

# Nothing that stands in a file or on the command line steers the terminal.
if [ "$CLIENT" = hawser ]; then
    shows_harmlessly() { # pattern command...
        local pattern=$1
        shift
        expect_failure "$@"
        ! grep -q $'[\e\a\r]' "$CASE/output" || fail "escapes in what this says: $(cat -v "$CASE/output")"
        grep -qF "$pattern" "$CASE/output" || fail "not said: $pattern; but: $(cat "$CASE/output")"
    }
    mkdir "$CASE/evil"
    mkfifo "$CASE/evil/in"$'\e[31mc\a'
    printf 'Bad\e[31mKey\a x\n' >"$CASE/keyword"
    printf 'Include %s/evil/*\n' "$CASE" >"$CASE/glob"
    for command in "$HAWSER config" "${mount_command[*]}"; do
        read -ra words <<<"$command"
        operands=(server)
        [ "${words[-1]}" = config ] || operands=("server:$REMOTE" "$MOUNT")
        shows_harmlessly 'Bad\u{1B}[31mKey\u{7}' "${words[@]}" -F "$CASE/keyword" "${operands[@]}"
        shows_harmlessly 'in\u{1B}[31mc\u{7}' "${words[@]}" -F "$CASE/glob" "${operands[@]}"
        shows_harmlessly 'no\u{1B}[31mfile' "${words[@]}" -F "$CASE/no"$'\e[31mfile' "${operands[@]}"
        shows_harmlessly 'Ba\u{1B}[31mr' "${words[@]}" -o $'Ba\e[31mr=x' "${operands[@]}"
    done
    shows_harmlessly 'no\u{1B}[31mhost' "${mount_command[@]}" $'no\e[31mhost:' "$MOUNT"
    shows_harmlessly 'no\u{1B}[31mplace' "${mount_command[@]}" "server:$REMOTE" "$CASE/no"$'\e[31mplace'
    shows_harmlessly 'no\u{1B}[31moption' "${mount_command[@]}" $'--no\e[31moption' "server:$REMOTE" "$MOUNT"
    shows_harmlessly 'no\u{1B}[31mcommand' "$HAWSER" $'no\e[31mcommand'
    shows_harmlessly 'no\u{1B}[31mdir' "${mount_command[@]}" -F "$SSH_CONFIG" $'server:no\e[31mdir' "$MOUNT"
fi

# What holds for a host is printed as ssh prints it.
for option in hostname user port identityfile identitiesonly stricthostkeychecking userknownhostsfile compression \
    addressfamily loglevel; do
    expect_equal "hawser config: $option" \
        "$(ssh -G -F "$CASE/shell" -4 -p 7 server 2>"$CASE/ignored" | grep "^$option ")" \
        "$("$HAWSER" config -F "$CASE/shell" -4 -p 7 server | grep "^$option ")"
done
