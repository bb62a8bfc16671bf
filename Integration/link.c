// SPDX-License-Identifier: Apache-2.0
// An emulated long link: two network namespaces joined by TUN devices, and this process between them, which holds each
// packet back for as long as the link would take. No netem, no iproute2; all of it is gone when the process ends.
//
// Usage: link ROUND_TRIP_MS RATE_MBIT LOSS_PERCENT SEED   (Integration/link builds and starts it)
// Prints the paths of the near and the far namespace, for `nsenter --net=PATH`. The near end is 198.18.0.1, the far
// end 198.18.0.2 (RFC 2544's range for benchmarks). RATE_MBIT counts IP's bytes each way; 0 is no limit. Half the round trip
// is spent in each direction. The queue before the link holds one bandwidth-delay product, at least 256 KiB, and drops
// what comes when it is full. Needs root.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MINIMUM_QUEUE (256 * 1024)
#define LARGEST_PACKET (sizeof(struct virtio_net_hdr) + 65536 + 64)
// TUN's own queue has to hold what comes while another process has the processor.
#define DEVICE_QUEUE 10000

struct packet {
    struct packet *next;
    int64_t due;
    ssize_t length;
    unsigned char bytes[];
};

struct direction {
    struct packet *first, **last;
    int64_t busy_until;
};

struct link {
    int devices[2];
    struct direction directions[2];
    int64_t one_way;
    double bits_per_nanosecond, loss, queue;
};

static void fail(const char *what) {
    fprintf(stderr, "link: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void set_address(int control, struct ifreq *request, unsigned long command, const char *address) {
    struct sockaddr_in *target = (struct sockaddr_in *)&request->ifr_addr;
    memset(target, 0, sizeof *target);
    target->sin_family = AF_INET;
    inet_pton(AF_INET, address, &target->sin_addr);
    if (ioctl(control, command, request) != 0) fail(address);
}

static void bring_up(int control, struct ifreq *request) {
    if (ioctl(control, SIOCGIFFLAGS, request) != 0) fail("SIOCGIFFLAGS");
    request->ifr_flags |= IFF_UP;
    if (ioctl(control, SIOCSIFFLAGS, request) != 0) fail("SIOCSIFFLAGS");
}

// Cubic is what most machines use. A kernel that allows it to its first namespace only leaves us its own default.
static void use_cubic(void) {
    int file = open("/proc/sys/net/ipv4/tcp_congestion_control", O_WRONLY | O_CLOEXEC);
    if (file < 0 || (write(file, "cubic", 5) != 5 && errno != EPERM && errno != ENOENT)) fail("tcp_congestion_control");
    close(file);
}

// Makes a network namespace with one end of the link in it, and prints its path.
static int make_end(const char *address, int may_segment) {
    if (unshare(CLONE_NEWNET) != 0) fail("unshare");
    int namespace = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (namespace < 0 || device < 0 || control < 0) fail("/dev/net/tun");
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, .ifr_name = "link"};
    if (ioctl(device, TUNSETIFF, &request) != 0) fail("TUNSETIFF");
    // Large segments spare processor time: a gigabit in packets of 1,500 bytes would take most of a processor.
    if (may_segment && ioctl(device, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) != 0) fail("TUNSETOFFLOAD");
    request.ifr_qlen = DEVICE_QUEUE;
    if (ioctl(control, SIOCSIFTXQLEN, &request) != 0) fail("SIOCSIFTXQLEN");
    set_address(control, &request, SIOCSIFADDR, address);
    set_address(control, &request, SIOCSIFNETMASK, "255.255.255.252");
    bring_up(control, &request);
    struct ifreq loopback = {.ifr_name = "lo"};
    bring_up(control, &loopback);
    close(control);
    use_cubic();
    printf("/proc/%d/fd/%d\n", getpid(), namespace);
    return device;
}

