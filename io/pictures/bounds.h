/* bounds.h - the least and the most of pictures, in every way that they can be turned
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_PICTURES_BOUNDS_H
#define IO_PICTURES_BOUNDS_H

#include "base/picture/picture.h"
#include "io/reader.h"

/* n sizes more; least is 0 where there was none. */
void dp_bounds_widen(int64_t *least, int64_t *most, const int64_t *sizes, int n);

/* One picture more, in three colours; all zeros where there was none. */
void dp_pictures_widen(dp_pictures *, const dp_picture_head *);

#endif
