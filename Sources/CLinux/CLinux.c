// The calls that need _GNU_SOURCE; everything else is inline in the header.
#define _GNU_SOURCE 1
#include "CLinux.h"
#include <dirent.h>
#include <stdio.h>
#include <sched.h>

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
