// SPDX-License-Identifier: Apache-2.0
// What concerns the process as a whole: its log, its arguments, its protection.
#pragma once

#include <stddef.h>
#include <sys/prctl.h>
#include <syslog.h>
#include <unistd.h>

// No core file, and no other process of the same user may read our memory.
static inline int clinux_make_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

// syslog(3) under the name that log readers know OpenSSH's server by.
static inline void clinux_open_log(int facility) { openlog("sftp-server", LOG_PID, facility); }

static inline void clinux_log(int priority, const char *text) { syslog(priority, "%s", text); }

// getopt(3) without global variables: the option, '?' for a bad one, -1 at the end of the options.
// `argument` is the option's argument or NULL.
static inline int clinux_next_option(int count, char *const *arguments, const char *options,
                                     const char **argument) {
    int option = getopt(count, arguments, options);
    *argument = optarg;
    return option;
}
