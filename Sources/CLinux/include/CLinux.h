#pragma once
// What Linux offers and Glibc's module map does not (or only through unions, macros and pointers), in forms Swift calls
// safely: integers and small plain structs in and out. Every call answers like the kernel itself does: a result >= 0, or
// the negated errno. Nothing here retries, logs or decides; that is the Swift side's part.
//
// No feature macros here: Swift sees the system's headers through Glibc's module too, and both views must agree. The few
// functions that only _GNU_SOURCE reveals are in CLinux.c.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static inline int64_t linux_result(int64_t result) { return result < 0 ? -(int64_t)errno : result; }

// MARK: Errors

/// "ECONNREFUSED", or NULL for a code the C library does not know.
const char *linux_error_name(int32_t code);
/// "Connection refused", or NULL. Both strings are constants, never translated: safe from any thread.
const char *linux_error_text(int32_t code);

// MARK: epoll

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

// MARK: Addresses

/// An address as integers in host order. `family` is one of the LINUX_AF constants. IPv4 lies in `low`; the path of a
/// unix socket travels beside this struct.
typedef struct {
    uint64_t high;
    uint64_t low;
    uint32_t scope;
    uint16_t port;
    uint16_t family;
} linux_address;

static const uint16_t LINUX_AF_INET = AF_INET;
static const uint16_t LINUX_AF_INET6 = AF_INET6;
static const uint16_t LINUX_AF_UNIX = AF_UNIX;
/// Bytes of a unix socket's path that the kernel takes, its NUL not counted.
static const int64_t LINUX_UNIX_PATH_LIMIT = (int64_t)sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

/// Fills `storage`; answers its length, or -ENAMETOOLONG / -EAFNOSUPPORT.
static inline int64_t linux_encode_address(linux_address address, const char *path, struct sockaddr_storage *storage) {
    memset(storage, 0, sizeof *storage);
    if (address.family == AF_INET) {
        struct sockaddr_in *out = (struct sockaddr_in *)storage;
        out->sin_family = AF_INET;
        out->sin_port = htons(address.port);
        out->sin_addr.s_addr = htonl((uint32_t)address.low);
        return sizeof *out;
    }
    if (address.family == AF_INET6) {
        struct sockaddr_in6 *out = (struct sockaddr_in6 *)storage;
        out->sin6_family = AF_INET6;
        out->sin6_port = htons(address.port);
        out->sin6_scope_id = address.scope;
        for (int i = 0; i < 8; i++) {
            out->sin6_addr.s6_addr[i] = (uint8_t)(address.high >> (56 - 8 * i));
            out->sin6_addr.s6_addr[8 + i] = (uint8_t)(address.low >> (56 - 8 * i));
        }
        return sizeof *out;
    }
    if (address.family == AF_UNIX) {
        struct sockaddr_un *out = (struct sockaddr_un *)storage;
        size_t length = strlen(path);
        if (length >= sizeof out->sun_path) return -ENAMETOOLONG;
        out->sun_family = AF_UNIX;
        memcpy(out->sun_path, path, length);
        return (int64_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    }
    return -EAFNOSUPPORT;
}

static inline linux_address linux_decode_address(const struct sockaddr_storage *storage) {
    linux_address address = {0};
    address.family = storage->ss_family;
    if (storage->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)storage;
        address.port = ntohs(in->sin_port);
        address.low = ntohl(in->sin_addr.s_addr);
    } else if (storage->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)storage;
        address.port = ntohs(in->sin6_port);
        address.scope = in->sin6_scope_id;
        for (int i = 0; i < 8; i++) {
            address.high = address.high << 8 | in->sin6_addr.s6_addr[i];
            address.low = address.low << 8 | in->sin6_addr.s6_addr[8 + i];
        }
    }
    return address;
}

// MARK: Sockets

/// A result and the address that came with it (meaningful when the result is >= 0).
typedef struct {
    int64_t result;
    linux_address address;
} linux_address_result;

