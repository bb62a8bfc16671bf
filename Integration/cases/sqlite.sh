#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients: hawser sshfs
# sqlite3 writes 10,000 rows into a database on the mount, and the database is sound.
. "$(dirname "$0")/../lib.sh"

start_and_mount
python3 >"$CASE/rows.sql" <<'END'
print("create table rows (id integer primary key, text text, value real);")
for batch in range(20):
    print("begin;")
    for row in range(500):
        i = batch * 500 + row
        print(f"insert into rows values ({i}, 'row {i} {'x' * (i % 97)}', {i / 7});")
    print("commit;")
print("create index by_text on rows (text);")
print("delete from rows where id % 10 = 3;")
print("insert into rows select id * 10 + 100003, text, value from rows where id < 1000;")
print("vacuum;")
END
sqlite3 -bail "$MOUNT/base.db" <"$CASE/rows.sql"
expect_equal "integrity" ok "$(sqlite3 "$MOUNT/base.db" 'pragma integrity_check')"
expect_equal "rows" 9900 "$(sqlite3 "$MOUNT/base.db" 'select count(*) from rows')"
unmount "$MOUNT"
expect_equal "integrity at the server" ok "$(sqlite3 "$REMOTE/base.db" 'pragma integrity_check')"
expect_equal "rows at the server" 9900 "$(sqlite3 "$REMOTE/base.db" 'select count(*) from rows')"
expect_equal "journals left" "base.db" "$(ls -A "$REMOTE")"
