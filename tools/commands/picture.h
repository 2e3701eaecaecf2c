/* picture.h - a picture to look at: pixels, small digits, a PNG file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_COMMANDS_PICTURE_H
#define TOOLS_COMMANDS_PICTURE_H

#include <stdint.h>

#include "detpipe_base.h"

typedef struct picture {
    uint32_t width, height;
    uint8_t *pixels; /* RGB */
} picture;

/* White. */
void picture_new(picture *, uint32_t width, uint32_t height);
void picture_free(picture *);

/* Both ends included; what is outside of the picture is left out. */
void picture_line(picture *, uint32_t x0, uint32_t y0, uint32_t x1, uint32_t y1,
                  const uint8_t rgb[3]);

/* Letters of 3x5 pixels, `size` times as large; what the font lacks is left blank. */
void picture_text(picture *, uint32_t x, uint32_t y, uint32_t size, const char *text);

/* Row i of a column of images <N,H,W>, <N,H,W,C> or <N,C,H,W>: floats from low to high become black
 * to white. */
typedef struct picture_source {
    const dp_tensor *tensor;
    uint32_t height, width, channels;
    int planes; /* <N,C,H,W> */
    double low, high;
} picture_source;

/* 0 when the column holds no images; batched: the first dimension is the row. */
int picture_of(picture_source *, const dp_tensor *, int batched);
void picture_image(picture *, uint32_t x, uint32_t y, uint32_t scale, const picture_source *,
                   uint64_t row);

/* To a file, whole or not at all; "-" is standard output.  0, or the exit status. */
int picture_save(const picture *, const char *path);

#endif
