// The calls that need _GNU_SOURCE, and longer ones that are made once or seldom. The others are inline in the header.
#define _GNU_SOURCE 1
#include "CLinux.h"
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

const char *linux_error_name(int32_t code) { return strerrorname_np(code); }
const char *linux_error_text(int32_t code) { return strerrordesc_np(code); }

linux_address_result linux_accept(int32_t fd) {
    // Not cleared: the kernel fills what is decoded, and an unnamed unix peer still gets its family.
    struct sockaddr_storage storage;
    storage.ss_family = AF_UNSPEC;
    socklen_t length = sizeof storage;
    linux_address_result answer = {0};
    answer.result = linux_result(accept4(fd, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (answer.result >= 0) answer.address = linux_decode_address(&storage);
    return answer;
}

int64_t linux_processors(void) {
    // A mask that is too small for the machine is refused with EINVAL: try larger ones.
    for (int processors = 1024; processors <= 1 << 20; processors *= 4) {
        cpu_set_t *set = CPU_ALLOC((size_t)processors);
        if (set == NULL) return -ENOMEM;
        size_t size = CPU_ALLOC_SIZE((size_t)processors);
        int64_t result = linux_result(sched_getaffinity(0, size, set));
        if (result >= 0) result = CPU_COUNT_S(size, set);
        CPU_FREE(set);
        if (result != -EINVAL) return result;
    }
    return -EINVAL;
}

void linux_thread_give_way(int32_t niceness) {
    // With threads, Linux has the value for each of them. A refusal leaves it as it is, which is no harm.
    (void)!setpriority(PRIO_PROCESS, (id_t)gettid(), niceness);
}

void linux_thread_name(const char *name) {
    char kept[16] = {0};
    memcpy(kept, name, strnlen(name, sizeof kept - 1));
    pthread_setname_np(pthread_self(), kept);
}

linux_usage linux_process_usage(void) {
    linux_usage usage = {0};
    DIR *folder = opendir("/proc/self/fd");
    if (folder) {
        // ".", ".." and the folder's own descriptor are not the process's.
        usage.open_descriptors = -3;
        while (readdir(folder)) usage.open_descriptors++;
        closedir(folder);
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) usage.descriptor_limit = (int64_t)limit.rlim_cur;
    FILE *statm = fopen("/proc/self/statm", "re");
    if (statm) {
        unsigned long long size, resident;
        if (fscanf(statm, "%llu %llu", &size, &resident) == 2) usage.resident_bytes = resident * (uint64_t)sysconf(_SC_PAGESIZE);
        fclose(statm);
    }
    struct timespec cpu;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0)
        usage.cpu_nanoseconds = (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec;
    return usage;
}

int64_t linux_read_file(const char *path, uint8_t *bytes, size_t capacity) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    size_t total = 0;
    int64_t count;
    // Tables of the kernel come a page at a time.
    do {
        count = linux_result(read(fd, bytes + total, capacity - total));
        if (count > 0) total += (size_t)count;
    } while (count > 0 && total < capacity);
    close(fd);
    return count < 0 ? count : (int64_t)total;
}

uint64_t linux_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return 1024;
    rlim_t soft = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? soft : limit.rlim_cur;
}

int64_t linux_thread_start(pthread_t *thread, size_t stack_bytes, void *(*body)(void *), void *argument) {
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error != 0) return -error;
    error = pthread_attr_setstacksize(&attributes, stack_bytes);
    if (error == 0) error = pthread_create(thread, &attributes, body, argument);
    pthread_attr_destroy(&attributes);
    return -error;
}

#if __has_feature(thread_sanitizer)
// ThreadSanitizer does not know of the other function, and would report that nobody joined the thread.
#define LINUX_JOIN_CLOCK CLOCK_REALTIME
static int linux_join_until(pthread_t thread, const struct timespec *limit) { return pthread_timedjoin_np(thread, NULL, limit); }
#else
#define LINUX_JOIN_CLOCK CLOCK_MONOTONIC
static int linux_join_until(pthread_t thread, const struct timespec *limit) {
    return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, limit);
}
#endif

int64_t linux_thread_join(pthread_t thread, int32_t milliseconds) {
    if (milliseconds < 0) return -pthread_join(thread, NULL);
    struct timespec limit;
    clock_gettime(LINUX_JOIN_CLOCK, &limit);
    limit.tv_sec += milliseconds / 1000;
    limit.tv_nsec += milliseconds % 1000 * 1000000L;
    if (limit.tv_nsec >= 1000000000L) {
        limit.tv_sec++;
        limit.tv_nsec -= 1000000000L;
    }
    return -linux_join_until(thread, &limit);
}

