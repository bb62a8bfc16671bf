// SPDX-License-Identifier: Apache-2.0
// Does to a file at random what programs do to files, and compares all that it reads with what it knows.
//
// Usage: random-io FILE OTHER SEED COUNT
// FILE is made anew; OTHER is a second file, to copy from and to. The same seed does the same again. At the
// first difference it prints the last operations and ends with status 1; an error of the system ends it with 2.
// The method is that of Apple's fsx.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILE_BYTES = 1 << 20, OPERATION_BYTES = 300000, OPEN_FILES = 3, LOG_LINES = 40, LINE_BYTES = 160 };

/// A file and what it should hold.
struct file {
    const char *path;
    unsigned char bytes[FILE_BYTES];
    size_t size;
    int descriptors[OPEN_FILES];
    int flags[OPEN_FILES];
};

static struct file files[2];
static char log_lines[LOG_LINES][LINE_BYTES];
static unsigned long step;
static uint64_t state;

/// A number below `limit`.
static size_t below(size_t limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state * 0x2545F4914F6CDD1DULL >> 16) % limit;
}

static void end(int status, const char *what) {
    int error = errno;
    for (unsigned long i = step > LOG_LINES ? step - LOG_LINES : 0; i <= step; i++)
        fprintf(stderr, "%lu %s\n", i, log_lines[i % LOG_LINES]);
    fprintf(stderr, "%s%s%s\n", what, status == 2 ? ": " : "", status == 2 ? strerror(error) : "");
    exit(status);
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(log_lines[step % LOG_LINES], LINE_BYTES, format, arguments);
    va_end(arguments);
}

static void check(int is_well, const char *what) {
    if (!is_well) end(2, what);
}

static void compare(const unsigned char *found, const struct file *file, size_t offset, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (found[i] == file->bytes[offset + i]) continue;
        char text[LINE_BYTES];
        snprintf(text, sizeof text, "%s: byte %zu is %d, not %d", file->path, offset + i, found[i],
            file->bytes[offset + i]);
        end(1, text);
    }
}

static void compare_size(const struct file *file, int descriptor) {
    struct stat by_handle, by_path;
    check(fstat(descriptor, &by_handle) == 0, "fstat");
    check(stat(file->path, &by_path) == 0, "stat");
    char text[LINE_BYTES];
    snprintf(text, sizeof text, "%s has %ld and %ld bytes, not %zu", file->path, (long)by_handle.st_size,
        (long)by_path.st_size, file->size);
    if ((size_t)by_handle.st_size != file->size || (size_t)by_path.st_size != file->size) end(1, text);
}

static void open_again(struct file *file, int index) {
    static const int modes[] = {O_RDWR, O_RDWR, O_RDWR | O_APPEND};
    check(close(file->descriptors[index]) == 0, "close");
    file->flags[index] = modes[below(3)];
    // At times it is emptied by the open.
    int truncates = below(40) == 0;
    note("open %s as %d%s%s", file->path, index, file->flags[index] & O_APPEND ? ", append" : "",
        truncates ? ", truncate" : "");
    file->descriptors[index] = open(file->path, file->flags[index] | (truncates ? O_TRUNC : 0));
    check(file->descriptors[index] >= 0, "open");
    if (truncates) {
        memset(file->bytes, 0, file->size);
        file->size = 0;
    }
}

static void read_some(struct file *file, int descriptor) {
    static unsigned char buffer[OPERATION_BYTES];
    size_t offset = below(file->size + 1), count = below(OPERATION_BYTES);
    note("read %s %zu at %zu", file->path, count, offset);
    ssize_t found = pread(descriptor, buffer, count, (off_t)offset);
    check(found >= 0, "pread");
    size_t there = file->size - offset < count ? file->size - offset : count;
    if ((size_t)found != there) end(1, "the read is of another length");
    compare(buffer, file, offset, there);
}

static size_t random_bytes(unsigned char *buffer, size_t limit) {
    size_t count = 1 + below(below(4) == 0 ? limit : limit < 5000 ? limit : 5000);
    unsigned char first = (unsigned char)below(256);
    for (size_t i = 0; i < count; i++) buffer[i] = (unsigned char)(first + i * 7 + (i >> 8));
    return count;
}

static void put(struct file *file, size_t offset, const unsigned char *bytes, size_t count) {
    memcpy(file->bytes + offset, bytes, count);
    if (offset + count > file->size) file->size = offset + count;
}

static void write_some(struct file *file, int index) {
    static unsigned char buffer[OPERATION_BYTES];
    int appends = file->flags[index] & O_APPEND;
    size_t offset = appends ? file->size : below(below(4) == 0 ? FILE_BYTES : file->size + 1);
    if (offset >= FILE_BYTES) return;
    size_t limit = FILE_BYTES - offset < OPERATION_BYTES ? FILE_BYTES - offset : OPERATION_BYTES;
    size_t count = random_bytes(buffer, limit);
    note("write %s %zu at %zu%s", file->path, count, offset, appends ? ", appended" : "");
    struct iovec pieces[2] = {{buffer, count / 2}, {buffer + count / 2, count - count / 2}};
    ssize_t written = appends ? write(file->descriptors[index], buffer, count)
                              : pwritev(file->descriptors[index], pieces, 2, (off_t)offset);
    check(written == (ssize_t)count, "write");
    put(file, offset, buffer, count);
}

