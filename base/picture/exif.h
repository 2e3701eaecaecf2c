/* exif.h - how the camera was held
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PICTURE_EXIF_H
#define BASE_PICTURE_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* The orientation, 1 to 8, in n bytes of EXIF, which begin with their order, "II" or "MM"; 1 when
 * they say none. */
int32_t dp_exif_orientation(const uint8_t *bytes, size_t n);

#endif
