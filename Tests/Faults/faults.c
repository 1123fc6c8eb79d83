// Preloaded into a Serin under test (LD_PRELOAD): what the system does only on its worst days.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// FAULT_FOLDER=FOLDER: while it has a file that goes by the name of a call (accept, socket, send, recv or epoll), that call fails. The
// file says "ERRNO PORT TIMES": of sockets with that port at either end (0: of all), so many times (0: as long as the file is there).

// The real one. Looked up when it is first wanted: other libraries begin before this one.
static long (*real_syscall(void))(long, ...) {
    static long (*_Atomic found)(long, ...);
    if (!found) found = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    return found;
}

// Where a descriptor has connected to: a socket that is still connecting has no peer yet.
enum { descriptors = 1 << 16 };
static _Atomic int destinations[descriptors];

static int port_of(const struct sockaddr *address) {
    return address->sa_family == AF_INET ? ntohs(((const struct sockaddr_in *)address)->sin_port) : -1;
}

static int has_port(int fd, int port) {
    if (fd >= 0 && fd < descriptors && destinations[fd] == port) return 1;
    struct sockaddr_storage local;
    socklen_t length = sizeof local;
    return getsockname(fd, (struct sockaddr *)&local, &length) == 0 && port_of((struct sockaddr *)&local) == port;
}

// Whether the call fails this time; errno is set then, and else left alone.
static int fails(const char *call, int fd, _Atomic int *count) {
    const char *folder = getenv("FAULT_FOLDER");
    if (!folder) return 0;
    int before = errno, error = 0, port = 0, times = 0;
    char path[4096], rule[64] = {0};
    snprintf(path, sizeof path, "%s/%s", folder, call);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        int isRule = read(file, rule, sizeof rule - 1) > 0 && sscanf(rule, "%d %d %d", &error, &port, &times) == 3;
        close(file);
        if (isRule && (port == 0 || has_port(fd, port)) && (atomic_fetch_add(count, 1) < times || times == 0)) {
            errno = error;
            return 1;
        }
    }
    errno = before;
    return 0;
}

static _Atomic int accepts, sockets, sends, receives, watches;

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
    if (fails("accept", fd, &accepts)) return -1;
    int connection = (int)real_syscall()(SYS_accept4, fd, address, length, flags);
    if (connection >= 0 && connection < descriptors) destinations[connection] = 0;
    return connection;
}

int socket(int family, int type, int protocol) {
    if (family != AF_UNIX && fails("socket", -1, &sockets)) return -1;
    int fd = (int)real_syscall()(SYS_socket, family, type, protocol);
    if (fd >= 0 && fd < descriptors) destinations[fd] = 0;
    return fd;
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event) {
    if (operation == EPOLL_CTL_ADD && fails("epoll", fd, &watches)) return -1;
    return (int)real_syscall()(SYS_epoll_ctl, epoll, operation, fd, event);
}

// What Serin sends and receives by; OpenSSL's BIO goes through the C library's functions below.
long syscall(long number, ...) {
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long), d = va_arg(list, long), e = va_arg(list, long),
         f = va_arg(list, long);
    va_end(list);
    if (number == SYS_recvfrom && fails("recv", (int)a, &receives)) return -1;
    if ((number == SYS_sendto || number == SYS_sendmsg) && fails("send", (int)a, &sends)) return -1;
    return real_syscall()(number, a, b, c, d, e, f);
}

ssize_t recv(int fd, void *bytes, size_t count, int flags) {
    return fails("recv", fd, &receives) ? -1 : real_syscall()(SYS_recvfrom, fd, bytes, count, flags, NULL, NULL);
}

ssize_t send(int fd, const void *bytes, size_t count, int flags) {
    return fails("send", fd, &sends) ? -1 : real_syscall()(SYS_sendto, fd, bytes, count, flags, NULL, 0);
}

// While FAULT_FOLDER has a file "stall", which holds the name of another file, nobody who opens a file of that name comes back: it lies on a
// mount that does not answer. The file "stalled" appears with the first one who waits.
static void wait_for_mount(const char *path) {
    const char *folder = getenv("FAULT_FOLDER"), *slash = strrchr(path, '/');
    if (!folder) return;
    int before = errno;
    char rule[4096], mark[4096];
    snprintf(rule, sizeof rule, "%s/stall", folder);
    snprintf(mark, sizeof mark, "%s/stalled", folder);
    for (;;) {
        char name[256] = {0};
        int file = (int)real_syscall()(SYS_openat, AT_FDCWD, rule, O_RDONLY | O_CLOEXEC);
        if (file < 0) break;
        long count = read(file, name, sizeof name - 1);
        close(file);
        if (count <= 0 || strcmp(slash ? slash + 1 : path, name) != 0) break;
        close((int)real_syscall()(SYS_openat, AT_FDCWD, mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        usleep(1000);
    }
    errno = before;
}

static int open_file(int folder, const char *path, int flags, va_list list) {
    int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, int) : 0;
    wait_for_mount(path);
    return (int)real_syscall()(SYS_openat, folder, path, flags, mode);
}

#define OPENS(name)                                         \
    int name(const char *path, int flags, ...) {            \
        va_list list;                                       \
        va_start(list, flags);                              \
        int file = open_file(AT_FDCWD, path, flags, list);  \
        va_end(list);                                       \
        return file;                                        \
    }
#define OPENS_AT(name)                                      \
    int name(int folder, const char *path, int flags, ...) { \
        va_list list;                                       \
        va_start(list, flags);                              \
        int file = open_file(folder, path, flags, list);    \
        va_end(list);                                       \
        return file;                                        \
    }
OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)

// FAULT_NO_LOCAL_PORT=PORT: there is no local port left for connections to that port.
int connect(int fd, const struct sockaddr *address, socklen_t length) {
    const char *port = getenv("FAULT_NO_LOCAL_PORT");
    if (port && port_of(address) == atoi(port)) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    if (fd >= 0 && fd < descriptors) destinations[fd] = port_of(address);
    return (int)real_syscall()(SYS_connect, fd, address, length);
}

// FAULT_SLOW_NAME=NAME, FAULT_SLOW_ASKED=FILE: there is no answer for the name, ever; the file appears when it is asked for.
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list) {
    const char *slow = getenv("FAULT_SLOW_NAME"), *asked = getenv("FAULT_SLOW_ASKED");
    if (slow && asked && name && strcmp(name, slow) == 0) {
        close(open(asked, O_WRONLY | O_CREAT, 0600));
        for (;;) pause();
    }
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
    return next(name, service, hints, list);
}
