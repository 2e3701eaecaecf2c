/* png.c - PNG pictures that tests write, by the specification and zlib alone
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/png.h"

#include <sys/stat.h>

#include <zlib.h>

static void put_u32(uint8_t *out, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (24 - 8 * i));
}

size_t test_png_chunk(uint8_t *out, const char *kind, const void *bytes, size_t n)
{
    put_u32(out, (uint32_t)n);
    memcpy(out + 4, kind, 4);
    memcpy(out + 8, bytes, n);
    put_u32(out + 8 + n, (uint32_t)crc32(0, out + 4, (uInt)n + 4));
    return n + 12;
}

static size_t put_start(uint8_t *out, uint32_t height, uint32_t width, uint8_t color)
{
    uint8_t header[13] = {0, 0, 0, 0, 0, 0, 0, 0, 8, color, 0, 0, 0};

    put_u32(header, width);
    put_u32(header + 4, height);
    memcpy(out, "\x89PNG\r\n\x1a\n", 8);
    return 8 + test_png_chunk(out + 8, "IHDR", header, sizeof header);
}

void test_png_write(const char *folder, const char *name, int height, int width, int channels,
                    const uint8_t *pixels)
{
    static const uint8_t colors[] = {0, 0, 4, 2, 6};
    const size_t row = (size_t)width * (size_t)channels, size = (row + 1) * (size_t)height;
    uLongf packed_size = compressBound(size);
    uint8_t *raw = calloc(1, size), *packed = malloc(packed_size), *out;
    size_t n;

    out = malloc(packed_size + 100);
    assert_true(raw != NULL && packed != NULL && out != NULL);
    for (size_t y = 0; y < (size_t)height; y++) /* filter 0 */
        memcpy(raw + y * (row + 1) + 1, pixels + y * row, row);
    assert_int_equal(compress(packed, &packed_size, raw, size), Z_OK);
    n = put_start(out, (uint32_t)height, (uint32_t)width, colors[channels]);
    n += test_png_chunk(out + n, "IDAT", packed, packed_size);
    n += test_png_chunk(out + n, "IEND", "", 0);
    test_write(folder, name, out, n);
    free(raw);
    free(packed);
    free(out);
}

void test_png_header(const char *folder, const char *name, uint32_t height, uint32_t width)
{
    uint8_t out[64];

    test_write(folder, name, out, put_start(out, height, width, 2));
}

void test_png_class(const char *folder, const char *class)
{
    char path[400];

    snprintf(path, sizeof path, "%s/%s", folder, class);
    assert_int_equal(mkdir(path, 0700), 0);
}