/// A set of signals as a bit mask: bit n - 1 is signal n (1...64).
static sigset_t linux_signal_set(uint64_t mask) {
    sigset_t set;
    sigemptyset(&set);
    for (int signal = 1; signal <= 64; signal++)
        if (mask >> (signal - 1) & 1) sigaddset(&set, signal);
    return set;
}

int64_t linux_block_signals(uint64_t mask) {
    sigset_t set = linux_signal_set(mask);
    return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void linux_end(int signal) {
    (void)signal;
    _exit(0);
}

int64_t linux_end_by_signals(uint64_t mask) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    // Not the system's way: the first process of a container would not even hear of them, and QUIT dumps core.
    action.sa_handler = linux_end;
    for (int signal = 1; signal <= 64; signal++)
        if (mask >> (signal - 1) & 1 && sigaction(signal, &action, NULL) < 0) return -errno;
    sigset_t set = linux_signal_set(mask);
    return -pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int64_t linux_signalfd(uint64_t mask) {
    int64_t result = linux_block_signals(mask);
    if (result < 0) return result;
    sigset_t set = linux_signal_set(mask);
    return linux_result(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

int64_t linux_ignore_sigpipe(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_IGN;
    return linux_result(sigaction(SIGPIPE, &action, NULL));
}

linux_socket_file linux_find_socket_file(const char *path) {
    struct stat status;
    linux_socket_file file = {0};
    if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode)) {
        file.device = status.st_dev;
        file.inode = status.st_ino;
    }
    return file;
}

int64_t linux_open_log(const char *path) {
    return linux_result(open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0644));
}

void linux_fill_standard_streams(void) {
    // In their order: the lowest free number is the one that is missing.
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) < 0) return;
    }
}

int64_t linux_open_output(int32_t standard) {
    struct stat status;
    // O_NONBLOCK belongs to the open file, which parents and siblings share. Opening a pipe or terminal again makes one of our
    // own. A plain file must stay shared: it has one offset. A socket cannot be opened, and another user's pipe may not be.
    if (fstat(standard, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode))) {
        char path[32];
        snprintf(path, sizeof path, "/proc/self/fd/%d", standard);
        int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd >= 0) return fd;
    }
    return linux_duplicate(standard);
}

int64_t linux_is_plain_file(int32_t fd) {
    struct stat status;
    if (fstat(fd, &status) < 0) return -errno;
    return S_ISREG(status.st_mode) ? 1 : 0;
}

void linux_trim_memory(void) { (void)malloc_trim(0); }

void linux_map_blocks_from(int32_t size) { (void)mallopt(M_MMAP_THRESHOLD, size); }

// MARK: Processes

/// Texts with a NUL at the end of each, as a vector with a NULL at its end; to be freed.
static char **linux_vector(const char *texts, size_t length) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++) count += texts[i] == 0;
    char **vector = calloc(count + 1, sizeof *vector);
    for (size_t i = 0, start = 0, next = 0; vector && i < length; i++) {
        if (texts[i] != 0) continue;
        vector[next++] = (char *)texts + start;
        start = i + 1;
    }
    return vector;
}

/// The environment of this process with some variables replaced or removed; to be freed.
static char **linux_changed_environment(char **changes) {
    size_t count = 1;
    for (char **variable = environ; variable && *variable; variable++) count++;
    for (char **change = changes; *change; change++) count++;
    char **changed = calloc(count, sizeof *changed);
    if (changed == NULL) return NULL;
    size_t next = 0;
    for (char **variable = environ; variable && *variable; variable++) {
        size_t name = strcspn(*variable, "=");
        int is_changed = 0;
        for (char **change = changes; *change && !is_changed; change++)
            is_changed = strcspn(*change, "=") == name && memcmp(*change, *variable, name) == 0;
        if (!is_changed) changed[next++] = *variable;
    }
    for (char **change = changes; *change; change++)
        if (strchr(*change, '=')) changed[next++] = *change;
    return changed;
}

static int linux_add_descriptors(posix_spawn_file_actions_t *actions, const int32_t *sources, size_t count) {
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++) error = posix_spawn_file_actions_adddup2(actions, sources[i], 3 + (int)i);
#if __GLIBC_PREREQ(2, 34)
    // All others are closed on exec anyway, as far as they are ours: libraries may be less careful.
    if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(actions, 3 + (int)count);
