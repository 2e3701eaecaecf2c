/* flip.c - mirroring images, for the five flips
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/flip.h"

#include <string.h>

#include "transforms/shared/chance.h"
#include "transforms/shared/frame.h"

dp_status dp_plan_flip(void *params, const dp_column *in, dp_column *out, dp_arena *arena,
                       dp_error *err)
{
    (void)params, (void)out, (void)arena;
    if (in->type.rank < 2)
        return dp_fail(err, DP_ESPEC, "takes images: column %s is %s", in->name,
                       dp_tensor_type(&in->type).text);
    return dp_check_image_type(in, err);
}

typedef struct layout {
    size_t images, height, width, pixel_size;
} layout;

static layout layout_of(const dp_tensor *t)
{
    const int32_t y = t->rank == 2 ? 0 : t->rank - 3;
    layout l = {1, (size_t)t->shape[y], (size_t)t->shape[y + 1], dp_dtype_size(t->dtype)};

    if (t->rank > 2)
        l.pixel_size *= (size_t)t->shape[y + 2];
    for (int32_t d = 0; d < y; d++)
        l.images *= (size_t)t->shape[d];
    return l;
}

void dp_flip_horizontal(const dp_tensor *in, const dp_tensor *out)
{
    const layout l = layout_of(in);
    const uint8_t *src = in->data;
    uint8_t *dst = out->data;

    for (size_t row = 0; row < l.images * l.height;
         row++, src += l.width * l.pixel_size, dst += l.width * l.pixel_size) {
        for (size_t x = 0; x < l.width; x++)
            memcpy(dst + x * l.pixel_size, src + (l.width - 1 - x) * l.pixel_size, l.pixel_size);
    }
}

void dp_flip_vertical(const dp_tensor *in, const dp_tensor *out)
{
    const layout l = layout_of(in);
    const size_t row_size = l.width * l.pixel_size;

    for (size_t i = 0; i < l.images; i++) {
        const uint8_t *src = (const uint8_t *)in->data + i * l.height * row_size;
        uint8_t *dst = (uint8_t *)out->data + i * l.height * row_size;
        for (size_t y = 0; y < l.height; y++)
            memcpy(dst + y * row_size, src + (l.height - 1 - y) * row_size, row_size);
    }
}

void dp_flip_places(int32_t *places, int32_t n)
{
    for (int32_t a = 0, b = n - 1; a < b; a++, b--) {
        const int32_t kept = places[a];
        places[a] = places[b];
        places[b] = kept;
    }
}

void dp_flip_part_horizontal(const dp_tensor *in, dp_picture_part *part)
{
    part->left = in->shape[1] - part->left - part->width;
}

void dp_flip_part_vertical(const dp_tensor *in, dp_picture_part *part)
{
    part->top = in->shape[0] - part->top - part->height;
}

/* ---- left to right, where that was drawn ---- */

void dp_flip_if_drawn(const void *params, const double *draws, const dp_tensor *in,
                      const dp_tensor *out)
{
    (void)params;
    dp_change_if(draws[0] != 0, dp_flip_horizontal, in, out);
}

void dp_flip_part_if_drawn(const void *params, const double *draws, const dp_tensor *in,
                           const dp_tensor *out, dp_picture_part *part)
{
    (void)params, (void)out;
    if (draws[0] != 0)
        dp_flip_part_horizontal(in, part);
}

void dp_flip_places_if_drawn(const void *params, const double *draws, dp_places *at)
{
    (void)params;
    if (draws[0] != 0)
        dp_flip_places(at->cols, at->width);
}

bool dp_flip_fixed(const dp_fixing *f) { return f->draws[0] == 0 || dp_fix(f, "horizontal_flip"); }