static inline int64_t linux_socket(uint16_t family) {
    return linux_result(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

static inline int64_t linux_connect(int32_t fd, linux_address address, const char *path) {
    struct sockaddr_storage storage;
    int64_t length = linux_encode_address(address, path, &storage);
    if (length < 0) return length;
    return linux_result(connect(fd, (struct sockaddr *)&storage, (socklen_t)length));
}

static inline int64_t linux_bind(int32_t fd, linux_address address, const char *path) {
    struct sockaddr_storage storage;
    int64_t length = linux_encode_address(address, path, &storage);
    if (length < 0) return length;
    return linux_result(bind(fd, (struct sockaddr *)&storage, (socklen_t)length));
}

static inline int64_t linux_listen(int32_t fd, int32_t backlog) { return linux_result(listen(fd, backlog)); }

/// Accepts with SOCK_NONBLOCK and SOCK_CLOEXEC.
linux_address_result linux_accept(int32_t fd);

static inline linux_address_result linux_local_address(int32_t fd) {
    struct sockaddr_storage storage = {0};
    socklen_t length = sizeof storage;
    linux_address_result answer = {0};
    answer.result = linux_result(getsockname(fd, (struct sockaddr *)&storage, &length));
    if (answer.result >= 0) answer.address = linux_decode_address(&storage);
    return answer;
}

static inline linux_address_result linux_peer_address(int32_t fd) {
    struct sockaddr_storage storage = {0};
    socklen_t length = sizeof storage;
    linux_address_result answer = {0};
    answer.result = linux_result(getpeername(fd, (struct sockaddr *)&storage, &length));
    if (answer.result >= 0) answer.address = linux_decode_address(&storage);
    return answer;
}

/// Copies the path of a unix socket's own (`peer` 0) or the peer's end to `path`, which has LINUX_UNIX_PATH_LIMIT bytes;
/// answers its length, 0 for an unnamed or abstract one.
static inline int64_t linux_unix_path(int32_t fd, int32_t peer, uint8_t *path) {
    struct sockaddr_un address;
    memset(&address, 0, sizeof address);
    socklen_t length = sizeof address;
    int result = peer ? getpeername(fd, (struct sockaddr *)&address, &length)
                      : getsockname(fd, (struct sockaddr *)&address, &length);
    if (result < 0) return -errno;
    size_t count = strnlen(address.sun_path, sizeof address.sun_path - 1);
    memcpy(path, address.sun_path, count);
    return (int64_t)count;
}

// Through syscall(): in a process with threads the C library's own wrappers are cancellation points, which cost two atomic
// operations a call, and no thread of ours is ever cancelled.

static inline int64_t linux_receive(int32_t fd, void *bytes, size_t count) {
    return linux_result(syscall(SYS_recvfrom, fd, bytes, count, 0, NULL, NULL));
}

/// What linux_receive would receive; it stays there.
static inline int64_t linux_peek(int32_t fd, void *bytes, size_t count) {
    return linux_result(syscall(SYS_recvfrom, fd, bytes, count, MSG_PEEK, NULL, NULL));
}

static inline int64_t linux_send(int32_t fd, const void *bytes, size_t count, int32_t more) {
    return linux_result(syscall(SYS_sendto, fd, bytes, count, MSG_NOSIGNAL | (more ? MSG_MORE : 0), NULL, 0));
}

static inline int64_t linux_send_two(int32_t fd, const void *first, size_t first_count, const void *second,
                                     size_t second_count, int32_t more) {
    struct iovec parts[2] = {{(void *)first, first_count}, {(void *)second, second_count}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return linux_result(syscall(SYS_sendmsg, fd, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0)));
}

static inline int64_t linux_shutdown_write(int32_t fd) { return linux_result(shutdown(fd, SHUT_WR)); }
static inline int64_t linux_close(int32_t fd) { return linux_result(close(fd)); }
static inline int64_t linux_duplicate(int32_t fd) { return linux_result(fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

static inline int64_t linux_set_nonblocking(int32_t fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    return linux_result(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

static inline int64_t linux_set_option(int32_t fd, int32_t level, int32_t option, int32_t value) {
    return linux_result(setsockopt(fd, level, option, &value, sizeof value));
}

static inline int64_t linux_set_reuse_address(int32_t fd) { return linux_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1); }
static inline int64_t linux_set_reuse_port(int32_t fd) { return linux_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1); }
static inline int64_t linux_set_ipv6_only(int32_t fd) { return linux_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1); }
static inline int64_t linux_set_no_delay(int32_t fd, int32_t on) { return linux_set_option(fd, IPPROTO_TCP, TCP_NODELAY, on); }

/// After this, closing the socket sends RST and discards what is queued.
static inline int64_t linux_set_reset_on_close(int32_t fd) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return linux_result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

/// The pending error of the socket (SO_ERROR, cleared by reading), 0 when there is none.
static inline int64_t linux_socket_error(int32_t fd) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -errno;
    return error;
}

/// 1 when the socket is in the listening state.
static inline int64_t linux_is_listening(int32_t fd) {
    int listening = 0;
    socklen_t length = sizeof listening;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) < 0) return -errno;
    return listening;
}

