#pragma once
// Socket addresses as plain integers.
#include "linux_result.h"
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

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

/// An address as getaddrinfo lists it; family 0 if it is neither IPv4 nor IPv6.
static inline linux_address linux_address_of(const struct sockaddr *address) {
    struct sockaddr_storage storage = {0};
    if (address->sa_family == AF_INET) memcpy(&storage, address, sizeof(struct sockaddr_in));
    if (address->sa_family == AF_INET6) memcpy(&storage, address, sizeof(struct sockaddr_in6));
    return linux_decode_address(&storage);
}
