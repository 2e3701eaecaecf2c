/* bytes.h - little-endian loads and stores
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t dp_load_le(const uint8_t *p, size_t n_bytes)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n_bytes; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static inline void dp_store_le(uint8_t *p, size_t n_bytes, uint64_t v)
{
    for (size_t i = 0; i < n_bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

#endif
