/* xxh3_lines.h - the lines of xxh3.c and its like: DP_XXH3 is the table's name
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/xxh3.h"

/* XXH3_128bits_update is the same function: the widths differ in the digest alone. */
static void update(void *state, const void *bytes, size_t size)
{
    XXH3_64bits_update(state, bytes, size);
}

static uint64_t hash64(const void *bytes, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, size, seed);
}

const dp_xxh3 DP_XXH3 = {update, hash64};
