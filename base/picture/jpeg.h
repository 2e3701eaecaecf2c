/* jpeg.h - the pixels of JPEG
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PICTURE_JPEG_H
#define BASE_PICTURE_JPEG_H

#include "base/picture/decoding.h"

/* What decodes JPEG, in the arena and in memory of libjpeg's; DP_ENOMEM, or DP_ESTATE when libjpeg
 * is another than at the build. */
typedef struct dp_jpeg dp_jpeg;
dp_status dp_jpeg_open(dp_arena *, dp_jpeg **out, dp_error *);
void dp_jpeg_close(dp_jpeg *);

dp_status dp_jpeg_head(const dp_decoding *, dp_picture_head *);

/* Of a part of the picture as it is stored, whose head is this one, into their places in all of
 * it. */
dp_status dp_jpeg_pixels(const dp_decoding *, const dp_picture_head *, const dp_picture_part *,
                         uint8_t *out);

#endif
