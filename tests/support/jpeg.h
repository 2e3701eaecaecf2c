/* jpeg.h - JPEG files that tests make
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SUPPORT_JPEG_H
#define TESTS_SUPPORT_JPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Noise, of 1, 3 or 4 components, in memory that the caller frees; its size. */
size_t test_jpeg(int height, int width, int components, bool progressive, uint8_t **out);

#endif
