// origin: the HTTP/1.1 server behind every proxy of the benchmark. One thread, edge-triggered epoll, keep-alive.
//
//     GET /            100 bytes
//     GET /bytes/N     N bytes
//     GET /json/N      N bytes of JSON, as repetitive as JSON is
//     GET /head        the request head as it arrived, so that the rig can check what a proxy sets
//     POST anything    reads the whole body (Content-Length), then answers 100 bytes
//
// Each answer names the version in `X-Version`. Requests are counted in a file that the rig reads while load runs.
//
//     origin PORT old|new COUNTER_FILE        (loopback only)

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { EVENTS_PER_WAIT = 256, BACKLOG = 4096, HEAD_SIZE = 8192, ANSWER_HEAD_SIZE = 256, SMALL_BODY = 100 };
enum { BLOCK = 1 << 20 };                     // bodies are sent from one block of this size, over and over
static const uint64_t largestBody = 1 << 30;  // `/bytes/N` beyond this is 404

enum phase { readingHead, readingBody, answering, closed };

struct connection {
    int fd;
    enum phase phase;
    bool hungUp;  // the proxy has sent FIN: there will be no further edge
    bool closeAfterAnswer;
    size_t headLength;      // bytes in `head`, from readingHead on
    uint64_t bodyLeft;      // of the request
    size_t answerHeadLeft;  // of the answer's head: the last `answerHeadLeft` bytes of answerHeadLength
    size_t answerHeadLength;
    uint64_t answerBodyLeft;
    uint64_t answerBodyLength;
    const char *answerBody;  // at most BLOCK bytes that repeat
    struct connection *next;  // in the list to free after the batch
    char answerHead[ANSWER_HEAD_SIZE];
    char head[HEAD_SIZE + 1];  // NUL-terminated, so that it can be searched as text
};

static int epollFd;
static const char *version;
static uint64_t *requestCount;
static char block[BLOCK], json[BLOCK], scratch[256 * 1024];
static struct connection *closedConnections;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void closeConnection(struct connection *connection) {
    connection->phase = closed;
    close(connection->fd);
    connection->next = closedConnections;
    closedConnections = connection;
}

static void freeClosedConnections(void) {
    while (closedConnections) {
        struct connection *connection = closedConnections;
        closedConnections = connection->next;
        free(connection);
    }
}

// Records with names that recur and values that hardly do.
static void writeJSON(void) {
    static const char *const cities[] = {"Bergen", "Lisboa", "Montréal", "Nagoya", "Oaxaca", "Perth", "Sofia", "Tartu"};
    uint64_t seed = 1;
    for (size_t length = 0; length < BLOCK;) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint32_t first = (uint32_t)(seed >> 33), second = (uint32_t)(seed >> 17) & 0xFFFFFF;
        char record[256];
        int written = snprintf(record, sizeof record,
                               "{\"id\":%u,\"city\":\"%s\",\"active\":%s,\"price\":%u.%02u,\"token\":\"%08x%06x\"},\n", first % 1000000,
                               cities[first % 8], first & 16 ? "true" : "false", second % 1000, first % 100, first, second);
        size_t count = BLOCK - length < (size_t)written ? BLOCK - length : (size_t)written;
        memcpy(json + length, record, count);
        length += count;
    }
}

static void answer(struct connection *connection, const char *status, const char *body, uint64_t length) {
    int written = snprintf(connection->answerHead, ANSWER_HEAD_SIZE,
                           "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %llu\r\nX-Version: %s\r\n%s\r\n",
                           status, body == json ? "application/json" : "text/plain", (unsigned long long)length, version,
                           connection->closeAfterAnswer ? "Connection: close\r\n" : "");
    connection->answerHeadLength = connection->answerHeadLeft = (size_t)written;
    connection->answerBody = body;
    connection->answerBodyLength = connection->answerBodyLeft = length;
    connection->phase = answering;
}

static void chooseAnswer(struct connection *connection) {
    // Only this process writes the count; the rig reads it at any time.
    __atomic_store_n(requestCount, *requestCount + 1, __ATOMIC_RELAXED);
    bool wantsJSON = !strncmp(connection->head, "GET /json/", 10);
    if (wantsJSON || !strncmp(connection->head, "GET /bytes/", 11)) {
        uint64_t length = strtoull(connection->head + (wantsJSON ? 10 : 11), NULL, 10);
        if (length <= largestBody) return answer(connection, "200 OK", wantsJSON ? json : block, length);
        return answer(connection, "404 Not Found", block, 0);
    }
    if (!strncmp(connection->head, "GET /head ", 10))
        return answer(connection, "200 OK", connection->head, connection->headLength);
    answer(connection, "200 OK", block, SMALL_BODY);
}

