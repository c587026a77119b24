// The C face of the image codec: decode, encode and resize 32-bit pictures held in memory.
//
// Pixels are rows of 4 bytes without padding, blue, green, red, alpha unless a function says otherwise, with the colours
// premultiplied by alpha. Every function returns a code of `mlimage_code`; on anything but MLIMAGE_OK it writes an English,
// zero-terminated sentence into `message` (at most `capacity` bytes). No exception and no signal leaves the library.
#pragma once

#include <stdint.h>

#define MLIMAGE_API extern "C" __attribute__((visibility("default")))

enum mlimage_code {
    MLIMAGE_OK = 0,
    MLIMAGE_BAD_ARGUMENT = 1,  // a null pointer, a size that is not positive, an unknown format
    MLIMAGE_NOT_AN_IMAGE = 2,  // the bytes are not a picture in a known format, or are damaged beyond use
    MLIMAGE_OUT_OF_MEMORY = 3,
    MLIMAGE_FAILED = 4         // the codec refused; the message is its own
};

enum mlimage_format { MLIMAGE_PNG = 0, MLIMAGE_JPEG = 1, MLIMAGE_WEBP = 2 };

enum mlimage_filter {
    MLIMAGE_NEAREST = 0,  // the source pixel under the centre of each target pixel
    MLIMAGE_SMOOTH = 1    // per axis: mean over the covered area where it shrinks, cubic where it grows
};

// Decodes PNG, JPEG, BMP or WebP. On success *pixels is owned by the caller: hand it to mlimage_free.
MLIMAGE_API int mlimage_decode(const uint8_t* data, int64_t length, uint8_t** pixels, int32_t* width, int32_t* height,
                               char* message, int32_t capacity);

// Encodes pixels whose colours are NOT premultiplied. `quality` 1..100 counts for JPEG; PNG and WebP are lossless.
MLIMAGE_API int mlimage_encode(const uint8_t* pixels, int32_t width, int32_t height, int32_t format, int32_t quality,
                               uint8_t** data, int64_t* length, char* message, int32_t capacity);

// Scales all of `source` to all of `target`; works for any order of the four channels.
MLIMAGE_API int mlimage_resize(const uint8_t* source, int32_t source_width, int32_t source_height, uint8_t* target,
                               int32_t target_width, int32_t target_height, int32_t filter, char* message, int32_t capacity);

MLIMAGE_API void mlimage_free(uint8_t* memory);
