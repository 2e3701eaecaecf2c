/* blake.c - BLAKE2b with 32 bytes (RFC 7693)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/blake.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"

#define BLOCK 128

static const uint64_t start[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint8_t order[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

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

/* Its number is a constant, so that the places of its words are (twice as fast as a loop). */
#define ROUND(r)                                                                                   \
    do {                                                                                           \
        MIX(0, 4, 8, 12, m[order[r][0]], m[order[r][1]]);                                          \
        MIX(1, 5, 9, 13, m[order[r][2]], m[order[r][3]]);                                          \
        MIX(2, 6, 10, 14, m[order[r][4]], m[order[r][5]]);                                         \
        MIX(3, 7, 11, 15, m[order[r][6]], m[order[r][7]]);                                         \
        MIX(0, 5, 10, 15, m[order[r][8]], m[order[r][9]]);                                         \
        MIX(1, 6, 11, 12, m[order[r][10]], m[order[r][11]]);                                       \
        MIX(2, 7, 8, 13, m[order[r][12]], m[order[r][13]]);                                        \
        MIX(3, 4, 9, 14, m[order[r][14]], m[order[r][15]]);                                        \
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
    memcpy(v + 8, start, sizeof start);
    v[12] ^= b->length;
    v[14] ^= last ? ~(uint64_t)0 : 0;
    ROUND(0);
    ROUND(1);
    ROUND(2);
    ROUND(3);
    ROUND(4);
    ROUND(5);
    ROUND(6);
    ROUND(7);
    ROUND(8);
    ROUND(9);
    ROUND(0);
    ROUND(1);
    for (int i = 0; i < 8; i++)
        b->state[i] ^= v[i] ^ v[i + 8];
}

void dp_blake_start(dp_blake *b)
{
    *b = (dp_blake){.n = 0};
    memcpy(b->state, start, sizeof start);
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
