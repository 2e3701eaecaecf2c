/* jpeg_range.h - blocks of JPEG whose values leave the range by far
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PICTURE_JPEG_RANGE_H
#define BASE_PICTURE_JPEG_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* Whether 64 coefficients, times their quantization, give the same pixels with arithmetic of 16
 * bits that saturates (libjpeg's SIMD code) and of more bits that wraps at 10 (its C code). */
bool dp_jpeg_in_range(const int16_t *block, const uint16_t *quantization);

#endif
