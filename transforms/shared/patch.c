/* patch.c - a rectangle of an image overwritten
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/patch.h"

void dp_patch(const dp_tensor *image, int64_t top, int64_t left, int64_t height, int64_t width,
              const dp_ints *value)
{
    const int64_t channels = image->rank == 3 ? image->shape[2] : 1;
    const int64_t bottom = top + height < image->shape[0] ? top + height : image->shape[0];
    const int64_t right = left + width < image->shape[1] ? left + width : image->shape[1];
    uint8_t *pixels = image->data;

    for (int64_t y = top < 0 ? 0 : top; y < bottom; y++) {
        for (int64_t x = left < 0 ? 0 : left; x < right; x++) {
            for (int64_t c = 0; c < channels; c++)
                pixels[(y * image->shape[1] + x) * channels + c] =
                    (uint8_t)(value == NULL ? 0 : value->v[value->n == 3 && c < 3 ? c : 0]);
        }
    }
}
