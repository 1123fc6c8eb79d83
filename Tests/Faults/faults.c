// Preloaded into a Serin under test (LD_PRELOAD): what the system does only on its worst days.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// FAULT_NO_LOCAL_PORT=PORT: there is no local port left for connections to that port.
int connect(int fd, const struct sockaddr *address, socklen_t length) {
    const char *port = getenv("FAULT_NO_LOCAL_PORT");
    if (port && address->sa_family == AF_INET && ntohs(((const struct sockaddr_in *)address)->sin_port) == atoi(port)) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    return (int)syscall(SYS_connect, fd, address, length);
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