/// 1 when the descriptor is open; for numbers that another process names.
static inline int64_t linux_is_open(int32_t fd) { return fcntl(fd, F_GETFD) >= 0 ? 1 : 0; }

/// 1 for a stream socket, 0 for another one; -ENOTSOCK.
static inline int64_t linux_is_stream(int32_t fd) {
    int type = 0;
    socklen_t length = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0) return -errno;
    return type == SOCK_STREAM ? 1 : 0;
}

/// The same for all descriptors of one socket, and different for two sockets.
static inline int64_t linux_socket_identity(int32_t fd) {
    struct stat status;
    return fstat(fd, &status) < 0 ? -errno : (int64_t)status.st_ino;
}

// MARK: Processes

/// Starts a program with standard streams and environment of this process and with no descriptor but `descriptors`, which it finds
/// from 3 on, in their order. Its signals are as the system sets them. `arguments` and `variables` are texts that follow each
/// other, each with a NUL at its end. A variable `NAME=value` replaces one of this process, `NAME` alone removes it.
/// Answers its process id. A program without a slash in its name is looked up in PATH.
int64_t linux_spawn(const char *program, const char *arguments, size_t arguments_length, const char *variables,
                    size_t variables_length, const int32_t *descriptors, size_t count);

/// How a child is: `result` is 0 while it runs and its process id once it has ended (and is forgotten by the kernel).
typedef struct {
    int64_t result;
    /// The status of its exit, or the signal that has killed it; the other one is 0.
    int32_t status, signal;
} linux_child_state;

linux_child_state linux_child_state_of(int32_t pid);

static inline int32_t linux_process_id(void) { return getpid(); }
static inline int32_t linux_parent_id(void) { return getppid(); }
static inline int64_t linux_kill(int32_t pid, int32_t signal) { return linux_result(kill(pid, signal)); }

/// Both ends never block.
int64_t linux_pipe(int32_t *reading, int32_t *writing);

static inline int64_t linux_read(int32_t fd, void *bytes, size_t count) { return linux_result(read(fd, bytes, count)); }

/// Sends one datagram to a unix socket and does not wait for room. A path that begins with `@` is an abstract address.
int64_t linux_send_datagram(const char *path, const void *text, size_t length);

/// The value of an environment variable, or NULL; it stays valid as long as nobody changes the environment, and nobody does.
static inline const char *linux_environment(const char *name) { return getenv(name); }

// MARK: Files

/// Which file a path leads to; both are 0 when there is none or it is not a socket.
typedef struct {
    uint64_t device;
    uint64_t inode;
} linux_socket_file;

linux_socket_file linux_find_socket_file(const char *path);

static inline int64_t linux_unlink(const char *path) { return linux_result(unlink(path)); }

/// Reads the first `capacity` bytes of a small file (procfs, cgroupfs).
int64_t linux_read_file(const char *path, uint8_t *bytes, size_t capacity);

// MARK: eventfd and signalfd

static inline int64_t linux_eventfd(void) { return linux_result(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

static inline int64_t linux_eventfd_signal(int32_t fd) {
    uint64_t one = 1;
    return linux_result(write(fd, &one, sizeof one));
}

static inline int64_t linux_eventfd_drain(int32_t fd) {
    uint64_t count = 0;
    return linux_result(read(fd, &count, sizeof count));
}

/// Blocks the signals of a mask (bit n - 1 is signal n, 1...64) in the calling thread, and so in threads that it starts
/// later, and opens a signalfd for them.
int64_t linux_signalfd(uint64_t mask);

/// The number of the next pending signal.
static inline int64_t linux_signalfd_next(int32_t fd) {
    struct signalfd_siginfo info;
    int64_t count = linux_result(read(fd, &info, sizeof info));
    return count < 0 ? count : info.ssi_signo;
}

int64_t linux_ignore_sigpipe(void);

// MARK: inotify

static inline int64_t linux_inotify(void) { return linux_result(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)); }

/// Watches what happens to the entries of a folder. The same folder again is the same watch.
static inline int64_t linux_inotify_add(int32_t fd, const char *folder) {
    return linux_result(inotify_add_watch(fd, folder, IN_CREATE | IN_DELETE | IN_MOVE | IN_CLOSE_WRITE | IN_ATTRIB | IN_ONLYDIR));
}

static inline int64_t linux_inotify_remove(int32_t fd, int32_t watch) { return linux_result(inotify_rm_watch(fd, watch)); }

/// Fills `bytes` with whole events.
static inline int64_t linux_inotify_read(int32_t fd, uint8_t *bytes, size_t capacity) {
    return linux_result(read(fd, bytes, capacity));
}

/// One of the events that a read has filled, and where the next one begins.
typedef struct {
    int32_t watch;
    /// Events were lost; the watch has ended by itself.
    int32_t is_overflow, is_ended;
    size_t name, name_capacity, next;
} linux_inotify_event;

static inline linux_inotify_event linux_inotify_event_at(const uint8_t *bytes, size_t offset) {
    struct inotify_event event;
    memcpy(&event, bytes + offset, sizeof event);
    size_t name = offset + sizeof event;
    return (linux_inotify_event){.watch = event.wd, .is_overflow = (event.mask & IN_Q_OVERFLOW) != 0,
                                 .is_ended = (event.mask & IN_IGNORED) != 0, .name = name, .name_capacity = event.len,
                                 .next = name + event.len};
}

// MARK: Clocks, limits, processors

static inline uint64_t linux_monotonic_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/// Seconds since 1970; the coarse clock is a few milliseconds behind and costs no counter read.
static inline int64_t linux_wall_clock_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME_COARSE, &time);
    return time.tv_sec;
}

