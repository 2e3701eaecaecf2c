/* crc32c.h - CRC-32C (Castagnoli), of TFRecord
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t dp_crc32c(const uint8_t *bytes, size_t n);
/* As it stands in files, so that no CRC is taken of one: rotated by 15, and a constant more. */
uint32_t dp_crc32c_masked(const uint8_t *bytes, size_t n);

/* Its loop, from one remainder to the next; the same by the machine's own instruction. */
uint32_t dp_crc32c_portable(uint32_t crc, const uint8_t *bytes, size_t n);
#if defined(__x86_64__)
uint32_t dp_crc32c_sse42(uint32_t crc, const uint8_t *bytes, size_t n);
#endif

#endif
