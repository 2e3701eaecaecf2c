/* byte_shuffle.h - the bytes of elements, all first ones, then all second ones, ..., for a smaller
 * block
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PACK_BYTE_SHUFFLE_H
#define BASE_PACK_BYTE_SHUFFLE_H

#include <stddef.h>
#include <stdint.h>

/* Byte 0 of every element of `size` bytes, then byte 1, ...; and back. */
void dp_byte_shuffle(const uint8_t *bytes, size_t n_elements, size_t size, uint8_t *out);
void dp_byte_unshuffle(const uint8_t *bytes, size_t n_elements, size_t size, uint8_t *out);

#endif