/// Nanoseconds since 1970: what changes from now on is not marked earlier, and what has changed so far (precise) not later. File
/// systems mark by the coarse clock, or, where somebody has looked meanwhile, by the precise one.
static inline int64_t linux_file_clock_nanoseconds(int32_t precise) {
    struct timespec time;
    clock_gettime(precise ? CLOCK_REALTIME : CLOCK_REALTIME_COARSE, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// Raises the soft limit of open descriptors to the hard one; answers the limit in force afterwards.
uint64_t linux_raise_descriptor_limit(void);

/// How many processors this process may be scheduled on; -errno when the kernel does not say.
int64_t linux_processors(void);

// MARK: Threads

/// Starts a joinable thread; the answer is 0 or a negated error, the thread lands in `thread`.
int64_t linux_thread_start(pthread_t *thread, size_t stack_bytes, void *(*body)(void *), void *argument);

/// Makes the calling thread give way to others, and those that it starts from now on (nice, 0...19; there is no way back).
void linux_thread_give_way(int32_t niceness);

/// Names the calling thread; the kernel keeps 15 bytes.
void linux_thread_name(const char *name);

// MARK: Files and names

/// What a path itself is, a link not followed.
typedef struct {
    int64_t result;
    int32_t is_link, is_folder;
    /// The last change of content, name or rights: nanoseconds since 1970.
    int64_t changed;
} linux_file_status;

static inline linux_file_status linux_status_of(const char *path) {
    struct stat status;
    linux_file_status answer = {.result = linux_result(lstat(path, &status))};
    if (answer.result < 0) return answer;
    answer.is_link = S_ISLNK(status.st_mode);
    answer.is_folder = S_ISDIR(status.st_mode);
    answer.changed = (int64_t)status.st_ctim.tv_sec * 1000000000 + status.st_ctim.tv_nsec;
    return answer;
}

/// The text of a link; as long as `capacity` when it was longer.
static inline int64_t linux_read_link(const char *path, uint8_t *text, size_t capacity) {
    return linux_result(readlink(path, (char *)text, capacity));
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

/// For appending, never blocking; made if it is not there.
int64_t linux_open_log(const char *path);
/// Standard output once more: never blocking where that can be had without changing it for others who share it.
int64_t linux_open_output(void);
/// 1 for a plain file, which never makes a writer wait for a reader.
int64_t linux_is_plain_file(int32_t fd);

static inline int64_t linux_write(int32_t fd, const void *bytes, size_t count) {
    return linux_result(write(fd, bytes, count));
}

/// An address as getaddrinfo lists it; family 0 if it is neither IPv4 nor IPv6.
static inline linux_address linux_address_of(const struct sockaddr *address) {
    struct sockaddr_storage storage = {0};
    if (address->sa_family == AF_INET) memcpy(&storage, address, sizeof(struct sockaddr_in));
    if (address->sa_family == AF_INET6) memcpy(&storage, address, sizeof(struct sockaddr_in6));
    return linux_decode_address(&storage);
}

typedef struct {
    int64_t open_descriptors, descriptor_limit;
    uint64_t resident_bytes, cpu_nanoseconds;
} linux_usage;

linux_usage linux_process_usage(void);

/// Gives freed memory back to the system.
void linux_trim_memory(void);
