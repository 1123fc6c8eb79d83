#define _GNU_SOURCE 1
#include "CSessionMemory.h"
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// A slot is two pages. Its block begins in the first one, covers the second, and ends at the beginning of the slot behind it:
//
//     | end of the block before | kept words | block ......... | .................. | end of the block | ...
//     slot                                   slot + block_start  slot + PAGE          next slot
enum { PAGE = 4096, SLOT = 2 * PAGE, SLOTS = 1 << 20 };
/// Slots that are made accessible together.
enum { STEP = 256 };

/// Bytes behind the page: in OpenSSL 3.0 what follows the room for records.
enum { TAIL = 248 };

/// Part of whatever OpenSSL has in its memory.
typedef uint64_t __attribute__((may_alias)) any_word;

struct word {
    uint64_t place, value;
};
struct kept {
    uint64_t count;
    struct word words[];
};

// Set before there are threads.
static char *slots;
static size_t block_size, block_start, kept_start, kept_limit;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/// The first word of a free block is the next one.
static void *free_block;
static size_t used_slots, ready_slots;

/// The largest piece of memory that was taken while `measures` was set.
static size_t measured;
static bool measures;

static bool is_ours(const void *memory) {
    return slots != NULL && (uintptr_t)memory - (uintptr_t)slots < (size_t)SLOTS * SLOT;
}

// MARK: What OpenSSL calls

/// Address space alone is not charged to the process; these slots are. One page more, for the end of the last block.
static bool make_ready(void) {
    if (ready_slots == SLOTS) return false;
    if (mprotect(slots + ready_slots * SLOT, (size_t)STEP * SLOT + PAGE, PROT_READ | PROT_WRITE) != 0) return false;
    ready_slots += STEP;
    return true;
}

static void *take_block(void) {
    pthread_mutex_lock(&lock);
    void *block = free_block;
    if (block != NULL) {
        memcpy(&free_block, block, sizeof free_block);
    } else if (used_slots < ready_slots || make_ready()) {
        block = slots + used_slots * SLOT + block_start;
        used_slots += 1;
    }
    pthread_mutex_unlock(&lock);
    return block;
}

static void *take(size_t size, const char *file, int line) {
    (void)file, (void)line;
    if (size == 0) return NULL;
    if (size == block_size) {
        void *block = take_block();
        if (block != NULL) return block;
    }
    if (measures && size > measured) measured = size;
    return malloc(size);
}

static void give(void *memory, const char *file, int line) {
    (void)file, (void)line;
    if (!is_ours(memory)) return free(memory);
    // Connections that are gone shall not keep what idle ones do without. (It begins in the block, so that what is kept of it stays.)
    madvise((char *)memory - block_start + PAGE, PAGE, MADV_DONTNEED);
    pthread_mutex_lock(&lock);
    memcpy(memory, &free_block, sizeof free_block);
    free_block = memory;
    pthread_mutex_unlock(&lock);
}

static void *resize(void *memory, size_t size, const char *file, int line) {
    if (memory == NULL) return take(size, file, line);
    if (size == 0) {
        give(memory, file, line);
        return NULL;
    }
    if (!is_ours(memory)) return realloc(memory, size);
    void *other = malloc(size);
    if (other == NULL) return NULL;
    memcpy(other, memory, size < block_size ? size : block_size);
    give(memory, file, line);
    return other;
}

// MARK: Beginning

/// The size of a connection: the largest piece of memory that a new one takes.
static size_t connection_size(void) {
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    if (context == NULL) return 0;
    measures = true;
    SSL *connection = SSL_new(context);
    measures = false;
    size_t size = connection == NULL ? 0 : measured;
    SSL_free(connection);
    SSL_CTX_free(context);
    return size;
}

bool session_memory_install(void) {
#if __has_feature(address_sanitizer)
    // Looks after blocks of its own only, and for pointers in them only.
    return false;
#endif
    if (slots != NULL || sysconf(_SC_PAGESIZE) != PAGE) return false;
    size_t bytes = (size_t)SLOTS * SLOT + PAGE;
    char *space = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED) return false;
    // A huge page would be taken up as a whole.
    madvise(space, bytes, MADV_NOHUGEPAGE);
    if (CRYPTO_set_mem_functions(take, resize, give) != 1) {
        munmap(space, bytes);
        return false;
    }
    size_t size = connection_size();
    size_t start = (SLOT + TAIL - size) & ~(size_t)15;
    size_t end = (start + size - SLOT + 15) & ~(size_t)15;
    // With room for some words at least.
    if (size < PAGE + TAIL || size > SLOT - TAIL || end + sizeof(struct kept) + 16 * sizeof(struct word) > start) {
        munmap(space, bytes);
        return false;
    }
    block_start = start;
    kept_start = end;
    kept_limit = (start - end - sizeof(struct kept)) / sizeof(struct word);
    slots = space;
    block_size = size;
    return true;
}

// MARK: Rest

bool session_memory_rest(void *block) {
    if (!is_ours(block)) return false;
    char *slot = (char *)block - block_start;
    const any_word *page = (const any_word *)(slot + PAGE);
    struct kept *kept = (struct kept *)(slot + kept_start);
    size_t count = 0;
    for (size_t place = 0; place < PAGE / sizeof *page; place += 1) {
        if (page[place] == 0) continue;
        if (count == kept_limit) return false;
        kept->words[count] = (struct word){.place = place, .value = page[place]};
        count += 1;
    }
    kept->count = count;
    return madvise(slot + PAGE, PAGE, MADV_DONTNEED) == 0;
}

void session_memory_wake(void *block) {
    char *slot = (char *)block - block_start;
    any_word *page = (any_word *)(slot + PAGE);
    const struct kept *kept = (const struct kept *)(slot + kept_start);
    // A page that was given back is all zero.
    for (size_t index = 0; index < kept->count; index += 1) page[kept->words[index].place] = kept->words[index].value;
}
