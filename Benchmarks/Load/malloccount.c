// malloccount: counts heap allocations. Preloaded into a proxy (LD_PRELOAD), it keeps the count in the file that
// MALLOCCOUNT_FILE names, where the rig reads it before and after some load; linked into a program, malloccount_read()
// gives it. The memory itself comes from glibc as ever.

#include "MallocCount.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

// Until the file is mapped, and where there is none, the count is kept here.
static uint64_t ownCount;
static uint64_t *count = &ownCount;

__attribute__((constructor)) static void mapFile(void) {
    const char *path = getenv("MALLOCCOUNT_FILE");
    if (!path) return;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return;
    if (ftruncate(fd, sizeof(uint64_t)) == 0) {
        void *memory = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (memory != MAP_FAILED) count = memory;
    }
    close(fd);
}

// Several threads, and several processes of one proxy, add to the same count.
static void countOne(void) { __atomic_fetch_add(count, 1, __ATOMIC_RELAXED); }

uint64_t malloccount_read(void) { return __atomic_load_n(count, __ATOMIC_RELAXED); }

void *malloc(size_t size) {
    countOne();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    countOne();
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
    countOne();
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    countOne();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
    void *memory = memalign(alignment, size);
    if (!memory) return ENOMEM;
    *result = memory;
    return 0;
}
