/* bytes.h - loads and stores of one byte order, whatever the machine has
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

static inline uint32_t dp_load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void dp_store_le(uint8_t *p, size_t n_bytes, uint64_t v)
{
    for (size_t i = 0; i < n_bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

/* Every element of `size` bytes the other way round. */
static inline void dp_turn(uint8_t *bytes, size_t n_bytes, size_t size)
{
    for (; n_bytes >= size; bytes += size, n_bytes -= size) {
        for (size_t a = 0, b = size - 1; a < b; a++, b--) {
            const uint8_t kept = bytes[a];
            bytes[a] = bytes[b];
            bytes[b] = kept;
        }
    }
}

#endif
