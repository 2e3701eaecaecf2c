/* png.h - PNG pictures that tests write, by the specification and zlib alone
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SUPPORT_PNG_H
#define TESTS_SUPPORT_PNG_H

#include "tests/support/test.h"

/* One chunk: n bytes of it take n + 12; returns that. */
size_t test_png_chunk(uint8_t *out, const char *kind, const void *bytes, size_t n);

/* A picture <height, width, channels> of 8 bits: 1 = gray, 2 = gray and alpha, 3 = RGB, 4 = RGBA.
 */
void test_png_write(const char *folder, const char *name, int height, int width, int channels,
                    const uint8_t *pixels);

/* A file that says it has these sizes, and nothing more. */
void test_png_header(const char *folder, const char *name, uint32_t height, uint32_t width);

/* A folder in `folder`. */
void test_png_class(const char *folder, const char *class);

#endif
