#pragma once

#include <stdint.h>

/// Heap allocations of this process so far (malloc, calloc, realloc and the aligned ones; frees are not counted).
uint64_t malloccount_read(void);
