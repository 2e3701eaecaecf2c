/* linear.c - linear resampling of uint8, row by row
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * linear_u8 of resample.c is the definition.  Its halves `top >> 4` and `low >> 4` depend on the
 * source row and the output column alone: a source row is resampled across once, to at most 32640,
 * and serves every output row that it is near.  Products of 16 bits times 2^-16 are then one
 * instruction for many columns.
 */
#include "transforms/shared/linear.h"

static inline void across_each(const dp_resample *r, const uint8_t *row, int64_t channels,
                               int64_t x, int16_t *out)
{
    for (out += x * channels; x < r->out_width; x++, out += channels) {
        const dp_taps *h = &r->axis[1][x];
        const uint8_t *a = row + h->source[0] * channels, *b = row + h->source[1] * channels;
        const int32_t f0 = h->fixed[0], f1 = h->fixed[1];
        for (int64_t k = 0; k < channels; k++)
            out[k] = (int16_t)((a[k] * f0 + b[k] * f1) >> 4);
    }
}

/* Three channels are what there is mostly: one loop without a loop in it. */
static void across(const dp_resample *r, const uint8_t *row, int16_t *out)
{
    int64_t x = 0;

#if defined(__x86_64__)
    if (r->channels == 3)
        x = dp_linear_across_sse2(r->axis[1], r->out_width, row, out);
#endif
    if (r->channels == 3)
        across_each(r, row, 3, x, out);
    else
        across_each(r, row, r->channels, x, out);
}

static void down(const int16_t *top, const int16_t *low, const int32_t fixed[2], int64_t n,
                 uint8_t *restrict out)
{
    const int16_t f0 = (int16_t)fixed[0], f1 = (int16_t)fixed[1];

    for (int64_t i = 0; i < n; i++) {
        const int16_t a = (int16_t)((int32_t)top[i] * f0 >> 16);
        const int16_t b = (int16_t)((int32_t)low[i] * f1 >> 16);
        out[i] = (uint8_t)((int16_t)(a + b + 2) >> 2);
    }
}

/* Source rows that are resampled across. */
typedef struct held {
    int32_t row; /* -1 = none */
    int16_t elements[DP_LINEAR_ROW];
} held;

/* The row, in one of the two; not in the place of `other`. */
static const held *hold(const dp_resample *r, const uint8_t *src, int32_t row, held two[2],
                        const held *other)
{
    held *free = &two[other == &two[0]];

    for (int i = 0; i < 2; i++) {
        if (two[i].row == row)
            return &two[i];
    }
    free->row = row;
    across(r, src + (int64_t)row * r->width * r->channels, free->elements);
    return free;
}

void dp_linear_rows(const dp_resample *all, const void *src, const dp_tensor *out,
                    const dp_picture_part *part)
{
    const int64_t row = all->out_width * all->channels, n = part->width * all->channels;
    uint8_t *dst = (uint8_t *)out->data + part->top * row + part->left * all->channels;
    dp_resample columns = *all; /* of the part alone */
    const dp_resample *r = &columns;
    held two[2];

    columns.axis[1] += part->left;
    columns.out_width = part->width;
    two[0].row = two[1].row = -1;
    for (int64_t y = part->top; y < part->top + part->height; y++, dst += row) {
        const dp_taps *v = &r->axis[0][y];
        /* the lower row of the last output is often the upper one of the next */
        const held *kept = two[0].row == v->source[1]   ? &two[0]
                           : two[1].row == v->source[1] ? &two[1]
                                                        : NULL;
        const held *top = hold(r, src, v->source[0], two, kept);
        const held *low = hold(r, src, v->source[1], two, top);
        down(top->elements, low->elements, v->fixed, n, dst);
    }
}