// How many bytes the packet would take on the wire, where a large segment becomes several packets.
static double bytes_on_wire(const struct packet *packet) {
    const struct virtio_net_hdr *header = (const struct virtio_net_hdr *)packet->bytes;
    double length = (double)packet->length - sizeof *header;
    if (header->gso_type == VIRTIO_NET_HDR_GSO_NONE || header->gso_size == 0) return length;
    double payload = length - header->hdr_len;
    int packets = (int)((payload + header->gso_size - 1) / header->gso_size);
    return length + (packets > 1 ? packets - 1 : 0) * (double)header->hdr_len;
}

// Takes one packet from a device; false when there is none.
static int take(struct link *link, int side) {
    static unsigned char buffer[LARGEST_PACKET];
    ssize_t length = read(link->devices[side], buffer, sizeof buffer);
    if (length <= (ssize_t)sizeof(struct virtio_net_hdr)) return 0;
    if (drand48() < link->loss) return 1;
    struct direction *direction = &link->directions[side];
    int64_t time = now(), begin = direction->busy_until > time ? direction->busy_until : time;
    if ((double)(begin - time) * link->bits_per_nanosecond / 8 > link->queue) return 1;
    struct packet *packet = malloc(sizeof *packet + (size_t)length);
    if (packet == NULL) fail("malloc");
    memcpy(packet->bytes, buffer, (size_t)length);
    packet->next = NULL;
    packet->length = length;
    direction->busy_until = begin;
    if (link->bits_per_nanosecond > 0)
        direction->busy_until += (int64_t)(bytes_on_wire(packet) * 8 / link->bits_per_nanosecond);
    packet->due = direction->busy_until + link->one_way;
    *direction->last = packet;
    direction->last = &packet->next;
    return 1;
}

// Delivers what is due, and says when the next packet is.
static int64_t deliver(struct link *link, int side, int64_t time, int64_t next) {
    struct direction *direction = &link->directions[side];
    while (direction->first != NULL && direction->first->due <= time) {
        struct packet *packet = direction->first;
        ssize_t written = write(link->devices[!side], packet->bytes, (size_t)packet->length);
        if (written < 0 && errno != EAGAIN && errno != ENOBUFS) fail("delivering");
        direction->first = packet->next;
        if (direction->first == NULL) direction->last = &direction->first;
        free(packet);
    }
    return direction->first != NULL && direction->first->due < next ? direction->first->due : next;
}

static void run(struct link *link) {
    for (;;) {
        int64_t time = now(), next = time + 1000000000LL;
        for (int side = 0; side < 2; side++) next = deliver(link, side, time, next);
        int64_t wait = next - now();
        if (wait < 0) wait = 0;
        struct timespec limit = {.tv_sec = wait / 1000000000LL, .tv_nsec = wait % 1000000000LL};
        struct pollfd files[2];
        for (int side = 0; side < 2; side++) files[side] = (struct pollfd){.fd = link->devices[side], .events = POLLIN};
        if (ppoll(files, 2, &limit, NULL) < 0 && errno != EINTR) fail("ppoll");
        // In small portions, so that what is due meanwhile leaves in time.
        for (int side = 0; side < 2; side++)
            for (int count = 0; count < 32 && take(link, side); count++) continue;
    }
}

int main(int count, char **words) {
    if (count != 5) {
        fprintf(stderr, "usage: link ROUND_TRIP_MS RATE_MBIT LOSS_PERCENT SEED\n");
        return 2;
    }
    double round_trip = atof(words[1]), rate = atof(words[2]), loss = atof(words[3]);
    srand48(atol(words[4]));
    // It ends with who started it, and its timers are exact.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_TIMERSLACK, 1);
    struct link link = {.one_way = (int64_t)(round_trip * 500000), .loss = loss / 100};
    link.bits_per_nanosecond = rate / 1000;
    link.queue = rate * 125 * round_trip;
    if (link.queue < MINIMUM_QUEUE) link.queue = MINIMUM_QUEUE;
    for (int side = 0; side < 2; side++) link.directions[side].last = &link.directions[side].first;
    // A loss takes one packet of the wire, so nothing larger may be on its way.
    link.devices[0] = make_end("198.18.0.1", loss == 0);
    link.devices[1] = make_end("198.18.0.2", loss == 0);
    fflush(stdout);
    run(&link);
}
