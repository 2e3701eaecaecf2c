/* decoding.h - one decoding, and what the formats share of it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PICTURE_DECODING_H
#define BASE_PICTURE_DECODING_H

#include "base/picture/picture.h"

/* One decoding: what is read, how, and where its memory and its failures go. */
typedef struct dp_decoding {
    const dp_encoded *from;
    dp_picture_how how;
    dp_arena *arena;
    dp_error *err;
} dp_decoding;

/* Up to n bytes at a place of the file into buffer; how many are there.  DP_EIO. */
dp_status dp_encoded_read(const dp_encoded *, uint64_t at, uint8_t *buffer, size_t n, size_t *got,
                          dp_error *);

/* DP_ECORRUPT, or DP_ENOMEM or DP_ELIMIT where memory was the reason. */
dp_status dp_decoding_fail(const dp_decoding *, bool starved, const char *why);
/* DP_ESTATE when a picture has other sizes than its head had; DP_ELIMIT when they are too large. */
dp_status dp_decoding_check(const dp_decoding *, const dp_picture_head *, uint32_t height,
                            uint32_t width);
dp_status dp_decoding_limit(const dp_decoding *, uint32_t height, uint32_t width);

/* Gray of colours, n pixels, as Pillow's convert mixes it, as OpenCV does that of four inks, and as
 * libpng does. */
typedef enum dp_gray_rule { DP_GRAY_PILLOW, DP_GRAY_OPENCV, DP_GRAY_LIBPNG } dp_gray_rule;
void dp_mix_gray(dp_gray_rule, const uint8_t *colours, size_t n, uint8_t *out);

#endif
