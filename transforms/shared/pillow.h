/* pillow.h - Pillow's Image.resize, byte for byte, of 8-bit images
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A filter is as wide as the image shrinks ("antialias"), so an output place is a sum over as many
 * source places as it takes.  Weights are binary64, divided by their sum, rounded to 2^-22; sums
 * across rows, rounded to bytes, then sums down columns, rounded again.  Pillow 13 sums down first
 * where the height shrinks by more than twice as many pixels as the width.  The last of 2 or 4
 * channels is alpha: the others are multiplied by it before, and divided afterwards.  PyTorch does
 * the same to uint8 tensors without alpha, but for weights of 16 bits.  The functions
 * of pillow.c are the specification; those of an instruction set give the same bytes.
 */
#ifndef TRANSFORMS_SHARED_PILLOW_H
#define TRANSFORMS_SHARED_PILLOW_H

#include "transforms/shared/transform.h"

#define DP_PILLOW_BITS 22
#define DP_PILLOW_LOW  11 /* of them in the lower half of a weight: both halves fit 16 bits */
#define DP_PILLOW_ROWS 4  /* that are made across at once, at most */

/* The source places of an output place, and where its weights are. */
typedef struct dp_pillow_place {
    int32_t first, count, at;
} dp_pillow_place;

/* Their weights, followed by zeros to a whole group of as many places as a kernel takes at once;
 * and as high * 2^11 + low. */
typedef struct dp_pillow_taps {
    int32_t first, count, bits;
    const int32_t *weights;
    const int16_t *high, *low;
} dp_pillow_taps;

typedef struct dp_pillow_axis {
    int64_t src, dst;
    int32_t group, bits; /* weights are in 2^-bits */
    dp_pillow_place *places;
    int32_t *weights;
    int16_t *high, *low;
} dp_pillow_axis;

/* DP_LINEAR, NEAREST, CUBIC (PILCUBIC: without alpha), BOX, HAMMING or LANCZOS; DP_PILLOW,
 * DP_PILLOW_13 or DP_TORCH (DP_ALIASED is as the first). */
typedef struct dp_pillow_how {
    int32_t interpolation, antialias;
} dp_pillow_how;

typedef struct dp_pillow {
    dp_pillow_how how;
    int64_t channels;
    bool alpha, columns_first;
    dp_pillow_axis axis[2]; /* vertical, horizontal */
} dp_pillow;

/* What is resampled of an image: its first pixel, bytes from row to row, and where the memory of
 * the image ends. */
typedef struct dp_pillow_source {
    const uint8_t *first, *end;
    size_t row;
} dp_pillow_source;

/* For sides up to src, brought to dst; DP_ELIMIT where they are too large. */
dp_status dp_pillow_start(dp_pillow *, dp_pillow_how, int64_t channels, const int64_t src[2],
                          const int64_t dst[2], dp_error *);
/* Bytes of both axes' tables for such sides, and of what a run takes besides; multiples of 64. They
 * are bounds without steps: what lies between two sides takes no more than one of them, also where
 * dst follows from src (resize of the shorter side). */
size_t dp_pillow_tables(const dp_pillow *);
size_t dp_pillow_space(const dp_pillow *);
size_t dp_pillow_used(const dp_pillow *); /* of the space, for these sides: never more */
/* Fills the tables, for sides of at most those of the start. */
void dp_pillow_plan(dp_pillow *, const int64_t src[2], void *tables);
/* Makes a part of the result, to its place. */
void dp_pillow_run(const dp_pillow *, const dp_pillow_source *, const dp_tensor *out,
                   const dp_picture_part *, void *space, dp_cpu_level);
/* From a part of the result to what is read for it. */
void dp_pillow_reads(const dp_pillow *, dp_picture_part *);

static inline dp_pillow_taps dp_pillow_at(const dp_pillow_axis *axis, int64_t d)
{
    const dp_pillow_place *p = &axis->places[d];

    return (dp_pillow_taps){p->first,           p->count,         axis->bits, axis->weights + p->at,
                            axis->high + p->at, axis->low + p->at};
}

typedef struct dp_pillow_kernels {
    /* n rows across, each to one of `out`; up to 16 bytes behind a row are read. */
    void (*across)(const dp_pillow_axis *, int64_t channels, const uint8_t *const rows[], int n,
                   uint8_t *const out[]);
    /* n bytes of the taps' rows, and of one row more, which may be any. */
    void (*down)(const dp_pillow_taps *, const uint8_t *const rows[], size_t n, uint8_t *out);
} dp_pillow_kernels;

const dp_pillow_kernels *dp_pillow_kernels_get(dp_cpu_level, int64_t channels);
extern const dp_pillow_kernels dp_pillow_scalar, dp_pillow_avx2;

#endif
