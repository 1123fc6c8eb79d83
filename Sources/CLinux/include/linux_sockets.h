#pragma once
// Stream sockets; and datagrams to a service manager.
#include "linux_addresses.h"
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

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
/// Bytes that were written and have not been on the line yet; of TCP only.
static inline int64_t linux_unsent(int32_t fd) {
    int count = 0;
    return ioctl(fd, SIOCOUTQNSD, &count) < 0 ? -errno : count;
}
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

/// Sends one datagram to a unix socket and does not wait for room. A path that begins with `@` is an abstract address.
int64_t linux_send_datagram(const char *path, const void *text, size_t length);
