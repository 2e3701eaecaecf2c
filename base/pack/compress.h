/* compress.h - one LZ4 block in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PACK_COMPRESS_H
#define BASE_PACK_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* dp_lz4_pack writes less than n bytes into out, which has room for n, and returns how many; 0 when
 * it does not get smaller.  state: dp_lz4_state_size(high) bytes.  high: LZ4_HC, level 9. */
size_t dp_lz4_state_size(bool high);
size_t dp_lz4_pack(const uint8_t *bytes, size_t n, uint8_t *out, bool high, void *state);

/* Exactly n bytes from a block of `size`, or false; a damaged block is not a fault. */
bool dp_lz4_unpack(const uint8_t *block, size_t size, uint8_t *out, size_t n);

#endif
