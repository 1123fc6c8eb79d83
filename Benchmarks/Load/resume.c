// resume: requests over TLS 1.3, each on a connection of its own that goes on with the session of the one before it.
//
// wrk knows keep-alive and full handshakes only. One thread, a number of connections at a time, each with the newest ticket that it
// was given; the first of each, which has none yet, makes a full handshake, and does not count.
//
//     resume PORT CONNECTIONS SECONDS REQUEST        (loopback only; REQUEST is a whole head that asks to close)
//
// Prints what wrk.lua prints, so that the rig reads both alike; `status` counts all connections that were not resumed, too.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_PER_WAIT = 256, MAXIMUM_LATENCIES = 1 << 22 };

struct connection {
    int fd;
    SSL *ssl;
    SSL_SESSION *session;  // to go on with
    bool isMeasured;       // began with one
    bool hasSent;
    char start[12];        // of the answer: its status line
    size_t startLength;
    uint64_t began;
};

static int epollFd;
static SSL_CTX *context;
static struct sockaddr_in proxy;
static const char *request;
static size_t requestLength;

static uint64_t bytes;
static uint32_t *latencies;  // µs
static size_t requests;
static uint64_t connectErrors, readErrors, wrongAnswers;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

// A ticket has come; the reference is ours when this returns 1.
static int keep(SSL *ssl, SSL_SESSION *session) {
    struct connection *connection = SSL_get_app_data(ssl);
    SSL_SESSION_free(connection->session);
    connection->session = session;
    return 1;
}

static void begin(struct connection *connection) {
    connection->began = now();
    connection->hasSent = false;
    connection->startLength = 0;
    connection->isMeasured = connection->session != NULL;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0) fail("socket");
    int yes = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(connection->fd, (struct sockaddr *)&proxy, sizeof proxy) < 0 && errno != EINPROGRESS) fail("connect");
    connection->ssl = SSL_new(context);
    if (!connection->ssl || !SSL_set_fd(connection->ssl, connection->fd)) fail("SSL_new");
    SSL_set_app_data(connection->ssl, connection);
    SSL_set_connect_state(connection->ssl);
    if (connection->session && !SSL_set_session(connection->ssl, connection->session)) fail("SSL_set_session");
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = connection};
    if (epoll_ctl(epollFd, EPOLL_CTL_ADD, connection->fd, &event) < 0) fail("epoll_ctl");
}

static void end(struct connection *connection, uint64_t *errors) {
    bool isRight = connection->startLength == sizeof connection->start && !memcmp(connection->start, "HTTP/1.1 200", 12);
    if (errors) {
        *errors += 1;
    } else if (connection->isMeasured) {
        if (!isRight || !SSL_session_reused(connection->ssl)) wrongAnswers += 1;
        if (requests < MAXIMUM_LATENCIES) latencies[requests] = (uint32_t)(now() - connection->began);
        requests += 1;
    }
    // Without a word of its own the client would take the session for broken.
    if (SSL_is_init_finished(connection->ssl)) SSL_shutdown(connection->ssl);
    SSL_free(connection->ssl);
    close(connection->fd);
    begin(connection);
}

static void goOn(struct connection *connection) {
    ERR_clear_error();
    int result;
    if (!connection->hasSent) {
        // Does the handshake first. The request is small: the socket takes it whole.
        result = SSL_write(connection->ssl, request, (int)requestLength);
        if (result > 0) {
            connection->hasSent = true;
        } else {
            int error = SSL_get_error(connection->ssl, result);
            if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) end(connection, &connectErrors);
            return;
        }
    }
    char buffer[16384];
    while ((result = SSL_read(connection->ssl, buffer, sizeof buffer)) > 0) {
        size_t missing = sizeof connection->start - connection->startLength;
        size_t taken = (size_t)result < missing ? (size_t)result : missing;
        memcpy(connection->start + connection->startLength, buffer, taken);
        connection->startLength += taken;
        bytes += (size_t)result;
    }
    int error = SSL_get_error(connection->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
    end(connection, error == SSL_ERROR_ZERO_RETURN ? NULL : &readErrors);
}

static int compare(const void *one, const void *other) {
    uint32_t left = *(const uint32_t *)one, right = *(const uint32_t *)other;
    return (left > right) - (left < right);
}

static uint32_t percentile(size_t count, size_t percent) { return count == 0 ? 0 : latencies[(count - 1) * percent / 100]; }

int main(int count, char **arguments) {
    if (count != 5) {
        fprintf(stderr, "usage: resume PORT CONNECTIONS SECONDS REQUEST\n");
        return 64;
    }
    int connections = atoi(arguments[2]);
    uint64_t duration = (uint64_t)atoi(arguments[3]) * 1000000;
    request = arguments[4];
    requestLength = strlen(request);
    proxy = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    context = SSL_CTX_new(TLS_client_method());
    if (!context) fail("SSL_CTX_new");
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep);
    latencies = malloc(MAXIMUM_LATENCIES * sizeof *latencies);
    struct connection *all = calloc((size_t)connections, sizeof *all);
    epollFd = epoll_create1(EPOLL_CLOEXEC);
    if (!latencies || !all || epollFd < 0) fail("start");

    uint64_t start = now();
    for (int index = 0; index < connections; index += 1) begin(&all[index]);
    struct epoll_event events[EVENTS_PER_WAIT];
    while (now() - start < duration) {
        int ready = epoll_wait(epollFd, events, EVENTS_PER_WAIT, 100);
        if (ready < 0 && errno != EINTR) fail("epoll_wait");
        for (int index = 0; index < ready; index += 1) goOn(events[index].data.ptr);
    }
    double seconds = (double)(now() - start) / 1e6;

    size_t kept = requests < MAXIMUM_LATENCIES ? requests : MAXIMUM_LATENCIES;
    qsort(latencies, kept, sizeof *latencies, compare);
    printf("RESULT {\"requests\":%zu,\"seconds\":%.6f,\"bytes\":%llu,\"p50\":%u,\"p99\":%u,"
           "\"errors\":{\"connect\":%llu,\"read\":%llu,\"write\":0,\"status\":%llu,\"timeout\":0}}\n",
           requests, seconds, (unsigned long long)bytes, percentile(kept, 50), percentile(kept, 99), (unsigned long long)connectErrors,
           (unsigned long long)readErrors, (unsigned long long)wrongAnswers);
    return 0;
}
