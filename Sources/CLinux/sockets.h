// SPDX-License-Identifier: Apache-2.0
// Sockets. Addresses are bytes here: Swift need not know the family's structure.
#pragma once

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/vm_sockets.h>

static inline int clinux_stream_socket(int family) {
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static inline int clinux_datagram_socket(int family) {
    return socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static inline int clinux_connect(int fd, const uint8_t *address, size_t count) {
    return connect(fd, (const struct sockaddr *)address, (socklen_t)count);
}

static inline int clinux_bind(int fd, const uint8_t *address, size_t count) {
    return bind(fd, (const struct sockaddr *)address, (socklen_t)count);
}

static inline int clinux_listen(int fd) { return listen(fd, SOMAXCONN); }

// How connecting ended: 0 or an errno.
static inline int clinux_socket_error(int fd) {
    int error = 0;
    socklen_t count = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &count) == 0 ? error : errno;
}

static inline int clinux_set_no_delay(int fd) {
    int on = 1;
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// How long what was sent may stay unacknowledged before the connection is broken, see tcp(7).
static inline int clinux_set_user_timeout(int fd, unsigned int milliseconds) {
    return setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

// A socket at which the kernel tells of links, addresses and routes (rtnetlink(7)), or -1.
static inline int clinux_network_changes(void) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0) return -1;
    struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                  .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
                                               RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR |
                                               RTMGRP_IPV6_ROUTE};
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

// Has close(2) drop what has not reached the peer, instead of going on to send it.
static inline int clinux_discard_on_close(int fd) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static inline int clinux_set_keep_alive(int fd) {
    int on = 1;
    return setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

static inline int clinux_set_type_of_service(int fd, int family, int value) {
    return family == AF_INET6
               ? setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof value)
               : setsockopt(fd, IPPROTO_IP, IP_TOS, &value, sizeof value);
}

// AF_INET, AF_INET6, AF_UNIX, ..., or -1.
static inline int clinux_socket_family(int fd) {
    int family = -1;
    socklen_t count = sizeof family;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &count) == 0 ? family : -1;
}

// struct ucred, which is declared only with _GNU_SOURCE, see files.h.
struct clinux_credentials { pid_t process; uid_t user; gid_t group; };

// Whose process made the other end of a Unix socket; 0 or -1 with errno.
static inline int clinux_peer_credentials(int fd, struct clinux_credentials *credentials) {
    socklen_t count = sizeof *credentials;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, &count);
}

// The user whose process made the other end of a Unix socket, or -1.
static inline int64_t clinux_peer_user(int fd) {
    struct clinux_credentials credentials;
    return clinux_peer_credentials(fd, &credentials) == 0 ? credentials.user : -1;
}

static inline int clinux_address_family(const uint8_t *address, size_t count) {
    struct sockaddr header;
    if (count < offsetof(struct sockaddr, sa_data)) return AF_UNSPEC;
    memcpy(&header, address, offsetof(struct sockaddr, sa_data));
    return header.sa_family;
}

// The address in numbers; 0 or an error of getnameinfo.
static inline int clinux_address_text(const uint8_t *address, size_t count, char *text,
                                      size_t capacity) {
    struct sockaddr_storage storage = {0};
    memcpy(&storage, address, count < sizeof storage ? count : sizeof storage);
    return getnameinfo((const struct sockaddr *)&storage, (socklen_t)count, text,
                       (socklen_t)capacity, NULL, 0, NI_NUMERICHOST);
}

// The address that a socket is bound to; its size, or -1.
static inline int clinux_local_address(int fd, uint8_t *address, size_t capacity) {
    socklen_t count = (socklen_t)capacity;
    return getsockname(fd, (struct sockaddr *)address, &count) == 0 ? (int)count : -1;
}

// Lets a server listen where its predecessor's connections still linger, and on an IPv6 address
// without taking the IPv4 one of the same port too.
static inline int clinux_set_listening_options(int fd, int family) {
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return -1;
    if (family != AF_INET6) return 0;
    return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
}

