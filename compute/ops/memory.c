/* memory.c - arrays of floats: where they lie, and turned
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/ops/operator.h"

size_t dp_lay_out(const int64_t floats[], size_t n, void *at, float **const places[])
{
    size_t size = 0;

    for (size_t i = 0; i < n; i++) {
        if (at != NULL)
            *places[i] = (float *)(void *)((char *)at + size);
        size += (dp_floats(floats[i]) + 63) / 64 * 64;
    }
    return size;
}

void dp_transpose(const float *w, int64_t rows, int64_t cols, float *out)
{
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < cols; j++)
            out[j * rows + i] = w[i * cols + j];
    }
}
