/* lines.c - lines of bytes to lines of floats, in planes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/pass/lines.h"

#include <string.h>

#define BLOCK 8192 /* bytes of rows that are split into planes at a time: 5 of the longest */

const dp_line_kernels *dp_line_kernels_get(dp_cpu_level level)
{
#if defined(__x86_64__)
    if (level == DP_CPU_AVX512)
        return &dp_line_kernels_avx512;
    if (level == DP_CPU_AVX2)
        return &dp_line_kernels_avx2;
#elif defined(__aarch64__)
    if (level == DP_CPU_NEON)
        return &dp_line_kernels_neon;
#endif
    (void)level;
    return NULL;
}

bool dp_lines_wide(int64_t width_in, int64_t width)
{
    return width_in >= DP_CHUNK && width >= DP_CHUNK;
}

static bool make_chunk(struct dp_chunk *c, const int32_t *cols, int32_t x, int32_t width_in)
{
    int32_t least = width_in - DP_CHUNK, most = 0;

    for (int i = 0; i < DP_CHUNK; i++) {
        const int32_t from = cols[x + i];
        if (from >= 0 && from < least)
            least = from;
        most = from > most ? from : most;
    }
    c->x = x;
    c->from = least;
    memset(c->places, 0x80, sizeof c->places);
    for (int i = 0; i < DP_CHUNK; i++) {
        const int32_t from = cols[x + i];
        c->outside[i] = from < 0 ? UINT32_MAX : 0;
        if (from >= 0)
            c->places[4 * i] = (uint8_t)(from - least);
    }
    return most - least < DP_CHUNK;
}

#define LARGE ((int64_t)1 << 18) /* bytes */
#define LINE  64

bool dp_lines_stream(const struct dp_lines *l, int32_t channels, const float *out)
{
    const int64_t row = (int64_t)l->width * (int64_t)sizeof *out;

    return row * l->height * channels >= LARGE && row % LINE == 0 && (uintptr_t)out % LINE == 0;
}

bool dp_lines_fit(struct dp_lines *l, const dp_places *at, int32_t width_in)
{
    l->streams = false;
    l->rows = at->rows;
    l->height = at->height;
    l->width = at->width;
    l->width_in = width_in;
    l->n_chunks = (at->width + DP_CHUNK - 1) / DP_CHUNK;
    for (int32_t i = 0; i < l->n_chunks; i++) {
        const int32_t last = at->width - DP_CHUNK, x = i * DP_CHUNK;
        if (!make_chunk(&l->chunks[i], at->cols, x < last ? x : last, width_in))
            return false;
    }
    return true;
}

static void split(const dp_line_kernels *kernels, const uint8_t *pixels, int32_t n,
                  uint8_t *const planes[3])
{
    for (int32_t i = kernels->split(pixels, n, planes); i < n; i++) {
        for (int c = 0; c < 3; c++)
            planes[c][i] = pixels[3 * i + c];
    }
}

/* Rows are split some at a time, those that are around the image left out. */
static void run_interleaved(const dp_line_kernels *kernels, struct dp_lines *l,
                            const struct dp_value *k, const uint8_t *in, float *out)
{
    const int64_t plane = (int64_t)l->width * l->height, width_in = l->width_in;
    const int32_t *from = l->rows, height = l->height;
    const int32_t most = BLOCK / (3 * l->width_in);
    int32_t rows[BLOCK / (3 * DP_CHUNK)];
    uint8_t block[BLOCK];

    l->rows = rows;
    for (int32_t y = 0; y < height; y += most) {
        l->height = height - y < most ? height - y : most;
        for (int32_t i = 0; i < l->height; i++) {
            uint8_t *const at = block + i * width_in;
            uint8_t *const planes[3] = {at, at + most * width_in, at + 2 * most * width_in};
            rows[i] = from[y + i] >= 0 ? i : -1;
            if (from[y + i] >= 0)
                split(kernels, in + from[y + i] * width_in * 3, l->width_in, planes);
        }
        for (int32_t c = 0; c < 3; c++)
            kernels->lines(l, &k[c], block + c * most * width_in,
                           out + c * plane + (int64_t)y * l->width);
    }
    l->rows = from;
    l->height = height;
}

void dp_lines_run(const dp_line_kernels *kernels, struct dp_lines *l, const struct dp_value *k,
                  int32_t channels, int32_t height_in, bool planes, const uint8_t *in, float *out)
{
    const int64_t plane_in = (int64_t)l->width_in * height_in;
    const int64_t plane = (int64_t)l->width * l->height;

    if (planes || channels == 1) {
        for (int32_t c = 0; c < channels; c++)
            kernels->lines(l, &k[c], in + c * plane_in, out + c * plane);
    } else {
        run_interleaved(kernels, l, k, in, out);
    }
}
