/* decoding.c - what the formats share: bytes of a file, failures, limits, gray of colours
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/picture/decoding.h"

#include <string.h>

#include "base/number/gray.h"
#include "base/status.h"

dp_status dp_encoded_read(const dp_encoded *from, uint64_t at, uint8_t *buffer, size_t n,
                          size_t *got, dp_error *err)
{
    const uint64_t size = from->file != NULL ? from->end - from->at : from->size;
    int error;

    *got = 0;
    if (at >= size)
        return DP_OK;
    n = size - at < n ? (size_t)(size - at) : n;
    if (from->file != NULL) {
        error = dp_file_read_at(from->file, from->at + at, buffer, n, got);
        return error == 0 ? DP_OK
                          : dp_fail(err, DP_EIO, "cannot read %.120s: %s", from->name,
                                    dp_file_why(from->file, error));
    }
    memcpy(buffer, from->bytes + at, n);
    *got = n;
    return DP_OK;
}

dp_status dp_decoding_fail(const dp_decoding *d, bool starved, const char *why)
{
    return starved ? dp_arena_fail(&d->room->arena, d->err, d->from->name)
                   : dp_fail(d->err, DP_ECORRUPT, "%.120s: %.100s", d->from->name, why);
}

dp_status dp_decoding_limit(const dp_decoding *d, uint32_t height, uint32_t width)
{
    if (height <= DP_PICTURE_SIDE && width <= DP_PICTURE_SIDE)
        return DP_OK;
    return dp_fail(d->err, DP_ELIMIT,
                   "%.120s is %ux%u (height x width): a side has at most %d pixels", d->from->name,
                   height, width, DP_PICTURE_SIDE);
}

dp_status dp_decoding_check(const dp_decoding *d, const dp_picture_head *head, uint32_t height,
                            uint32_t width)
{
    if (height == head->height && width == head->width)
        return DP_OK;
    return dp_fail(d->err, DP_ESTATE,
                   "%.120s changed since it was opened: it is %ux%u, it was %lldx%lld (height x "
                   "width)",
                   d->from->name, height, width, (long long)head->height, (long long)head->width);
}

/* In the order of dp_decoder. */
static const dp_decoder_rules rules[] = {
    {"mindspore", false, DP_AS_MINDSPORE, false, false, DP_END_OF_ROWS, DP_INK_MARKED, DP_GRAY_NONE,
     DP_GRAY_MINDSPORE, DP_DEEP_UPPER},
    {"pillow", false, DP_AS_PILLOW, false, true, DP_END_MARKED, DP_INK_PILLOW, DP_GRAY_PILLOW,
     DP_GRAY_PILLOW, DP_DEEP_NO_GRAY},
    {"opencv", true, DP_AS_OPENCV, false, false, DP_END_ANYWHERE, DP_INK_OPENCV, DP_GRAY_OPENCV,
     DP_GRAY_LIBPNG, DP_DEEP_UPPER},
    {"tensorflow", false, DP_AS_TENSORFLOW, true, false, DP_END_MARKED, DP_INK_MARKED, DP_GRAY_NONE,
     DP_GRAY_LIBPNG, DP_DEEP_UPPER},
    {"torchvision", false, DP_AS_TORCHVISION, false, false, DP_END_MARKED, DP_INK_PILLOW,
     DP_GRAY_PILLOW, DP_GRAY_LIBPNG_2989, DP_DEEP_NONE},
    {"dali", true, DP_AS_DALI_TURNED, false, false, DP_END_MARKED, DP_INK_MARKED, DP_GRAY_DALI,
     DP_GRAY_LIBPNG, DP_DEEP_NONE},
    {"dali", true, DP_AS_DALI_TURNED, false, false, DP_END_MARKED, DP_INK_OPENCV, DP_GRAY_OPENCV,
     DP_GRAY_LIBPNG, DP_DEEP_NONE},
};

const dp_decoder_rules *dp_rules_of(const dp_picture_how *how) { return &rules[how->decoder]; }

static uint8_t gray_of(dp_gray_rule rule, uint32_t r, uint32_t g, uint32_t b)
{
    switch (rule) {
    case DP_GRAY_PILLOW: return (uint8_t)((19595 * r + 38470 * g + 7471 * b + (1 << 15)) >> 16);
    case DP_GRAY_OPENCV: return (uint8_t)((4899 * r + 9617 * g + 1868 * b + (1 << 13)) >> 14);
    case DP_GRAY_DALI: return (uint8_t)(0.299F * (float)r + 0.587F * (float)g + 0.114F * (float)b);
    default: return dp_gray((uint8_t)r, (uint8_t)g, (uint8_t)b);
    }
}

void dp_mix_gray(dp_gray_rule rule, const uint8_t *colours, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++, colours += 3)
        out[i] = gray_of(rule, colours[0], colours[1], colours[2]);
}
