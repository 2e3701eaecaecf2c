/* byte_shuffle.c - the bytes of elements sorted by their place in the element
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/pack/byte_shuffle.h"

void dp_byte_shuffle(const uint8_t *bytes, size_t n_elements, size_t size, uint8_t *out)
{
    for (size_t b = 0; b < size; b++) {
        for (size_t i = 0; i < n_elements; i++)
            out[b * n_elements + i] = bytes[i * size + b];
    }
}

/* float32, which is what there is most of, in a form that compilers vectorize: a word of
 * little-endian bytes is put together whole. */
static void unshuffle4(const uint8_t *bytes, size_t n, uint8_t *out)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    enum { B0 = 0, B1 = 8, B2 = 16, B3 = 24 };
#else
    enum { B0 = 24, B1 = 16, B2 = 8, B3 = 0 };
#endif
    const uint8_t *b1 = bytes + n, *b2 = bytes + 2 * n, *b3 = bytes + 3 * n;

    for (size_t i = 0; i < n; i++) {
        const uint32_t word = (uint32_t)bytes[i] << B0 | (uint32_t)b1[i] << B1 |
                              (uint32_t)b2[i] << B2 | (uint32_t)b3[i] << B3;
        memcpy(out + 4 * i, &word, 4);
    }
}

void dp_byte_unshuffle(const uint8_t *bytes, size_t n_elements, size_t size, uint8_t *out)
{
    if (size == 4) {
        unshuffle4(bytes, n_elements, out);
        return;
    }
    for (size_t i = 0; i < n_elements; i++) {
        for (size_t b = 0; b < size; b++)
            out[i * size + b] = bytes[b * n_elements + i];
    }
}
