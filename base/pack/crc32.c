/* crc32.c - the CRC-32 of ZIP, gzip and PNG
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/pack/crc32.h"

#include <zlib.h>

uint32_t dp_crc32(uint32_t crc, const uint8_t *bytes, size_t n)
{
    if (n == 0) /* NULL is zlib's word for "from the beginning" */
        return crc;
#if defined(__x86_64__)
    if (n >= 512 && __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
        const size_t whole = n / 256 * 256;
        uint8_t lines[64];
        dp_crc32_vpclmul(crc, bytes, whole, lines);
        crc = dp_crc32_pclmul(UINT32_MAX, lines, sizeof lines); /* its register begins at 0 */
        bytes += whole;
        n -= whole;
    }
    if (n >= 64 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
        const size_t whole = n / 16 * 16;
        crc = dp_crc32_pclmul(crc, bytes, whole);
        bytes += whole;
        n -= whole;
    }
#endif
    return n > 0 ? (uint32_t)crc32_z(crc, bytes, n) : crc;
}
