/* patch.h - a rectangle of an image overwritten, for the stages that do so
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TRANSFORMS_SHARED_PATCH_H
#define TRANSFORMS_SHARED_PATCH_H

#include "transforms/shared/transform.h"

/* Rows top..top+height-1, columns left..left+width-1 of a uint8 image get the value (one, or one
 * for each of three channels; NULL = 0), as far as they are inside. */
void dp_patch(const dp_tensor *image, int64_t top, int64_t left, int64_t height, int64_t width,
              const dp_ints *value);

#endif
