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
    dp_picture_room *room;
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

/* How gray is made of colours: as convert_color does, Pillow's convert, OpenCV and DALI of four
 * inks; by libpng itself with 0.299, and with torchvision's 0.2989; or not at all. */
typedef enum dp_gray_rule {
    DP_GRAY_MINDSPORE,
    DP_GRAY_PILLOW,
    DP_GRAY_OPENCV,
    DP_GRAY_DALI,
    DP_GRAY_LIBPNG,
    DP_GRAY_LIBPNG_2989,
    DP_GRAY_NONE
} dp_gray_rule;

/* Of n pixels; not by libpng. */
void dp_mix_gray(dp_gray_rule, const uint8_t *colours, size_t n, uint8_t *out);

/* How colours are made of four inks (docs/pictures.md). */
typedef enum dp_ink_rule { DP_INK_MARKED, DP_INK_PILLOW, DP_INK_OPENCV } dp_ink_rule;

/* JPEG that ends early: is refused where its rows want more, or where the marker of the end is not
 * there, or is delivered. */
typedef enum dp_end_rule { DP_END_OF_ROWS, DP_END_MARKED, DP_END_ANYWHERE } dp_end_rule;

/* PNG of 16 bits a channel: the upper ones are delivered, or gray is refused, or all is. */
typedef enum dp_deep_rule { DP_DEEP_UPPER, DP_DEEP_NO_GRAY, DP_DEEP_NONE } dp_deep_rule;

/* In what the bytes of libraries differ. */
typedef struct dp_decoder_rules {
    const char *name;
    bool turns;        /* by EXIF */
    dp_decoder turned; /* how what is turned is decoded */
    bool fast;         /* JPEG's inverse transform is IFAST, not ISLOW */
    bool mixes;        /* JPEG's gray of three colours is made of them, not their Y plane */
    dp_end_rule end;
    dp_ink_rule inks;
    dp_gray_rule ink_gray, png_gray;
    dp_deep_rule deep;
} dp_decoder_rules;

const dp_decoder_rules *dp_rules_of(const dp_picture_how *);

#endif
