/* jpeg.c - JPEG files that tests make
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/jpeg.h"

#include <stdio.h> /* for jpeglib.h */

#include <jpeglib.h>

#include "tests/support/test.h"

size_t test_jpeg(int height, int width, int components, bool progressive, uint8_t **out)
{
    const size_t size = (size_t)width * (size_t)components;
    struct jpeg_compress_struct c = {0};
    struct jpeg_error_mgr errors;
    uint8_t *noise = malloc(size);
    unsigned long n = 0;

    assert_non_null(noise);
    test_noise(noise, size);
    *out = NULL;
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, out, &n);
    c.image_width = (JDIMENSION)width;
    c.image_height = (JDIMENSION)height;
    c.input_components = components;
    c.in_color_space = components == 4 ? JCS_CMYK : components == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&c);
    if (progressive)
        jpeg_simple_progression(&c);
    jpeg_start_compress(&c, TRUE);
    for (int y = 0; y < height; y++) {
        JSAMPROW row = noise;
        noise[y % (int)size]++;
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    free(noise);
    return n;
}
