/* jpeg_range.c - blocks of JPEG whose values leave the range by far
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The inverse transform as its definition has it, in the scale of libjpeg's: columns, then rows.
 * The bounds leave room for what libjpeg rounds otherwise; no encoder comes near them.
 */
#include "base/picture/jpeg_range.h"

#include <stdlib.h>

#define MOST_VALUE  16383 /* of a coefficient, and of what columns make: sums of two fit 16 bits */
#define MOST_SAMPLE 504   /* away from the middle; at 512 the C code wraps */

/* sqrt(2) cos(k pi / 16) times 2^13. */
static int64_t wave(unsigned k)
{
    static const int16_t quarter[] = {11585, 11363, 10703, 9633, 8192, 6437, 4433, 2260, 0};

    k %= 32;
    k = k > 16 ? 32 - k : k;
    return k <= 8 ? quarter[k] : -quarter[16 - k];
}

/* The value at place x of eight coefficients, `step` apart, times 2^13. */
static int64_t value_at(const int64_t *in, size_t step, unsigned x)
{
    int64_t sum = in[0] * 8192;

    for (unsigned u = 1; u < 8; u++)
        sum += in[u * step] * wave((2 * x + 1) * u);
    return sum;
}

static bool within(int64_t value, int64_t most) { return value >= -most && value <= most; }

bool dp_jpeg_in_range(const int16_t *block, const uint16_t *quantization)
{
    int64_t in[64], columns[64], sum = 0;

    for (size_t i = 0; i < 64; i++) {
        in[i] = (int64_t)block[i] * quantization[i];
        sum += in[i] < 0 ? -in[i] : in[i];
        if (!within(in[i], MOST_VALUE))
            return false;
    }
    if (sum <= 4 * MOST_SAMPLE) /* a coefficient is at most a fourth of itself in a sample */
        return true;
    for (size_t i = 0; i < 64; i++) {
        columns[i] = value_at(in + i % 8, 8, (unsigned)(i / 8)) / (1 << 11);
        if (!within(columns[i], MOST_VALUE))
            return false;
    }
    for (size_t i = 0; i < 64; i++) {
        if (!within(value_at(columns + i / 8 * 8, 1, (unsigned)(i % 8)) / (1 << 18), MOST_SAMPLE))
            return false;
    }
    return true;
}
