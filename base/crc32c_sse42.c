/* crc32c_sse42.c - CRC-32C by the instruction of SSE4.2
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/crc32c.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <string.h>

uint32_t dp_crc32c_sse42(uint32_t crc, const uint8_t *bytes, size_t n)
{
    uint64_t wide = crc;

    for (; n >= 8; bytes += 8, n -= 8) {
        uint64_t eight;
        memcpy(&eight, bytes, 8);
        wide = _mm_crc32_u64(wide, eight);
    }
    crc = (uint32_t)wide;
    for (; n > 0; bytes++, n--)
        crc = _mm_crc32_u8(crc, *bytes);
    return crc;
}
#else
typedef int dp_nothing_here;
#endif
