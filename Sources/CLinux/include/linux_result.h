#pragma once
// How every call answers, and what its errors are called.
#include <errno.h>
#include <stdint.h>

static inline int64_t linux_result(int64_t result) { return result < 0 ? -(int64_t)errno : result; }

/// "ECONNREFUSED", or NULL for a code the C library does not know.
const char *linux_error_name(int32_t code);
/// "Connection refused", or NULL. Both strings are constants, never translated: safe from any thread.
const char *linux_error_text(int32_t code);
