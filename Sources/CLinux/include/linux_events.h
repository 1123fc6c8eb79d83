#pragma once
// What a loop waits for: epoll, eventfd, one descriptor at a time.
#include "linux_result.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const uint32_t LINUX_EPOLLIN = EPOLLIN;
static const uint32_t LINUX_EPOLLOUT = EPOLLOUT;
static const uint32_t LINUX_EPOLLERR = EPOLLERR;
static const uint32_t LINUX_EPOLLHUP = EPOLLHUP;
static const uint32_t LINUX_EPOLLRDHUP = EPOLLRDHUP;
static const uint32_t LINUX_EPOLLET = EPOLLET;
static const uint32_t LINUX_EPOLLEXCLUSIVE = EPOLLEXCLUSIVE;

static inline int64_t linux_epoll_create(void) { return linux_result(epoll_create1(EPOLL_CLOEXEC)); }

static inline int64_t linux_epoll_add(int32_t epoll, int32_t fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return linux_result(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

static inline int64_t linux_epoll_remove(int32_t epoll, int32_t fd) {
    struct epoll_event ignored = {0};
    return linux_result(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &ignored));
}

static inline int64_t linux_epoll_wait(int32_t epoll, struct epoll_event *events, int32_t capacity, int32_t milliseconds) {
    return linux_result(epoll_wait(epoll, events, capacity, milliseconds));
}

static inline uint64_t linux_event_token(const struct epoll_event *event) { return event->data.u64; }
static inline uint32_t linux_event_bits(const struct epoll_event *event) { return event->events; }

static inline int64_t linux_eventfd(void) { return linux_result(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

static inline int64_t linux_eventfd_signal(int32_t fd) {
    uint64_t one = 1;
    return linux_result(write(fd, &one, sizeof one));
}

static inline int64_t linux_eventfd_drain(int32_t fd) {
    uint64_t count = 0;
    return linux_result(read(fd, &count, sizeof count));
}

static inline int64_t linux_wait_readable(int32_t fd) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    return linux_result(poll(&entry, 1, -1));
}

/// Waits until the descriptor takes bytes or reports an error: > 0; 0 when the time is up.
static inline int64_t linux_wait_writable(int32_t fd, int32_t milliseconds) {
    struct pollfd entry = {.fd = fd, .events = POLLOUT};
    return linux_result(poll(&entry, 1, milliseconds));
}