#endif
    return error;
}

static int linux_reset_signals(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0) error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0) error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return error;
}

/// The C library's way to start a program out of a process with threads: nothing of ours runs between the two processes.
static int64_t linux_spawn_with(const char *program, char **arguments, char **environment, const int32_t *sources, size_t count) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return -error;
    error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return -error;
    }
    pid_t pid = 0;
    error = linux_add_descriptors(&actions, sources, count);
    if (error == 0) error = linux_reset_signals(&attributes);
    if (error == 0) error = posix_spawnp(&pid, program, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error != 0 ? -error : pid;
}

int64_t linux_spawn(const char *program, const char *arguments, size_t arguments_length, const char *variables,
                    size_t variables_length, const int32_t *descriptors, size_t count) {
    char **argument_vector = linux_vector(arguments, arguments_length);
    char **changes = linux_vector(variables, variables_length);
    char **environment = changes ? linux_changed_environment(changes) : NULL;
    int32_t *sources = calloc(count + 1, sizeof *sources);
    int64_t result = argument_vector && environment && sources ? 0 : -ENOMEM;
    // Above all targets, so that none of them is overwritten before it is copied.
    size_t copied = 0;
    while (result >= 0 && copied < count) {
        result = linux_result(fcntl(descriptors[copied], F_DUPFD_CLOEXEC, 3 + (int)count));
        if (result >= 0) sources[copied++] = (int32_t)result;
    }
    if (result >= 0) result = linux_spawn_with(program, argument_vector, environment, sources, count);
    for (size_t i = 0; i < copied; i++) close(sources[i]);
    free(sources);
    free(environment);
    free(changes);
    free(argument_vector);
    return result;
}

linux_child_state linux_child_state_of(int32_t pid) {
    int status = 0;
    linux_child_state state = {.result = linux_result(waitpid(pid, &status, WNOHANG))};
    if (state.result <= 0) return state;
    if (WIFEXITED(status)) state.status = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) state.signal = WTERMSIG(status);
    return state;
}

int64_t linux_pipe(int32_t *reading, int32_t *writing) {
    int ends[2];
    int64_t result = linux_result(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
    if (result < 0) return result;
    *reading = ends[0];
    *writing = ends[1];
    return 0;
}

int64_t linux_pipe_number(int32_t fd) {
    struct stat status;
    if (fstat(fd, &status) < 0) return -errno;
    return S_ISFIFO(status.st_mode) ? (int64_t)status.st_ino : -EINVAL;
}

static const int linux_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

int64_t linux_seal_memory(const char *name, const uint8_t *bytes, size_t count) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return -errno;
    int64_t result = 0;
    for (size_t done = 0; done < count && result == 0;) {
        ssize_t written = write(fd, bytes + done, count - done);
        if (written < 0 && errno != EINTR) result = -errno;
        if (written > 0) done += (size_t)written;
    }
    if (result == 0) result = linux_result(fcntl(fd, F_ADD_SEALS, linux_seals | F_SEAL_SEAL));
    if (result >= 0) return fd;
    (void)close(fd);
    return result;
}

int64_t linux_sealed_size(int32_t fd) {
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & linux_seals) != linux_seals) return -EINVAL;
    struct stat status;
    return fstat(fd, &status) < 0 ? -errno : (int64_t)status.st_size;
}

int64_t linux_read_sealed_memory(int32_t fd, uint8_t *bytes, size_t count) {
    size_t done = 0;
    while (done < count) {
        ssize_t read = pread(fd, bytes + done, count - done, (off_t)done);
        if (read < 0 && errno == EINTR) continue;
        if (read < 0) return -errno;
        if (read == 0) return -EINVAL;
        done += (size_t)read;
    }
    return (int64_t)done;
}

int64_t linux_send_datagram(const char *path, const void *text, size_t length) {
    struct sockaddr_un address;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    size_t count = strlen(path);
    if (count == 0 || count >= sizeof address.sun_path) return -EINVAL;
    memcpy(address.sun_path, path, count);
    // An abstract address has a NUL in front and none at its end.
    int is_abstract = path[0] == '@';
    if (is_abstract) address.sun_path[0] = 0;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count + (is_abstract ? 0 : 1));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int64_t result = linux_result(sendto(fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&address, size));
    close(fd);
    return result;
}
