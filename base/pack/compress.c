/* compress.c - one LZ4 block in memory, and the shuffle of elements that goes before it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/pack/compress.h"

#include <limits.h>
#include <lz4.h>
#include <lz4hc.h>

size_t dp_lz4_state_size(bool high)
{
    return (size_t)(high ? LZ4_sizeofStateHC() : LZ4_sizeofState());
}

size_t dp_lz4_pack(const uint8_t *bytes, size_t n, uint8_t *out, bool high, void *state)
{
    const char *from = (const char *)bytes;
    int size;

    if (n < 2 || n > LZ4_MAX_INPUT_SIZE)
        return 0;
    if (high)
        size = LZ4_compress_HC_extStateHC(state, from, (char *)out, (int)n, (int)n - 1,
                                          LZ4HC_CLEVEL_DEFAULT);
    else
        size = LZ4_compress_fast_extState(state, from, (char *)out, (int)n, (int)n - 1, 1);
    return size > 0 ? (size_t)size : 0;
}

bool dp_lz4_unpack(const uint8_t *block, size_t size, uint8_t *out, size_t n)
{
    if (size > INT_MAX || n > INT_MAX)
        return false;
    return LZ4_decompress_safe((const char *)block, (char *)out, (int)size, (int)n) == (int)n;
}
