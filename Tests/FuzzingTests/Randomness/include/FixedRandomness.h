#pragma once
#include <stdint.h>

// What OpenSSL draws on the calling thread follows from a seed, until `fixed_randomness_end`. Other threads keep theirs.

/// Two sources that know nothing of each other, 0 and 1, of which 0 is drawn from at first.
void fixed_randomness_begin(uint64_t seed);

/// From now on `source` is drawn from; does nothing outside of `begin` and `end`.
void fixed_randomness_select(int source);

void fixed_randomness_end(void);
