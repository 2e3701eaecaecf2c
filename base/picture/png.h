/* png.h - the pixels of PNG
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PICTURE_PNG_H
#define BASE_PICTURE_PNG_H

#include "base/picture/decoding.h"

dp_status dp_png_head(const dp_decoding *, dp_picture_head *);

/* Of a part of the picture as it is stored, whose head is this one, into their places in all of
 * it. */
dp_status dp_png_pixels(const dp_decoding *, const dp_picture_head *, const dp_picture_part *,
                        uint8_t *out);

#endif
