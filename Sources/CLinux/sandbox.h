// SPDX-License-Identifier: Apache-2.0
// What a process gives up for good: rights to files and to the network by Landlock, and system calls by seccomp.
#pragma once

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The rights of linux/landlock.h, some of which are younger than the headers of supported systems.
enum {
    clinux_FS_EXECUTE = 1 << 0,
    clinux_FS_WRITE_FILE = 1 << 1,
    clinux_FS_READ_FILE = 1 << 2,
    clinux_FS_READ_DIR = 1 << 3,
    clinux_FS_VERSION_1 = (1 << 13) - 1,
    clinux_FS_REFER = 1 << 13,      // since version 2
    clinux_FS_TRUNCATE = 1 << 14,   // since version 3
    clinux_FS_IOCTL_DEV = 1 << 15,  // since version 5
    clinux_NET_BIND_TCP = 1 << 0,   // since version 4
    clinux_NET_CONNECT_TCP = 1 << 1,
};

// Landlock's version (landlock(7)); -1 with errno where there is none.
static inline int clinux_landlock_version(void) {
    enum { CREATE_RULESET_VERSION = 1 };
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0L, CREATE_RULESET_VERSION);
}

// A set of rules which refuses these rights but where a rule gives them; without `network`, any version knows it.
static inline int clinux_landlock_create(uint64_t files, uint64_t network) {
    uint64_t attributes[] = {files, network};
    size_t size = network ? sizeof attributes : sizeof attributes[0];
    return (int)syscall(SYS_landlock_create_ruleset, attributes, size, 0L);
}

// Gives rights to a file or to all below a directory.
static inline int clinux_landlock_allow_files(int rules, int place, uint64_t rights) {
    enum { RULE_PATH_BENEATH = 1 };
    struct __attribute__((packed)) {
        uint64_t rights;
        int32_t place;
    } rule = {rights, place};
    return (int)syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &rule, 0L);
}

// Gives rights to a port.
static inline int clinux_landlock_allow_port(int rules, uint16_t port, uint64_t rights) {
    enum { RULE_NET_PORT = 2 };
    struct {
        uint64_t rights, port;
    } rule = {rights, port};
    return (int)syscall(SYS_landlock_add_rule, rules, RULE_NET_PORT, &rule, 0L);
}

// What is executed from now on gains no rights by it: the kernel's condition for what follows. Of this thread
// and those that it starts.
static inline int clinux_gain_no_privileges(void) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
}

// Puts this thread and those that it starts under the rules.
static inline int clinux_landlock_restrict(int rules) {
    return (int)syscall(SYS_landlock_restrict_self, rules, 0L);
}

#if defined(__x86_64__)
enum { clinux_own_architecture = AUDIT_ARCH_X86_64 };
#elif defined(__aarch64__)
enum { clinux_own_architecture = AUDIT_ARCH_AARCH64 };
#else
enum { clinux_own_architecture = 0 };
#endif

// The calls that are refused: what changes the system or looks into other processes, what gets at files past
// their names, and what executes programs.
static const int clinux_denied_calls[] = {
#ifdef SYS_mknod
    SYS_mknod,
#endif
#ifdef SYS_iopl
    SYS_iopl, SYS_ioperm,
#endif
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_quotactl_fd
    SYS_quotactl_fd,
#endif
#ifdef SYS_mount_setattr
    SYS_mount_setattr,
#endif
    SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, SYS_pidfd_getfd,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
    SYS_move_mount, SYS_open_tree, SYS_setns, SYS_unshare, SYS_mknodat, SYS_name_to_handle_at,
    SYS_open_by_handle_at, SYS_fanotify_init, SYS_quotactl, SYS_acct, SYS_swapon, SYS_swapoff, SYS_bpf,
    SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    SYS_add_key, SYS_request_key, SYS_keyctl, SYS_init_module, SYS_finit_module, SYS_delete_module,
    SYS_kexec_load, SYS_reboot, SYS_syslog, SYS_personality, SYS_settimeofday, SYS_clock_settime,
    SYS_clock_adjtime, SYS_adjtimex, SYS_sethostname, SYS_setdomainname, SYS_vhangup,
};

// Has the kernel refuse those calls with EPERM from now on, and all calls of other architectures: to this thread
// and those that it starts, or to all threads. Room for the filter is on the stack.
static inline int clinux_deny_calls(int all_threads) {
    enum {
        COUNT = sizeof clinux_denied_calls / sizeof clinux_denied_calls[0],
        BEFORE = 9,  // instructions before those that compare
        NEW_NAMESPACES = 0x7e020000,  // linux/sched.h: CLONE_NEWNS, NEWCGROUP, NEWUTS, ..., NEWNET
        X32 = 0x40000000,  // the bit of the numbers of x86-64's other kind of calls
        REFUSED = SECCOMP_RET_ERRNO | EPERM,
        LACKING = SECCOMP_RET_ERRNO | ENOSYS,
    };
    if (clinux_own_architecture == 0) {
        errno = ENOSYS;
        return -1;
    }
    // The low half of the first argument, where clone(2) of both architectures has its flags.
    const unsigned flags = offsetof(struct seccomp_data, args);
    struct sock_filter filter[BEFORE + COUNT + 2] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, clinux_own_architecture, 0, BEFORE + COUNT - 1),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32, BEFORE + COUNT - 3, 0),
        // Its flags are in memory, out of our sight; where it is lacking, libraries use clone(2).
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, LACKING),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, flags),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, BEFORE + COUNT - 8, BEFORE + COUNT - 9),
    };
    for (int i = 0; i < COUNT; i++) {
        filter[BEFORE + i] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (unsigned)clinux_denied_calls[i], (unsigned char)(COUNT - i), 0);
    }
    filter[BEFORE + COUNT] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[BEFORE + COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, REFUSED);
    struct sock_fprog program = {BEFORE + COUNT + 2, filter};
    long result = syscall(SYS_seccomp, (long)SECCOMP_SET_MODE_FILTER,
                          all_threads ? (long)SECCOMP_FILTER_FLAG_TSYNC : 0L, &program);
    // With the flag, the number of a thread that could not be brought in line.
    if (result > 0) errno = ESRCH;
    return result == 0 ? 0 : -1;
}
