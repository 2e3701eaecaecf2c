/* blake.h - BLAKE2b with 32 bytes (RFC 7693), as `b2sum -l 256` prints it: a digest that nobody can
 * make other bytes for
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_BLAKE_H
#define BASE_BLAKE_H

#include <stddef.h>
#include <stdint.h>

#define DP_BLAKE 32 /* bytes */

typedef struct dp_blake {
    uint64_t state[8], length;
    size_t n; /* bytes that wait in block */
    uint8_t block[128];
} dp_blake;

void dp_blake_start(dp_blake *);
void dp_blake_add(dp_blake *, const void *bytes, size_t n);
void dp_blake_end(dp_blake *, uint8_t digest[DP_BLAKE]);
void dp_blake_bytes(const void *bytes, size_t n, uint8_t digest[DP_BLAKE]);

/* Up to DP_BLAKE_LANES messages; dp_blake_lanes of them, 8, 4 or 1, take little more than one. */
#define DP_BLAKE_LANES 8
void dp_blake_many(uint32_t n, const uint8_t *const bytes[], const size_t sizes[],
                   uint8_t digests[][DP_BLAKE]);
uint32_t dp_blake_lanes(void);

/* Begin four or eight messages with so many blocks of each; states[i] is word i of all. */
void dp_blake_lanes_avx2(uint64_t states[8][DP_BLAKE_LANES], const uint8_t *const bytes[4],
                         size_t n_blocks);
void dp_blake_lanes_avx512(uint64_t states[8][DP_BLAKE_LANES], const uint8_t *const bytes[8],
                           size_t n_blocks);

#endif
