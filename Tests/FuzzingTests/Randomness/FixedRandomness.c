// RAND_METHOD is deprecated, and the only way that OpenSSL 3.0 has to give one thread other numbers than the rest of the process.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "FixedRandomness.h"

#include <openssl/rand.h>
#include <pthread.h>

static _Thread_local struct {
    uint64_t states[2];
    int source;
    int is_fixed;
} own;

// SplitMix64.
static uint64_t next(uint64_t *state) {
    uint64_t word = *state += 0x9E3779B97F4A7C15;
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9;
    word = (word ^ word >> 27) * 0x94D049BB133111EB;
    return word ^ word >> 31;
}

static int draw(unsigned char *bytes, int count) {
    if (!own.is_fixed) return RAND_OpenSSL()->bytes(bytes, count);
    for (int index = 0; index < count; index += 1) bytes[index] = (unsigned char)next(&own.states[own.source]);
    return 1;
}

static int status(void) { return 1; }

static void install(void) {
    static const RAND_METHOD method = {.bytes = draw, .pseudorand = draw, .status = status};
    RAND_set_rand_method(&method);
}

void fixed_randomness_begin(uint64_t seed) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    own.states[0] = seed;
    own.states[1] = ~seed;
    own.source = 0;
    own.is_fixed = 1;
}

void fixed_randomness_select(int source) { own.source = source & 1; }

void fixed_randomness_end(void) { own.is_fixed = 0; }
