// SPDX-License-Identifier: Apache-2.0
// File calls that Swift's import of the C library lacks: they are declared only with _GNU_SOURCE,
// which can't be turned on for a header that has been imported already. Hence syscall(2).
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

static inline ssize_t clinux_copy_file_range(int from, off_t *from_offset, int to,
                                             off_t *to_offset, size_t count) {
    return syscall(SYS_copy_file_range, from, from_offset, to, to_offset, count, 0);
}

// pread(2) that fails with EAGAIN where it would have to wait for the disk, and with EOPNOTSUPP where that
// can't be known beforehand.
static inline ssize_t clinux_read_at_once(int file, void *buffer, size_t count, off_t offset) {
    enum { RWF_NOWAIT_FLAG = 8 };  // linux/fs.h
    struct iovec room = {buffer, count};
    return syscall(SYS_preadv2, file, &room, 1L, (long)offset, 0L, RWF_NOWAIT_FLAG);
}

// Whether a file lies in a file system that is nowhere but in memory.
static inline int clinux_is_in_memory(int file) {
    enum { TMPFS = 0x01021994, RAMFS = 0x858458f6u };  // linux/magic.h
    struct statfs system;
    return fstatfs(file, &system) == 0 && (system.f_type == TMPFS || system.f_type == RAMFS);
}

// rename(2) that fails with EEXIST where `to` exists.
static inline int clinux_rename_noreplace(int from_directory, const char *from, int to_directory,
                                          const char *to) {
    enum { RENAME_NOREPLACE_FLAG = 1 };  // linux/fs.h
    return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to,
                        RENAME_NOREPLACE_FLAG);
}

// open(2)'s O_PATH (asm-generic/fcntl.h): a directory that can be searched, but not read, can be opened.
enum { clinux_O_PATH = 010000000 };

// open(2)'s O_DIRECT, which differs between processors.
enum { clinux_O_DIRECT = __O_DIRECT };

// open(2) of a path as if `root` were the root directory: nothing on the way leads above it.
static inline int clinux_open_in_root(int root, const char *path, int flags, mode_t mode) {
    struct open_how how = {
        .flags = (unsigned)flags,
        .mode = flags & O_CREAT ? mode & 07777 : 0,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

// The next entry's name, which stands until the next call; NULL at the end, or with errno set.
static inline const char *clinux_readdir_name(DIR *directory) {
    struct dirent *entry = readdir(directory);
    return entry ? entry->d_name : NULL;
}

