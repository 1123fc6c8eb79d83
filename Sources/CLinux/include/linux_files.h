#pragma once
// Files, their names, and what happens to them; pipes.
#include "linux_result.h"
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/// Which file a path leads to; both are 0 when there is none or it is not a socket.
typedef struct {
    uint64_t device;
    uint64_t inode;
} linux_socket_file;

linux_socket_file linux_find_socket_file(const char *path);

static inline int64_t linux_unlink(const char *path) { return linux_result(unlink(path)); }

/// Reads the first `capacity` bytes of a small file (procfs, cgroupfs).
int64_t linux_read_file(const char *path, uint8_t *bytes, size_t capacity);

/// What a path itself is, a link not followed.
typedef struct {
    int64_t result;
    int32_t is_link, is_folder;
    /// The last change of content, name or rights: nanoseconds since 1970.
    int64_t changed;
} linux_file_status;

static inline linux_file_status linux_status_of(const char *path) {
    struct stat status;
    linux_file_status answer = {.result = linux_result(lstat(path, &status))};
    if (answer.result < 0) return answer;
    answer.is_link = S_ISLNK(status.st_mode);
    answer.is_folder = S_ISDIR(status.st_mode);
    answer.changed = (int64_t)status.st_ctim.tv_sec * 1000000000 + status.st_ctim.tv_nsec;
    return answer;
}

/// The text of a link; as long as `capacity` when it was longer.
static inline int64_t linux_read_link(const char *path, uint8_t *text, size_t capacity) {
    return linux_result(readlink(path, (char *)text, capacity));
}

/// For appending, never blocking; made if it is not there.
int64_t linux_open_log(const char *path);
/// Opens /dev/null for each standard stream that the process was started without, so that no other file takes its number.
void linux_fill_standard_streams(void);
/// A standard stream (1, 2) once more: never blocking where that can be had without changing it for others who share it.
int64_t linux_open_output(int32_t standard);
/// 1 for a plain file, which never makes a writer wait for a reader.
int64_t linux_is_plain_file(int32_t fd);

static inline int64_t linux_write(int32_t fd, const void *bytes, size_t count) {
    return linux_result(write(fd, bytes, count));
}

/// Both ends never block.
int64_t linux_pipe(int32_t *reading, int32_t *writing);
/// What tells a pipe from all others that there are; both ends have the same. -EINVAL: it is none, -EBADF: it is not open.
int64_t linux_pipe_number(int32_t fd);

static inline int64_t linux_read(int32_t fd, void *bytes, size_t count) { return linux_result(read(fd, bytes, count)); }

/// A file in memory, without a path, that holds `bytes` and can never be changed; does not survive an exec.
int64_t linux_seal_memory(const char *name, const uint8_t *bytes, size_t count);
/// How much is in one; -EINVAL if it is none or could still be changed.
int64_t linux_sealed_size(int32_t fd);
/// Reads its first `count` bytes; -EINVAL if there are fewer.
int64_t linux_read_sealed_memory(int32_t fd, uint8_t *bytes, size_t count);

static inline int64_t linux_inotify(void) { return linux_result(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)); }

/// Watches what happens to the entries of a folder. The same folder again is the same watch.
static inline int64_t linux_inotify_add(int32_t fd, const char *folder) {
    return linux_result(inotify_add_watch(fd, folder, IN_CREATE | IN_DELETE | IN_MOVE | IN_CLOSE_WRITE | IN_ATTRIB | IN_ONLYDIR));
}

static inline int64_t linux_inotify_remove(int32_t fd, int32_t watch) { return linux_result(inotify_rm_watch(fd, watch)); }

/// Fills `bytes` with whole events.
static inline int64_t linux_inotify_read(int32_t fd, uint8_t *bytes, size_t capacity) {
    return linux_result(read(fd, bytes, capacity));
}

/// One of the events that a read has filled, and where the next one begins.
typedef struct {
    int32_t watch;
    /// Events were lost; the watch has ended by itself.
    int32_t is_overflow, is_ended;
    size_t name, name_capacity, next;
} linux_inotify_event;

static inline linux_inotify_event linux_inotify_event_at(const uint8_t *bytes, size_t offset) {
    struct inotify_event event;
    memcpy(&event, bytes + offset, sizeof event);
    size_t name = offset + sizeof event;
    return (linux_inotify_event){.watch = event.wd, .is_overflow = (event.mask & IN_Q_OVERFLOW) != 0,
                                 .is_ended = (event.mask & IN_IGNORED) != 0, .name = name, .name_capacity = event.len,
                                 .next = name + event.len};
}
