/* layout.c - where arrays of floats lie in one block
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/math/layout.h"

#define MOST_FLOATS ((int64_t)1 << 50)

size_t dp_lay_out(const int64_t floats[], size_t n, void *at, float **const places[])
{
    size_t size = 0;

    for (size_t i = 0; i < n; i++) {
        if (floats[i] < 0 || floats[i] > MOST_FLOATS || size > (size_t)MOST_FLOATS)
            return SIZE_MAX;
        if (at != NULL)
            *places[i] = (float *)(void *)((char *)at + size);
        size += (dp_floats(floats[i]) + 63) / 64 * 64;
    }
    return size;
}