// The head is complete: find the body's length and whether the connection stays open.
static void startRequest(struct connection *connection, size_t headEnd) {
    const char *field = strcasestr(connection->head, "\r\ncontent-length:");
    uint64_t length = field ? strtoull(field + 17, NULL, 10) : 0;
    uint64_t arrived = connection->headLength - headEnd;
    connection->head[headEnd] = 0;
    connection->headLength = headEnd;
    connection->closeAfterAnswer = strcasestr(connection->head, "\r\nconnection: close\r\n") != NULL;
    if (strcasestr(connection->head, "\r\ntransfer-encoding:") || arrived > length) {  // no chunked, no pipelining
        connection->closeAfterAnswer = true;
        return answer(connection, "501 Not Implemented", block, 0);
    }
    connection->bodyLeft = length - arrived;
    connection->phase = readingBody;
}

// True: progress was made. False: the socket is empty, or the connection is closed.
static bool readSome(struct connection *connection) {
    bool inHead = connection->phase == readingHead;
    char *into = inHead ? connection->head + connection->headLength : scratch;
    size_t room = inHead ? HEAD_SIZE - connection->headLength : sizeof scratch;
    ssize_t n = recv(connection->fd, into, room, 0);
    if (n < 0 && errno == EAGAIN) return false;
    if (n <= 0 || (!inHead && (uint64_t)n > connection->bodyLeft)) {
        closeConnection(connection);
        return false;
    }
    if (!inHead) {
        connection->bodyLeft -= (uint64_t)n;
        return true;
    }
    connection->headLength += (size_t)n;
    connection->head[connection->headLength] = 0;
    const char *end = memmem(connection->head, connection->headLength, "\r\n\r\n", 4);
    if (end)
        startRequest(connection, (size_t)(end - connection->head) + 4);
    else if (connection->headLength == HEAD_SIZE)
        closeConnection(connection);
    return connection->phase != closed;
}

// True: the whole answer is sent and the next request may be read. False: the socket is full, or the connection is closed.
static bool writeSome(struct connection *connection) {
    while (connection->answerHeadLeft + connection->answerBodyLeft > 0) {
        uint64_t position = (connection->answerBodyLength - connection->answerBodyLeft) % BLOCK;
        uint64_t piece = connection->answerBodyLeft < BLOCK - position ? connection->answerBodyLeft : BLOCK - position;
        struct iovec parts[2] = {
            {connection->answerHead + connection->answerHeadLength - connection->answerHeadLeft, connection->answerHeadLeft},
            {(char *)connection->answerBody + position, piece},
        };
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t n = sendmsg(connection->fd, &message, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN) closeConnection(connection);
            return false;
        }
        size_t ofHead = (size_t)n < connection->answerHeadLeft ? (size_t)n : connection->answerHeadLeft;
        connection->answerHeadLeft -= ofHead;
        connection->answerBodyLeft -= (uint64_t)n - ofHead;
    }
    if (connection->closeAfterAnswer) {
        closeConnection(connection);
        return false;
    }
    connection->headLength = 0;
    connection->phase = readingHead;
    return true;
}

// Works until the socket has nothing more to give or to take. The last recv, which only sees EAGAIN, is skipped after a
// whole answer: with no pipelining the next request cannot be here yet, and when it comes there is a new edge.
static void handle(struct connection *connection, uint32_t events) {
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) connection->hungUp = true;
    for (;;) {
        switch (connection->phase) {
        case readingHead:
            if (!readSome(connection)) return;
            break;
        case readingBody:
            if (connection->bodyLeft == 0)
                chooseAnswer(connection);
            else if (!readSome(connection))
                return;
            break;
        case answering:
            if (!writeSome(connection) || !connection->hungUp) return;
            break;
        case closed:
            return;
        }
    }
}

static void watch(int fd, uint32_t events, void *token) {
    struct epoll_event event = {.events = events, .data.ptr = token};
    if (epoll_ctl(epollFd, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static void acceptAll(int listener) {
    const int on = 1;
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        struct connection *connection = malloc(sizeof *connection);
        if (!connection) fail("malloc");
        connection->fd = fd;
        connection->hungUp = false;
        connection->phase = readingHead;
        connection->headLength = 0;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, connection);
    }
}

static uint64_t *mapCounter(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(uint64_t)) < 0) fail(path);
    void *memory = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) fail("mmap");
    close(fd);
    return memory;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: origin PORT old|new COUNTER_FILE\n");
        return 64;
    }
    const int on = 1;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)atoi(argv[1])),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    version = argv[2];
    requestCount = mapCounter(argv[3]);
    memset(block, 'x', sizeof block);
    writeJSON();

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
        freeClosedConnections();
    }
}
