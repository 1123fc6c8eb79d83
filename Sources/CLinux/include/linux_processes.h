#pragma once
// Processes, threads, signals, clocks, and what this process may and does use.
#include "linux_result.h"
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/// Starts a program with standard streams and environment of this process and with no descriptor but `descriptors`, which it finds
/// from 3 on, in their order. Its signals are as the system sets them. `arguments` and `variables` are texts that follow each
/// other, each with a NUL at its end. A variable `NAME=value` replaces one of this process, `NAME` alone removes it.
/// Answers its process id. A program without a slash in its name is looked up in PATH.
int64_t linux_spawn(const char *program, const char *arguments, size_t arguments_length, const char *variables,
                    size_t variables_length, const int32_t *descriptors, size_t count);

/// How a child is: `result` is 0 while it runs and its process id once it has ended (and is forgotten by the kernel).
typedef struct {
    int64_t result;
    /// The status of its exit, or the signal that has killed it; the other one is 0.
    int32_t status, signal;
} linux_child_state;

linux_child_state linux_child_state_of(int32_t pid);

static inline int32_t linux_process_id(void) { return getpid(); }
static inline int64_t linux_kill(int32_t pid, int32_t signal) { return linux_result(kill(pid, signal)); }

/// The value of an environment variable, or NULL; it stays valid as long as nobody changes the environment, and nobody does.
static inline const char *linux_environment(const char *name) { return getenv(name); }

/// Blocks the signals of a mask (bit n - 1 is signal n, 1...64) in the calling thread, and so in threads that it starts
/// later: those that come wait for a signalfd.
int64_t linux_block_signals(uint64_t mask);

/// The signals of the mask end the process at once, with status 0, until they are blocked again; the calling thread takes them.
int64_t linux_end_by_signals(uint64_t mask);

/// Blocks the signals of a mask as `linux_block_signals`, and opens a signalfd for them.
int64_t linux_signalfd(uint64_t mask);

/// The number of the next pending signal.
static inline int64_t linux_signalfd_next(int32_t fd) {
    struct signalfd_siginfo info;
    int64_t count = linux_result(read(fd, &info, sizeof info));
    return count < 0 ? count : info.ssi_signo;
}

int64_t linux_ignore_sigpipe(void);

/// Starts a joinable thread; the answer is 0 or a negated error, the thread lands in `thread`.
int64_t linux_thread_start(pthread_t *thread, size_t stack_bytes, void *(*body)(void *), void *argument);

/// Waits for the end of a thread, for that long, or without a bound if `milliseconds` is negative: -ETIMEDOUT when it still runs.
int64_t linux_thread_join(pthread_t thread, int32_t milliseconds);

/// Makes the calling thread give way to others, and those that it starts from now on (nice, 0...19; there is no way back).
void linux_thread_give_way(int32_t niceness);

/// Names the calling thread; the kernel keeps 15 bytes.
void linux_thread_name(const char *name);

static inline uint64_t linux_monotonic_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/// Seconds since 1970; the coarse clock is a few milliseconds behind and costs no counter read.
static inline int64_t linux_wall_clock_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME_COARSE, &time);
    return time.tv_sec;
}

/// Nanoseconds since 1970: what changes from now on is not marked earlier, and what has changed so far (precise) not later. File
/// systems mark by the coarse clock, or, where somebody has looked meanwhile, by the precise one.
static inline int64_t linux_file_clock_nanoseconds(int32_t precise) {
    struct timespec time;
    clock_gettime(precise ? CLOCK_REALTIME : CLOCK_REALTIME_COARSE, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// Raises the soft limit of open descriptors to the hard one; answers the limit in force afterwards.
uint64_t linux_raise_descriptor_limit(void);

/// How many processors this process may be scheduled on; -errno when the kernel does not say.
int64_t linux_processors(void);

typedef struct {
    int64_t open_descriptors, descriptor_limit;
    uint64_t resident_bytes, cpu_nanoseconds;
} linux_usage;

linux_usage linux_process_usage(void);

/// Gives freed memory back to the system.
void linux_trim_memory(void);

/// From this size on a block of memory is a mapping of its own, whatever was freed before.
void linux_map_blocks_from(int32_t size);
