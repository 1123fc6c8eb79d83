#pragma once
// zlib as Swift needs it: deflateInit2 is a macro, and a stream must not move once it is open.
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

/// A new stream that writes gzip (RFC 1952) with the largest window, as nginx does; NULL if there is no memory for it.
static inline z_stream *zlib_open_gzip(int level) {
    z_stream *stream = (z_stream *)calloc(1, sizeof(z_stream));
    if (stream == NULL) return NULL;
    if (deflateInit2(stream, level, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

static inline void zlib_close(z_stream *stream) {
    deflateEnd(stream);
    free(stream);
}

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