static void map_some(struct file *file, int descriptor, int writes) {
    if (file->size == 0) return;
    size_t offset = below(file->size), page = (size_t)sysconf(_SC_PAGESIZE);
    size_t count = 1 + below(file->size - offset), start = offset / page * page;
    note("%s the mapped %s %zu at %zu", writes ? "change" : "read", file->path, count, offset);
    size_t length = offset - start + count;
    unsigned char *map =
        mmap(NULL, length, PROT_READ | (writes ? PROT_WRITE : 0), MAP_SHARED, descriptor, (off_t)start);
    check(map != MAP_FAILED, "mmap");
    compare(map + (offset - start), file, offset, count);
    if (writes) {
        count = random_bytes(map + (offset - start), count);
        put(file, offset, map + (offset - start), count);
        if (below(2)) check(msync(map, length, below(2) ? MS_SYNC : MS_ASYNC) == 0, "msync");
    }
    check(munmap(map, length) == 0, "munmap");
}

static void set_size(struct file *file, int descriptor) {
    size_t size = below(below(3) == 0 ? FILE_BYTES : file->size + 1);
    int by_path = below(2) != 0;
    note("truncate %s to %zu%s", file->path, size, by_path ? " by path" : "");
    check((by_path ? truncate(file->path, (off_t)size) : ftruncate(descriptor, (off_t)size)) == 0, "truncate");
    if (size < file->size) memset(file->bytes + size, 0, file->size - size);
    file->size = size;
}

static void copy_some(struct file *source, int from, struct file *target, int index) {
    if (target->flags[index] & O_APPEND) return;
    loff_t offset = (loff_t)below(source->size + 1), at = (loff_t)below(target->size + 1);
    size_t count = 1 + below(OPERATION_BYTES);
    if ((size_t)at + count > FILE_BYTES) return;
    note("copy %zu from %s at %ld to %ld", count, source->path, (long)offset, (long)at);
    size_t start = (size_t)offset, place = (size_t)at;
    ssize_t copied = copy_file_range(from, &offset, target->descriptors[index], &at, count, 0);
    check(copied >= 0, "copy_file_range");
    if (copied == 0 && start < source->size) end(1, "nothing was copied");
    put(target, place, source->bytes + start, (size_t)copied);
}

static void rename_and_back(struct file *file) {
    char name[4096];
    snprintf(name, sizeof name, "%s.renamed", file->path);
    note("rename %s and back", file->path);
    check(rename(file->path, name) == 0 && rename(name, file->path) == 0, "rename");
}

static void act(void) {
    struct file *file = &files[below(8) == 0];
    int index = (int)below(OPEN_FILES), descriptor = file->descriptors[index];
    switch (below(16)) {
    case 0: case 1: case 2: case 3: read_some(file, descriptor); break;
    case 4: case 5: case 6: case 7: write_some(file, index); break;
    case 8: map_some(file, descriptor, 0); break;
    case 9: case 10: map_some(file, descriptor, 1); break;
    case 11: set_size(file, descriptor); break;
    case 12: open_again(file, index); break;
    case 13: compare_size(file, descriptor); break;
    case 14: copy_some(file, descriptor, &files[file == files], index); break;
    default:
        if (below(4) == 0) rename_and_back(file);
        else if (below(8) == 0) check(fsync(descriptor) == 0, "fsync");
    }
}

int main(int count, char **arguments) {
    if (count != 5) return 2;
    state = strtoull(arguments[3], NULL, 10) * 0x9E3779B97F4A7C15ULL + 1;
    for (int i = 0; i < 2; i++) {
        files[i].path = arguments[1 + i];
        for (int k = 0; k < OPEN_FILES; k++) {
            files[i].flags[k] = O_RDWR;
            files[i].descriptors[k] = open(files[i].path, O_RDWR | O_CREAT | (k == 0 ? O_TRUNC : 0), 0600);
            check(files[i].descriptors[k] >= 0, "open");
        }
    }
    unsigned long steps = strtoul(arguments[4], NULL, 10);
    for (step = 0; step < steps; step++) {
        note("nothing");
        act();
    }
    for (int i = 0; i < 2; i++) {
        compare_size(&files[i], files[i].descriptors[0]);
        FILE *expected = NULL;
        char name[4096];
        snprintf(name, sizeof name, "%s.expected", strrchr(files[i].path, '/') + 1);
        check((expected = fopen(name, "wb")) != NULL, "fopen");
        check(fwrite(files[i].bytes, 1, files[i].size, expected) == files[i].size, "fwrite");
        check(fclose(expected) == 0, "fclose");
    }
    return 0;
}