static inline int clinux_is_loopback(const uint8_t *address, size_t count) {
    switch (clinux_address_family(address, count)) {
    case AF_INET: {
        struct sockaddr_in in;
        if (count < sizeof in) return 0;
        memcpy(&in, address, sizeof in);
        return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
    }
    case AF_INET6: {
        struct sockaddr_in6 in6;
        if (count < sizeof in6) return 0;
        memcpy(&in6, address, sizeof in6);
        return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
    }
    default:
        return 0;
    }
}

// The longest path of a Unix socket, without the NUL.
enum { clinux_UNIX_PATH_MAX = sizeof(((struct sockaddr_un *)0)->sun_path) - 1 };

// Connects to a Unix socket; `path` has at most clinux_UNIX_PATH_MAX bytes.
static inline int clinux_connect_unix(int fd, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, clinux_UNIX_PATH_MAX);
    return connect(fd, (const struct sockaddr *)&address, sizeof address);
}

// Makes a Unix socket that programs can connect to, at a path of at most clinux_UNIX_PATH_MAX bytes.
static inline int clinux_bind_unix(int fd, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, clinux_UNIX_PATH_MAX);
    return bind(fd, (const struct sockaddr *)&address, sizeof address);
}

// The longest abstract name of a Unix socket (unix(7)).
enum { clinux_ABSTRACT_NAME_MAX = sizeof(((struct sockaddr_un *)0)->sun_path) - 1 };

// An abstract name as an address: how long that is.
static inline socklen_t clinux_abstract_address(struct sockaddr_un *address, const uint8_t *name,
                                                size_t count) {
    if (count > clinux_ABSTRACT_NAME_MAX) count = clinux_ABSTRACT_NAME_MAX;
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path + 1, name, count);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + count);
}

// Gives a Unix socket a name of at most clinux_ABSTRACT_NAME_MAX bytes outside of the file system.
static inline int clinux_bind_abstract(int fd, const uint8_t *name, size_t count) {
    struct sockaddr_un address;
    socklen_t length = clinux_abstract_address(&address, name, count);
    return bind(fd, (const struct sockaddr *)&address, length);
}

// Connects to a Unix socket of such a name.
static inline int clinux_connect_abstract(int fd, const uint8_t *name, size_t count) {
    struct sockaddr_un address;
    socklen_t length = clinux_abstract_address(&address, name, count);
    return connect(fd, (const struct sockaddr *)&address, length);
}

// The next connection to a listening socket, or -1.
static inline int clinux_accept(int fd) {
    // accept4 is declared only with _GNU_SOURCE, see files.h.
    return (int)syscall(SYS_accept4, fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

// The next connection to a listening socket, or -1; also tells who it comes from.
static inline int clinux_accept_from(int fd, uint8_t *address, size_t *count) {
    socklen_t size = (socklen_t)*count;
    int accepted = (int)syscall(SYS_accept4, fd, (struct sockaddr *)address, &size,
                                SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (accepted >= 0) *count = size;
    return accepted;
}

// Two connected Unix sockets, closed in programs that are started.
static inline int clinux_socket_pair(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}

// Connects to a port of another context of a virtual machine (vsock(7)); -1 or a socket. It may wait.
static inline int clinux_connect_vsock(uint32_t context, uint32_t port) {
    int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_port = port, .svm_cid = context};
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

// Passes a descriptor over a Unix socket, with one zero byte; 0 or -1 with errno.
static inline int clinux_send_descriptor(int socket, int descriptor) {
    char byte = 0;
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

// Takes a descriptor that comes over a Unix socket: its number, -1 with errno, or -2 where something
// else has come, or the end.
static inline int clinux_receive_descriptor(int socket) {
    char byte;
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (count < 0) return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (count != 1 || !header || header->cmsg_level != SOL_SOCKET ||
        header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int))) {
        return -2;
    }
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}
