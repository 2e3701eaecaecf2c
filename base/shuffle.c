/* shuffle.c - the bytes of elements sorted by their place in the element
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/compress.h"

void dp_shuffle(const uint8_t *bytes, size_t n_elements, size_t size, uint8_t *out)
{
    for (size_t b = 0; b < size; b++) {
        for (size_t i = 0; i < n_elements; i++)
            out[b * n_elements + i] = bytes[i * size + b];
    }
}

/* float32, which is what there is most of; the loop is one that compilers vectorize. */
static void unshuffle4(const uint8_t *bytes, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t element[4] = {bytes[i], bytes[n + i], bytes[2 * n + i], bytes[3 * n + i]};
        memcpy(out + 4 * i, element, 4);
    }
}

void dp_unshuffle(const uint8_t *bytes, size_t n_elements, size_t size, uint8_t *out)
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
