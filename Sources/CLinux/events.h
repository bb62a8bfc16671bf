// SPDX-License-Identifier: Apache-2.0
// What the event loop waits with: epoll, eventfd, signalfd.
#pragma once

#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>

// The constants, as integers: Swift imports the enumerations they come from as distinct types.
static const uint32_t clinux_EPOLLIN = EPOLLIN;
static const uint32_t clinux_EPOLLOUT = EPOLLOUT;
static const uint32_t clinux_EPOLLRDHUP = EPOLLRDHUP;
static const uint32_t clinux_EPOLLHUP = EPOLLHUP;
static const uint32_t clinux_EPOLLERR = EPOLLERR;
static const uint32_t clinux_EPOLLET = EPOLLET;

// A timer that never fires, but can be read where the system's clock was set, as it is after a sleep.
static inline int clinux_clock_timer(void) {
    return timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
}

// Waits for the next time that the clock is set.
static inline int clinux_arm_clock_timer(int fd) {
    // The year 2255: later than the kernel counts is never.
    struct itimerspec never = {.it_value = {.tv_sec = 9000000000}};
    return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static inline int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

// `operation` is EPOLL_CTL_ADD, _MOD or _DEL; `token` comes back with every event.
static inline int clinux_epoll_ctl(int epoll, int operation, int fd, uint32_t events,
                                   uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, operation, fd, &event);
}

static inline int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

static inline int clinux_eventfd_signal(int fd) { return eventfd_write(fd, 1); }

static inline int clinux_eventfd_reset(int fd) {
    eventfd_t value;
    return eventfd_read(fd, &value);
}

static inline int clinux_signalfd(const sigset_t *mask) {
    return signalfd(-1, mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

// An event as Swift likes it: without the union of epoll_event.
struct clinux_event {
    uint32_t events;
    uint64_t token;
};

enum { clinux_EVENTS_AT_ONCE = 64 };

// Waits like epoll_wait for up to clinux_EVENTS_AT_ONCE events.
static inline int clinux_epoll_wait(int epoll, struct clinux_event *found, int timeout) {
    struct epoll_event events[clinux_EVENTS_AT_ONCE];
    int count = epoll_wait(epoll, events, clinux_EVENTS_AT_ONCE, timeout);
    for (int i = 0; i < count; i++) {
        found[i].events = events[i].events;
        found[i].token = events[i].data.u64;
    }
    return count;
}

// The time since some moment before the start of this process, without the time that the machine slept.
static inline int64_t clinux_monotonic_microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
