/* hash.c - XXH3 over values that are the same on every machine
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/hash.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/bytes.h"
#include "base/number/num.h"
#include "base/tensor.h"
#include "base/xxh3.h"

_Static_assert(sizeof(dp_hash) >= sizeof(XXH3_state_t), "dp_hash must hold libxxhash's state");
_Static_assert(_Alignof(dp_hash) >= _Alignof(XXH3_state_t),
               "dp_hash must be aligned as libxxhash's state");

static const dp_xxh3 *xxh3(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return &dp_xxh3_avx512;
    if (__builtin_cpu_supports("avx2"))
        return &dp_xxh3_avx2;
#endif
    return &dp_xxh3_portable;
}

static XXH3_state_t *state(dp_hash *h) { return (XXH3_state_t *)(void *)h->state; }

void dp_hash_init(dp_hash *h)
{
    XXH3_INITSTATE(state(h));
    XXH3_128bits_reset(state(h));
}

void dp_hash_bytes(dp_hash *h, const void *bytes, size_t size)
{
    if (size != 0)
        xxh3()->update(state(h), bytes, size);
}

void dp_hash_u64(dp_hash *h, uint64_t value)
{
    uint8_t bytes[8];
    dp_store_le(bytes, 8, value);
    dp_hash_bytes(h, bytes, 8);
}

void dp_hash_text(dp_hash *h, const char *text)
{
    const size_t length = strlen(text);
    dp_hash_u64(h, length);
    dp_hash_bytes(h, text, length);
}

void dp_hash_final(const dp_hash *h, uint8_t digest[16])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical,
                             XXH3_128bits_digest((const XXH3_state_t *)(const void *)h->state));
    memcpy(digest, canonical.digest, 16);
}

void dp_digest(const void *bytes, size_t size, uint8_t digest[16])
{
    dp_hash h;

    if (digest == NULL)
        return;
    if (bytes == NULL && size > 0) {
        memset(digest, 0, 16);
        return;
    }
    dp_hash_init(&h);
    dp_hash_bytes(&h, bytes, size);
    dp_hash_final(&h, digest);
}

void dp_digest_give(const uint8_t own[16], uint8_t digest[16])
{
    if (digest == NULL)
        return;
    memset(digest, 0, 16);
    if (own != NULL)
        memcpy(digest, own, 16);
}

static const char digits[] = "0123456789abcdef";

void dp_hex_text(const uint8_t *bytes, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

bool dp_hex_parse(const char *text, uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < 2 * n; i++) {
        const char *digit = text[i] != '\0' ? strchr(digits, text[i]) : NULL;
        if (digit == NULL)
            return false;
        bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | (digit - digits));
    }
    return true;
}

void dp_digest_text(const uint8_t digest[16], char out[33]) { dp_hex_text(digest, 16, out); }

bool dp_digest_parse(const char *text, uint8_t digest[16])
{
    return dp_hex_parse(text, digest, 16);
}

uint64_t dp_hash64(const void *bytes, size_t size) { return dp_hash64_seeded(bytes, size, 0); }

uint64_t dp_hash64_seeded(const void *bytes, size_t size, uint64_t seed)
{
    return xxh3()->hash64(bytes, size, seed);
}

void dp_hash64_init(dp_hash *h)
{
    XXH3_INITSTATE(state(h));
    XXH3_64bits_reset(state(h));
}

uint64_t dp_hash64_final(const dp_hash *h)
{
    return XXH3_64bits_digest((const XXH3_state_t *)(const void *)h->state);
}

/* Element i as the bits that are hashed. */
static uint64_t canonical_bits(const dp_tensor *t, size_t i)
{
    const uint8_t *p = (const uint8_t *)t->data + i * dp_dtype_size(t->dtype);
    uint64_t u64;
    uint32_t u32;
    uint16_t u16;

    switch (dp_dtype_size(t->dtype)) {
    case 8:
        memcpy(&u64, p, 8);
        return t->dtype == DP_F64 && (u64 & INT64_MAX) > 0x7FF0000000000000u ? 0x7FF8000000000000u
                                                                             : u64;
    case 4:
        memcpy(&u32, p, 4);
        return t->dtype == DP_F32 && (u32 & INT32_MAX) > 0x7F800000u ? 0x7FC00000u : u32;
    case 2:
        memcpy(&u16, p, 2);
        return t->dtype == DP_F16 && (u16 & INT16_MAX) > 0x7C00u ? 0x7E00u : u16;
    default: return *p;
    }
}

static bool may_have_nan(const dp_tensor *t, size_t n)
{
    switch (t->dtype) {
    case DP_F16: return true; /* not looked for */
    case DP_F32: return xxh3()->nan_f32(t->data, n);
    case DP_F64: return xxh3()->nan_f64(t->data, n);
    default: return false;
    }
}

/* Whether the bytes in memory are the bytes to hash. */
static bool is_canonical(const dp_tensor *t, size_t n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return !may_have_nan(t, n);
#else
    return dp_dtype_size(t->dtype) == 1 && !may_have_nan(t, n);
#endif
}

void dp_tensor_store(const dp_tensor *t, uint8_t *out)
{
    const size_t n = (size_t)dp_tensor_count(t), size = dp_dtype_size(t->dtype);

    if (n > 0 && is_canonical(t, n))
        memcpy(out, t->data, n * size);
    else
        for (size_t i = 0; i < n; i++)
            dp_store_le(out + i * size, size, canonical_bits(t, i));
}

void dp_tensor_load(const dp_tensor *t)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    dp_turn(t->data, dp_tensor_bytes(t), dp_dtype_size(t->dtype));
#else
    (void)t;
#endif
}

void dp_hash_type(dp_hash *h, const dp_tensor *t)
{
    dp_hash_u64(h, (uint64_t)t->dtype);
    dp_hash_u64(h, (uint64_t)t->rank);
    for (int32_t d = 0; d < t->rank; d++)
        dp_hash_u64(h, (uint64_t)t->shape[d]);
}

/* Some elements at a time, which are searched for NaN while they are in the cache: to go back is
 * cheaper than to search first. */
static void hash_elements(dp_hash *h, const dp_tensor *t)
{
    const size_t n = (size_t)dp_tensor_count(t), size = dp_dtype_size(t->dtype);
    uint8_t block[16384];
    size_t m;

    for (size_t i = 0; i < n; i += m) {
        const dp_tensor part = {(uint8_t *)t->data + i * size, t->dtype, 0, {0}};
        const dp_hash before = *h;
        m = n - i < sizeof block / size ? n - i : sizeof block / size;
        dp_hash_bytes(h, part.data, m * size);
        if (is_canonical(&part, m))
            continue;
        *h = before;
        for (size_t j = 0; j < m; j++)
            dp_store_le(block + j * size, size, canonical_bits(&part, j));
        dp_hash_bytes(h, block, m * size);
    }
}

void dp_hash_tensor(dp_hash *h, const dp_tensor *t)
{
    dp_hash_type(h, t);
    hash_elements(h, t);
}
