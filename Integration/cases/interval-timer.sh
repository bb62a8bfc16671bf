#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A program with a handled 10 ms interval timer (SA_RESTART) opens, stats, reads, writes, makes and renames without EINTR.
# DELAY=25 has each byte take so many milliseconds more, either way.
# timeout: 900
. "$(dirname "$0")/../lib.sh"

cat >"$CASE/timer.c" <<'END'
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t ticks;
static void tick(int number) { (void)number; ticks++; }

static int check(int ok, const char *what, int round)
{
    if (!ok)
        printf("%s, round %d: %s\n", what, round, strerror(errno));
    return !ok;
}

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = tick, .sa_flags = SA_RESTART };
    struct itimerval interval = { { 0, 10000 }, { 0, 10000 } };
    static char buffer[1 << 20];
    char path[4096], other[4096];
    int failures = 0;
    (void)argc;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &interval, NULL);
    for (int round = 0; round < 300; round++) {
        struct stat status;
        snprintf(path, sizeof path, "%s/file-%d", argv[1], round);
        failures += check(stat(path, &status) == 0, "stat", round);
        int file = open(path, O_RDONLY);
        failures += check(file >= 0, "open", round);
        long total = 0, count;
        while ((count = read(file, buffer, sizeof buffer)) > 0)
            total += count;
        failures += check(count == 0 && total == status.st_size, "read", round);
        close(file);
        snprintf(path, sizeof path, "%s/new-%d", argv[1], round);
        file = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
        failures += check(file >= 0, "create", round);
        failures += check(write(file, buffer, 200000) == 200000, "write", round);
        failures += check(fsync(file) == 0, "fsync", round);
        failures += check(close(file) == 0, "close", round);
        snprintf(other, sizeof other, "%s/other-%d", argv[1], round);
        failures += check(rename(path, other) == 0, "rename", round);
        failures += check(unlink(other) == 0, "unlink", round);
        failures += check(mkdir(path, 0700) == 0, "mkdir", round);
        failures += check(rmdir(path) == 0, "rmdir", round);
    }
    printf("%d failures, %s\n", failures, ticks > 10 ? "ticked" : "hardly ticked");
    return failures != 0;
}
END
gcc -O1 -Wall -o "$CASE/timer" "$CASE/timer.c"
python3 - "$REMOTE" <<'END'
import sys
for i in range(300):
    with open(f"{sys.argv[1]}/file-{i}", "wb") as file:
        file.write(bytes(300_000 + i))
END
start_server
start_relay
[ -z "${DELAY:-}" ] || relay delay "$DELAY"
mount_remote "$REMOTE" "$MOUNT"
expect_equal "what the program says" "0 failures, ticked" "$("$CASE/timer" "$MOUNT")"
unmount "$MOUNT"
