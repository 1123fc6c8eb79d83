// relay: copies bytes between a client and an upstream and parses nothing.
//
// It is the floor of the side-by-side benchmark: what the kernel's TCP costs a proxy that waits on epoll. One thread, sockets
// registered once and edge-triggered, one upstream connection for each client connection, and per request nothing but
// recv, send, recv, send and a share of one epoll_wait. A direction owns a buffer only while its receiver cannot take
// the bytes.
//
// It shares its connections out between the same two origins that the proxies share requests out between: who talks to more
// processes wakes more of them, and waking costs the one who wakes.
//
//     relay LISTEN_PORT OLD_PORT NEW_PORT NEW_PERCENT BUFFER_KIB        (loopback only)

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_PER_WAIT = 256, BACKLOG = 4096 };

// A buffer holds the bytes `[sent, length)` that its receiver has not taken yet.
struct buffer {
    struct buffer *next;  // in the free list
    size_t sent, length;
    char bytes[];
};

struct end {
    int fd;
    bool readable;           // the kernel may still hold bytes for us
    bool hungUp;             // its peer has sent FIN: a short read does not mean that there is nothing more
    bool ended;              // FIN has been read and passed on
    struct end *other;
    struct buffer *pending;  // bytes on their way to this end
};

// Both ends of one relayed connection, allocated together.
struct pair {
    struct end client, upstream;
    struct pair *next;  // in the list of pairs to free after the batch
    bool closed;
};

static int epollFd;
static struct sockaddr_in oldOrigin, newOrigin;
static int newPercent;
static size_t bufferSize;
static struct buffer *freeBuffers;
static struct pair *closedPairs;  // freed after the batch: an event later in the same batch may still name them

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static struct buffer *takeBuffer(void) {
    struct buffer *buffer = freeBuffers;
    if (buffer) {
        freeBuffers = buffer->next;
        return buffer;
    }
    buffer = malloc(sizeof *buffer + bufferSize);
    if (!buffer) fail("malloc");
    return buffer;
}

static void giveBack(struct buffer *buffer) {
    buffer->next = freeBuffers;
    freeBuffers = buffer;
}

static void closePair(struct pair *pair) {
    if (pair->closed) return;
    pair->closed = true;
    close(pair->client.fd);
    close(pair->upstream.fd);
    if (pair->client.pending) giveBack(pair->client.pending);
    if (pair->upstream.pending) giveBack(pair->upstream.pending);
    pair->next = closedPairs;
    closedPairs = pair;
}

static void freeClosedPairs(void) {
    while (closedPairs) {
        struct pair *pair = closedPairs;
        closedPairs = pair->next;
        free(pair);
    }
}

// Sends what waits for `to`. False: the connection failed. An upstream that is still connecting answers EAGAIN here, and
// its first EPOLLOUT brings us back, so connecting needs no state of its own.
static bool flush(struct end *to) {
    struct buffer *buffer = to->pending;
    if (!buffer) return true;
    ssize_t n = send(to->fd, buffer->bytes + buffer->sent, buffer->length - buffer->sent, MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    buffer->sent += (size_t)n;
    if (buffer->sent == buffer->length) {
        to->pending = NULL;
        giveBack(buffer);
    }
    return true;
}

// Moves bytes `from` -> its other end until one of the two has to wait. False: the connection failed.
static bool pump(struct end *from) {
    struct end *to = from->other;
    while (from->readable && !to->pending) {
        struct buffer *buffer = takeBuffer();
        ssize_t n = recv(from->fd, buffer->bytes, bufferSize, 0);
        if (n <= 0) {
            giveBack(buffer);
            from->readable = false;
            if (n < 0) return errno == EAGAIN;
            from->ended = true;
            return shutdown(to->fd, SHUT_WR) == 0;
        }
        // Edge-triggered: a short read has emptied the socket, so the recv that would only see EAGAIN is saved.
        if ((size_t)n < bufferSize && !from->hungUp) from->readable = false;
        buffer->sent = 0;
        buffer->length = (size_t)n;
        to->pending = buffer;
        if (!flush(to)) return false;
    }
    return true;
}

static void watch(int fd, uint32_t events, void *token) {
    struct epoll_event event = {.events = events, .data.ptr = token};
    if (epoll_ctl(epollFd, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

// So many of a hundred connections go to the new origin, evenly among the others.
static const struct sockaddr_in *nextOrigin(void) {
    static int owed;
    owed += newPercent;
    if (owed < 100) return &oldOrigin;
    owed -= 100;
    return &newOrigin;
}

static void acceptAll(int listener) {
    const int on = 1;
    for (;;) {
        int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client < 0) return;
        int upstream = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (upstream < 0) fail("socket");
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(upstream, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (connect(upstream, (const struct sockaddr *)nextOrigin(), sizeof oldOrigin) < 0 && errno != EINPROGRESS)
            fail("connect");
        struct pair *pair = calloc(1, sizeof *pair);
        if (!pair) fail("calloc");
        pair->client = (struct end){.fd = client, .other = &pair->upstream};
        pair->upstream = (struct end){.fd = upstream, .other = &pair->client};
        watch(client, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &pair->client);
        watch(upstream, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &pair->upstream);
    }
}

static struct pair *pairOf(struct end *end) {
    // The client's end comes first in the pair, so the lower address of the two is the pair's own.
    return (struct pair *)(end < end->other ? end : end->other);
}

static void handle(struct end *end, uint32_t events) {
    struct pair *pair = pairOf(end);
    if (pair->closed) return;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) end->readable = true;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) end->hungUp = true;
    // Writable: first what waits for this end, then what its other end had to hold back meanwhile.
    bool alive = true;
    if (events & EPOLLOUT) alive = flush(end) && pump(end->other);
    alive = alive && pump(end);
    if (!alive || (pair->client.ended && pair->upstream.ended)) closePair(pair);
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: relay LISTEN_PORT OLD_PORT NEW_PORT NEW_PERCENT BUFFER_KIB\n");
        return 64;
    }
    const struct sockaddr_in address = loopback(atoi(argv[1]));
    oldOrigin = loopback(atoi(argv[2]));
    newOrigin = loopback(atoi(argv[3]));
    newPercent = atoi(argv[4]);
    bufferSize = (size_t)atoi(argv[5]) * 1024;

    const int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) fail("socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    if (listen(listener, BACKLOG) < 0) fail("listen");
    epollFd = epoll_create1(EPOLL_CLOEXEC);
    if (epollFd < 0) fail("epoll_create1");
    watch(listener, EPOLLIN, NULL);

    struct epoll_event events[EVENTS_PER_WAIT];
    for (;;) {
        int count = epoll_wait(epollFd, events, EVENTS_PER_WAIT, -1);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr)
                handle(events[i].data.ptr, events[i].events);
            else
                acceptAll(listener);
        }
        freeClosedPairs();
    }
}
