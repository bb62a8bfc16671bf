#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: none
# OpenSSH's sftp uploads and downloads trees, renames, links, changes modes, lists and deletes.
. "$(dirname "$0")/../lib.sh"

start_server
make_tree "$CASE/tree" wild
batch() { sftp -q -b - -F "$SSH_CONFIG" "server:$REMOTE" >"$CASE/output"; }

batch <<END
put -rp "$CASE/tree" up
END
# sftp follows links when it uploads, so they are left out of the comparison.
without_links() {
    rm -rf "$2"
    cp -a "$1" "$2"
    find "$2" -type l -delete
}
without_links "$CASE/tree" "$CASE/expected"
find "$REMOTE/up" "$CASE/expected" -name link -delete
expect_same_tree "$CASE/expected" "$REMOTE/up"
ln -s ../up/folder/file-4096 "$REMOTE/up/to-file"
batch <<END
get -rp up "$CASE/down"
END
find "$CASE/down" "$REMOTE/up" -name to-file -delete
expect_same_tree "$CASE/expected" "$CASE/down"

batch <<END
mkdir made
rename up/folder/file-4096 made/renamed
ln made/renamed made/hard
ln -s renamed made/soft
chmod 640 made/renamed
chgrp $(id -g) made/renamed
-mkdir made
-rmdir made
-rm none
ls -la made
END
expect_equal "mode in the list" "-rw-r-----" "$(awk '/^-.*renamed$/ { print $1; exit }' "$CASE/output")"
expect_equal "link" renamed "$(readlink "$REMOTE/made/soft")"
expect_equal "hard link" "$(stat -c %i "$REMOTE/made/renamed")" "$(stat -c %i "$REMOTE/made/hard")"
cmp "$CASE/expected/folder/file-4096" "$REMOTE/made/hard"
batch <<END
df $REMOTE
reget up/folder/file-1048577 $CASE/whole
copy made/hard made/copied
END
cmp "$CASE/expected/folder/file-1048577" "$CASE/whole"
cmp "$CASE/expected/folder/file-4096" "$REMOTE/made/copied"
# An upload that was broken off goes on where it stopped.
head -c 500000 "$CASE/whole" >"$REMOTE/part"
batch <<END
reput $CASE/whole part
rm made/*
rmdir made
END
cmp "$CASE/whole" "$REMOTE/part"
[ ! -e "$REMOTE/made" ] || fail "not removed"
