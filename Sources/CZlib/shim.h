#pragma once
// zlib as Swift needs it: deflateInit2 is a macro, and a stream must not move once it is open.
#include <stdint.h>
#include <sys/mman.h>
#include <zlib.h>

/// A stream with all its memory, which is mapped: given up, it goes back to the system and leaves no holes.
typedef struct {
    z_stream stream;
    size_t used;
} zlib_block;

/// More than zlib asks for; what it leaves is never touched.
enum { zlib_block_size = 512 << 10 };

static inline voidpf zlib_take(voidpf opaque, uInt count, uInt size) {
    zlib_block *block = (zlib_block *)opaque;
    uint64_t bytes = ((uint64_t)count * size + 63) & ~(uint64_t)63;
    if (bytes > zlib_block_size - block->used) return Z_NULL;
    char *memory = (char *)block + block->used;
    block->used += bytes;
    return memory;
}

static inline void zlib_leave(voidpf opaque, voidpf memory) { (void)opaque, (void)memory; }

/// A new stream that writes gzip (RFC 1952) with the largest window, as nginx does; NULL if there is no memory for it.
static inline z_stream *zlib_open_gzip(int level) {
    void *memory = mmap(NULL, zlib_block_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    zlib_block *block = (zlib_block *)memory;
    block->used = (sizeof *block + 63) & ~(size_t)63;
    block->stream.zalloc = zlib_take;
    block->stream.zfree = zlib_leave;
    block->stream.opaque = block;
    if (deflateInit2(&block->stream, level, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        munmap(memory, zlib_block_size);
        return NULL;
    }
    return &block->stream;
}

static inline void zlib_close(z_stream *stream) { munmap(stream->opaque, zlib_block_size); }

/// Begins again, with the memory that there is; 0 if that is not possible.
static inline int zlib_reset(z_stream *stream) { return deflateReset(stream) == Z_OK; }

/// What one call of deflate came to.
typedef struct {
    size_t taken;
    size_t made;
    /// The end of the stream is written.
    int32_t has_ended;
    int32_t has_failed;
} zlib_step;

static inline zlib_step zlib_deflate(z_stream *stream, const uint8_t *input, size_t input_count, uint8_t *output,
                                     size_t output_count, int flush) {
    uInt given = input_count > UINT32_MAX ? UINT32_MAX : (uInt)input_count;
    uInt room = output_count > UINT32_MAX ? UINT32_MAX : (uInt)output_count;
    stream->next_in = (Bytef *)input;
    stream->avail_in = given;
    stream->next_out = output;
    stream->avail_out = room;
    int result = deflate(stream, flush);
    // Z_BUF_ERROR: there was nothing to do.
    zlib_step step = {given - stream->avail_in, room - stream->avail_out, result == Z_STREAM_END,
                      result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR};
    stream->next_in = NULL;
    stream->next_out = NULL;
    return step;
}
