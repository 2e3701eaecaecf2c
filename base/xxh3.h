/* xxh3.h - the loops of XXH3 and of the search for NaN for one instruction set; the digests are
 * equal
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * libxxhash chooses its instructions where it is compiled: base/xxh3.c and its like are the same
 * lines with other flags.  It fetches 384 bytes ahead, which is too late for what is in no cache of
 * the core: the vector ones fetch farther.
 */
#ifndef BASE_XXH3_H
#define BASE_XXH3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dp_xxh3 {
    void (*update)(void *state, const void *bytes, size_t size); /* of both widths */
    uint64_t (*hash64)(const void *bytes, size_t size, uint64_t seed);
    bool (*nan_f32)(const float *, size_t n);
    bool (*nan_f64)(const double *, size_t n);
} dp_xxh3;

extern const dp_xxh3 dp_xxh3_portable;
#if defined(__x86_64__)
extern const dp_xxh3 dp_xxh3_avx2, dp_xxh3_avx512; /* avx512f */
#endif

#endif
