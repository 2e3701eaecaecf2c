/* blake.c - BLAKE2b with 32 bytes (RFC 7693)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/blake.h"

#include <stdbool.h>
#include <string.h>

#include "base/blake_rounds.h"
#include "base/bytes.h"

#define BLOCK DP_BLAKE_BLOCK

static inline uint64_t turn(uint64_t x, int n) { return x >> n | x << (64 - n); }

#define MIX(a, b, c, d, x, y)                                                                      \
    do {                                                                                           \
        v[a] += v[b] + (x);                                                                        \
        v[d] = turn(v[d] ^ v[a], 32);                                                              \
        v[c] += v[d];                                                                              \
        v[b] = turn(v[b] ^ v[c], 24);                                                              \
        v[a] += v[b] + (y);                                                                        \
        v[d] = turn(v[d] ^ v[a], 16);                                                              \
        v[c] += v[d];                                                                              \
        v[b] = turn(v[b] ^ v[c], 63);                                                              \
    } while (0)

static void load_words(uint64_t m[16], const uint8_t *bytes)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(m, bytes, BLOCK);
#else
    for (int i = 0; i < 16; i++)
        m[i] = dp_load_le(bytes + 8 * i, 8);
#endif
}

static void take_block(dp_blake *b, const uint8_t *bytes, bool last)
{
    uint64_t v[16], m[16];

    load_words(m, bytes);
    memcpy(v, b->state, sizeof b->state);
    memcpy(v + 8, dp_blake_words, sizeof dp_blake_words);
    v[12] ^= b->length;
    v[14] ^= last ? ~(uint64_t)0 : 0;
    DP_BLAKE_ROUNDS;
    for (int i = 0; i < 8; i++)
        b->state[i] ^= v[i] ^ v[i + 8];
}

void dp_blake_start(dp_blake *b)
{
    *b = (dp_blake){.n = 0};
    memcpy(b->state, dp_blake_words, sizeof dp_blake_words);
    b->state[0] ^= 0x01010000 ^ DP_BLAKE;
}

static void take_full(dp_blake *b, const uint8_t *bytes)
{
    b->length += BLOCK;
    take_block(b, bytes, false);
}

/* A block is taken when more follows: the last one is another's case. */
void dp_blake_add(dp_blake *b, const void *bytes_, size_t n)
{
    const uint8_t *bytes = bytes_;

    while (n > 0) {
        if (b->n == BLOCK) {
            take_full(b, b->block);
            b->n = 0;
        }
        for (; b->n == 0 && n > BLOCK; n -= BLOCK, bytes += BLOCK)
            take_full(b, bytes); /* where it lies */
        const size_t some = n < BLOCK - b->n ? n : BLOCK - b->n;
        memcpy(b->block + b->n, bytes, some);
        b->n += some;
        bytes += some;
        n -= some;
    }
}

void dp_blake_end(dp_blake *b, uint8_t digest[DP_BLAKE])
{
    b->length += b->n;
    memset(b->block + b->n, 0, BLOCK - b->n);
    take_block(b, b->block, true);
    for (int i = 0; i < DP_BLAKE / 8; i++)
        dp_store_le(digest + 8 * i, 8, b->state[i]);
}

void dp_blake_bytes(const void *bytes, size_t n, uint8_t digest[DP_BLAKE])
{
    dp_blake b;

    dp_blake_start(&b);
    dp_blake_add(&b, bytes, n);
    dp_blake_end(&b, digest);
}

/* ---- several at once ---- */

#if defined(__x86_64__)
uint32_t dp_blake_lanes(void)
{
    return __builtin_cpu_supports("avx512f") ? 8 : __builtin_cpu_supports("avx2") ? 4 : 1;
}

static void take_lanes(uint32_t width, uint64_t states[8][DP_BLAKE_LANES],
                       const uint8_t *const bytes[DP_BLAKE_LANES], size_t n_blocks)
{
    if (width == 8)
        dp_blake_lanes_avx512(states, bytes, n_blocks);
    else
        dp_blake_lanes_avx2(states, bytes, n_blocks);
}
#else
uint32_t dp_blake_lanes(void) { return 1; }

static void take_lanes(uint32_t width, uint64_t states[8][DP_BLAKE_LANES],
                       const uint8_t *const bytes[DP_BLAKE_LANES], size_t n_blocks)
{
    (void)width, (void)states, (void)bytes, (void)n_blocks;
}
#endif

/* Blocks that each of them has, before its last one. */
static size_t common_blocks(uint32_t n, const size_t sizes[])
{
    size_t blocks = SIZE_MAX;

    for (uint32_t i = 0; i < n; i++) {
        const size_t full = sizes[i] > 0 ? (sizes[i] - 1) / BLOCK : 0;
        blocks = full < blocks ? full : blocks;
    }
    return blocks;
}

/* The first so many blocks of each; in lanes of which nobody wants the digest is the first one. */
static void take_common(uint32_t n, dp_blake b[], const uint8_t *const bytes[], size_t n_blocks)
{
    const uint32_t width = n > 4 ? 8 : 4;
    uint64_t states[8][DP_BLAKE_LANES];
    const uint8_t *lanes[DP_BLAKE_LANES];

    for (uint32_t i = 0; i < width; i++) {
        lanes[i] = bytes[i < n ? i : 0];
        for (int w = 0; w < 8; w++)
            states[w][i] = b[0].state[w];
    }
    take_lanes(width, states, lanes, n_blocks);
    for (uint32_t i = 0; i < n; i++) {
        for (int w = 0; w < 8; w++)
            b[i].state[w] = states[w][i];
        b[i].length = n_blocks * BLOCK;
    }
}

static void sum_lanes(uint32_t n, const uint8_t *const bytes[], const size_t sizes[],
                      uint8_t digests[][DP_BLAKE])
{
    const size_t n_blocks = n > 1 ? common_blocks(n, sizes) : 0, done = n_blocks * BLOCK;
    dp_blake b[DP_BLAKE_LANES];

    for (uint32_t i = 0; i < n; i++)
        dp_blake_start(&b[i]);
    if (n_blocks > 0)
        take_common(n, b, bytes, n_blocks);
    for (uint32_t i = 0; i < n; i++) {
        dp_blake_add(&b[i], bytes[i] + done, sizes[i] - done);
        dp_blake_end(&b[i], digests[i]);
    }
}

void dp_blake_many(uint32_t n, const uint8_t *const bytes[], const size_t sizes[],
                   uint8_t digests[][DP_BLAKE])
{
    const uint32_t most = dp_blake_lanes();

    for (uint32_t i = 0; i < n; i += most)
        sum_lanes(n - i < most ? n - i : most, bytes + i, sizes + i, digests + i);
}
