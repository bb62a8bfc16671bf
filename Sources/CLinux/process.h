// SPDX-License-Identifier: Apache-2.0
// What concerns the process as a whole: its log, its arguments, its protection.
#pragma once

#include <getopt.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <syslog.h>
#include <unistd.h>

// No core file, and no other process of the same user may read our memory.
static inline int clinux_make_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

// syslog(3) under a name; `name` must stay valid for the life of the process.
static inline void clinux_open_log(const char *name, int facility) {
    openlog(name, LOG_PID, facility);
}

static inline void clinux_log(int priority, const char *text) { syslog(priority, "%s", text); }

// The command line as the kernel has laid it out, below the environment: the count, so many pointers, and NULL
// (System V ABI, "Initial Stack"). Swift's CommandLine reads it from /proc: in a chroot without that there would
// be no options. To be called before anything is added to the environment, which moves it then.
static inline int clinux_command_line(char *const **arguments) {
    extern char **environ;  // declared only with _GNU_SOURCE
    char **pointer = environ - 2;
    int count = 0;
    while ((uintptr_t)*pointer != (uintptr_t)count) {
        pointer--;
        count++;
    }
    *arguments = pointer + 1;
    return count;
}

// getopt(3) without global variables: the option, '?' for a bad one, -1 at the end of the options;
// letters for long options, which have no short forms, as OpenSSH may use those letters one day.
// `argument` is the option's argument or NULL.
static inline int clinux_next_option(int count, char *const *arguments, const char *options,
                                     const char **argument) {
    static const struct option long_options[] = {
        {"log-format", required_argument, NULL, 'J'},
        {"quota-bytes", required_argument, NULL, 'B'},
        {"quota-files", required_argument, NULL, 'N'},
        {"rate-read", required_argument, NULL, 'i'},
        {"rate-write", required_argument, NULL, 'o'},
        {"root", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0}};
    int option = getopt_long(count, arguments, options, long_options, NULL);
    *argument = optarg;
    return option;
}

// fork(2), which Swift does not import: the child may not use what other threads held. So it is called
// only while there is one thread.
static inline pid_t clinux_fork(void) { return fork(); }

// Unmounts, without following a link at the end of `path`; with `lazy`, detaches what is in use.
static inline int clinux_unmount(const char *path, int lazy) {
    return umount2(path, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0));
}

// Lets malloc keep up to `bytes` of freed memory for the next request. Otherwise buffers of many
// kilobytes go back to the kernel and come again, page fault by page fault, with every packet.
static inline void clinux_keep_freed_memory(int bytes) {
    mallopt(M_TRIM_THRESHOLD, bytes);
    mallopt(M_MMAP_THRESHOLD, bytes);
}

// Gives the kernel back all the memory that malloc holds free.
static inline void clinux_release_freed_memory(void) { malloc_trim(0); }

// A descriptor that becomes readable when the process ends; -1 with errno where there is none.
static inline int clinux_process_descriptor(pid_t process) {
    return (int)syscall(SYS_pidfd_open, process, 0);
}

// Sends a signal to the process behind such a descriptor: never to another of the same number.
static inline int clinux_signal_process(int descriptor, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}
