/* crc32.h - the CRC-32 of ZIP, gzip and PNG
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PACK_CRC32_H
#define BASE_PACK_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Of the bytes that `crc` is of and n more; 0 is that of none.  What zlib's crc32 gives, several
 * times as fast where the machine multiplies without carries. */
uint32_t dp_crc32(uint32_t crc, const uint8_t *bytes, size_t n);

#if defined(__x86_64__)
/* The same with PCLMULQDQ and SSE4.1, of whole lines: n is a multiple of 16, 64 at least. */
uint32_t dp_crc32_pclmul(uint32_t crc, const uint8_t *bytes, size_t n);
/* With VPCLMULQDQ and AVX-512F, n a multiple of 256, 256 at least: bytes whose CRC, with a register
 * that begins at 0, is that of `bytes`. */
void dp_crc32_vpclmul(uint32_t crc, const uint8_t *bytes, size_t n, uint8_t lines[64]);
#endif

#endif
