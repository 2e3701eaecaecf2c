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

#include <string.h>

const dp_linear_kernels *dp_linear_kernels_get(dp_cpu_level level)
{
#if defined(__x86_64__)
    if (level == DP_CPU_AVX512)
        return &dp_linear_avx512;
    if (level == DP_CPU_AVX2)
        return &dp_linear_avx2;
#elif defined(__aarch64__)
    if (level == DP_CPU_NEON)
        return &dp_linear_neon;
#endif
    (void)level;
    return NULL;
}

/* ---- across ---- */

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
static void across(const dp_resample *r, const uint8_t *row, dp_cpu_level cpu, int16_t *out)
{
    int64_t x = 0;

#if defined(__x86_64__)
    if (r->channels == 3 && cpu >= DP_CPU_SSE2)
        x = dp_linear_across_sse2(r->axis[1], r->out_width, row, out);
#endif
    (void)cpu;
    if (r->channels == 3)
        across_each(r, row, 3, x, out);
    else
        across_each(r, row, r->channels, x, out);
}

/* An element of a column, its bytes from `from` on; false where they are too far away. */
static bool plan_element(dp_linear_plan *p, int64_t four, int i, const dp_taps *h, int32_t channel,
                         int32_t channels)
{
    const int32_t from = p->from[four] - channel;
    const int32_t left = h->source[0] * channels - from, right = h->source[1] * channels - from;
    const uint8_t places[4] = {(uint8_t)left, 0x80, (uint8_t)right, 0x80};

    memcpy(p->places[four] + 4 * i, places, sizeof places);
    p->weights[four][2 * i] = (int16_t)h->fixed[0];
    p->weights[four][2 * i + 1] = (int16_t)h->fixed[1];
    return right < 16;
}

/* False where the source is narrower than 16 bytes, or elements are far from one another. */
static bool plan_fours(dp_linear_plan *p, const dp_resample *r)
{
    const int32_t channels = (int32_t)r->channels, n = (int32_t)r->out_width * channels;
    const dp_taps *h = r->axis[1], *last = h + r->out_width - 1;
    const int32_t most = (last->source[1] + 1) * channels - 16; /* nothing behind it is read */
    bool fits = most >= 0;

    p->n = (n + 15) / 16 * 4;
    for (int32_t four = 0, channel = 0; four < p->n && fits; four++) {
        const int32_t from = h->source[0] * channels;
        p->from[four] = from < most ? from : most;
        for (int i = 0; i < 4; i++) {
            fits = fits && plan_element(p, four, i, h, channel, channels);
            channel = channel + 1 < channels ? channel + 1 : 0;
            h += channel == 0 && h < last;
        }
    }
    return fits;
}

/* ---- down ---- */

static void down(const dp_linear_kernels *kernels, const int16_t *top, const int16_t *low,
                 const int32_t fixed[2], int64_t n, uint8_t *restrict out)
{
    const int16_t f0 = (int16_t)fixed[0], f1 = (int16_t)fixed[1];

    for (int64_t i = kernels != NULL ? kernels->down(top, low, fixed, n, out) : 0; i < n; i++) {
        const int16_t a = (int16_t)((int32_t)top[i] * f0 >> 16);
        const int16_t b = (int16_t)((int32_t)low[i] * f1 >> 16);
        out[i] = (uint8_t)((int16_t)(a + b + 2) >> 2);
    }
}

/* ---- both ---- */

/* A source row that was resampled across. */
typedef struct held {
    int32_t row; /* -1 = none */
    int16_t elements[4 * DP_LINEAR_FOURS];
} held;

typedef struct run {
    dp_resample r; /* of the columns that are made */
    const uint8_t *src;
    dp_cpu_level cpu;
    const dp_linear_kernels *kernels;
    bool by_fours;
    dp_linear_plan plan;
    held two[2];
} run;

/* The row, in one of the two; not in the place of `other`. */
static const held *hold(run *r, int32_t row, const held *other)
{
    const uint8_t *from = r->src + (int64_t)row * r->r.width * r->r.channels;
    held *free = &r->two[other == &r->two[0]];

    for (int i = 0; i < 2; i++) {
        if (r->two[i].row == row)
            return &r->two[i];
    }
    free->row = row;
    if (r->by_fours)
        r->kernels->across(&r->plan, from, free->elements);
    else
        across(&r->r, from, r->cpu, free->elements);
    return free;
}

static void start(run *r, const dp_resample *all, const void *src, const dp_picture_part *part,
                  dp_cpu_level cpu)
{
    r->r = *all;
    r->r.axis[1] += part->left;
    r->r.out_width = part->width;
    r->src = src;
    r->cpu = cpu;
    r->kernels = dp_linear_kernels_get(cpu);
    r->by_fours = r->kernels != NULL && plan_fours(&r->plan, &r->r);
    r->two[0].row = r->two[1].row = -1;
}

void dp_linear_rows(const dp_resample *all, const void *src, const dp_tensor *out,
                    const dp_picture_part *part, dp_cpu_level cpu)
{
    const int64_t row = all->out_width * all->channels, n = part->width * all->channels;
    uint8_t *dst = (uint8_t *)out->data + part->top * row + part->left * all->channels;
    run r;

    start(&r, all, src, part, cpu);
    for (int64_t y = part->top; y < part->top + part->height; y++, dst += row) {
        const dp_taps *v = &all->axis[0][y];
        /* the lower row of the last output is often the upper one of the next */
        const held *kept = r.two[0].row == v->source[1]   ? &r.two[0]
                           : r.two[1].row == v->source[1] ? &r.two[1]
                                                          : NULL;
        const held *top = hold(&r, v->source[0], kept);
        const held *low = hold(&r, v->source[1], top);
        down(r.kernels, top->elements, low->elements, v->fixed, n, dst);
    }
}
