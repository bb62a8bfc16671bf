#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# The flags do what OpenSSH's sftp-server does with them: -R, -p, -P, -Q, -d, -u, -h, -l, -e.
. "$(dirname "$0")/../lib.sh"

start_server
echo text >"$REMOTE/file"
# Speaks with the server on a pipe, as `sftp -D` does, without sshd.
direct() { # flags; the batch comes from standard input
    sftp -q -b - -D "$SFTP_SERVER $1" >"$CASE/output" 2>&1
}
cat >"$CASE/changes" <<END
-put $CASE/ssh_config $REMOTE/new
-mkdir $REMOTE/folder
-rm $REMOTE/file
-rename $REMOTE/file $REMOTE/other
-ln $REMOTE/file $REMOTE/hard
-ln -s file $REMOTE/soft
-chmod 600 $REMOTE/file
-copy $REMOTE/file $REMOTE/copied
get $REMOTE/file $CASE/got
END
chmod 644 "$REMOTE/file"
direct -R <"$CASE/changes"
expect_equal "changed although -R" "file 644" "$(cd "$REMOTE" && stat -c '%n %a' -- *)"
expect_equal "read with -R" text "$(cat "$CASE/got")"

# -P refuses, -p allows only, by the names that -Q lists.
"$SFTP_SERVER" -Q requests >"$CASE/requests"
for request in open close read write lstat fstat setstat fsetstat opendir readdir remove mkdir rmdir \
    realpath stat rename readlink symlink posix-rename statvfs fstatvfs hardlink fsync lsetstat limits \
    expand-path copy-data; do
    grep -qx "$request" "$CASE/requests" || fail "-Q requests does not list $request"
done
echo "mkdir $REMOTE/folder" >"$CASE/batch"
expect_failure direct "-P mkdir" <"$CASE/batch"
[ ! -e "$REMOTE/folder" ] || fail "made although -P mkdir"
direct "-p realpath,stat,lstat,mkdir,limits" <"$CASE/batch"
[ -d "$REMOTE/folder" ] || fail "not made with -p mkdir"
echo "ls $REMOTE" >"$CASE/batch"
expect_failure direct "-p realpath,stat,lstat,mkdir,limits" <"$CASE/batch"

# -d chooses where to begin, -u the umask.
echo pwd | direct "-d $REMOTE"
grep -q "$REMOTE" "$CASE/output" || fail "-d: $(cat "$CASE/output")"
printf 'put %s made\n' "$CASE/ssh_config" >"$CASE/batch"
chmod 666 "$CASE/ssh_config"
direct "-d $REMOTE -u 027" <"$CASE/batch"
expect_equal "mode under -u 027" 640 "$(stat -c %a "$REMOTE/made")"

# -m and -M are the modes of what is new, whatever the client asks for and the umask says.
printf 'put -p %s forced\nmkdir forced-directory\nchmod 700 forced-directory\n' "$CASE/ssh_config" >"$CASE/batch"
if [[ $SFTP_SERVER == *hawser* ]]; then
    direct "-d $REMOTE -u 077 -m 664 -M 775" <"$CASE/batch"
    expect_equal "modes under -m and -M" "664 775" \
        "$(stat -c %a "$REMOTE/forced" "$REMOTE/forced-directory" | paste -sd ' ')"
    expect_failure direct "-d $REMOTE --quota-files 1" <<<$'mkdir quota-1\nmkdir quota-2'
    expect_equal "made with --quota-files 1" quota-1 "$(cd "$REMOTE" && echo quota-*)"
    direct "-d $REMOTE -u 027 -m 664" <<<'mkdir masked'
    expect_equal "mode of a directory under -u and -m" 750 "$(stat -c %a "$REMOTE/masked")"
fi

# -e logs to standard error, at the level of -l, in OpenSSH's words.
printf 'get %s/file %s/got\n' "$REMOTE" "$CASE" | direct "-e -l INFO"
for line in "session opened for local user $(id -un) from" "open \"$REMOTE/file\" flags READ mode 0666" \
    "close \"$REMOTE/file\" bytes read 5 written 0" "session closed for local user"; do
    grep -qF "$line" "$CASE/output" || fail "no log line '$line' in: $(cat "$CASE/output")"
done
# With --log-format json each line is an event, whatever names clients use.
if [[ $SFTP_SERVER == *hawser* ]]; then
    printf 'put %s "%s/with\\"quote"\n-rm %s/none\n' "$CASE/ssh_config" "$REMOTE" "$REMOTE" >"$CASE/batch"
    sftp -q -b - -D "$SFTP_SERVER -e -l INFO --log-format json" <"$CASE/batch" >/dev/null 2>"$CASE/events"
    python3 - "$CASE/events" "$REMOTE" "$(stat -c %s "$CASE/ssh_config")" <<'END' || fail "events: $(cat "$CASE/events")"
import json, sys
path, remote, size = sys.argv[1:]
# The client writes to the same place.
events = [json.loads(line) for line in open(path) if line.startswith("{")]
assert all(event["time"].endswith("Z") for event in events)
names = [event["event"] for event in events]
assert names[0] == "session-open" and names[-1] == "session-close", names
close = next(event for event in events if event["event"] == "close")
assert close["path"] == remote + '/with"quote' and close["bytes_written"] == int(size), close
remove = next(event for event in events if event["event"] == "remove")
assert remove["result"] == "No such file" and remove["errno"] == 2 and remove["seconds"] >= 0, remove
END
fi
expect_failure "$SFTP_SERVER" -h
grep -qi usage "$CASE/output" || fail "no usage: $(cat "$CASE/output")"

# The end of its input ends it cleanly; operands that it does not know are tolerated by sshd's users.
"$SFTP_SERVER" </dev/null >"$CASE/output" 2>&1 || fail "exit status $? at the end of input"
