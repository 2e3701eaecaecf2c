/* xxh3_lines.h - the lines of xxh3.c and its like: DP_XXH3 is the table's name
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/xxh3.h"

/* XXH3_128bits_update is the same function: the widths differ in the digest alone. */
static void update(void *state, const void *bytes, size_t size)
{
    XXH3_64bits_update(state, bytes, size);
}

static uint64_t hash64(const void *bytes, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, size, seed);
}

/* Whether one of n numbers is NaN.  Two are looked at by one comparison, in a form that compilers
 * vectorize: to hash takes four times as long. */
#define LOOK_FOR_NAN(name, type, mask, width)                                                      \
    static bool name(const type *x, size_t n)                                                      \
    {                                                                                              \
        mask found[width] = {0};                                                                   \
        size_t i = 0;                                                                              \
        bool any = false;                                                                          \
                                                                                                   \
        for (; i + 2 * width <= n; i += 2 * width) {                                               \
            for (int j = 0; j < width; j++)                                                        \
                found[j] |= -(mask)isunordered(x[i + j], x[i + width + j]);                        \
        }                                                                                          \
        for (; i < n; i++)                                                                         \
            any |= x[i] != x[i];                                                                   \
        for (int j = 0; j < width; j++)                                                            \
            any |= found[j] != 0;                                                                  \
        return any;                                                                                \
    }
LOOK_FOR_NAN(nan_f32, float, int32_t, 16)
LOOK_FOR_NAN(nan_f64, double, int64_t, 8)

const dp_xxh3 DP_XXH3 = {update, hash64, nan_f32, nan_f64};
