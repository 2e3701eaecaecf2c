/* picture.c - pictures by their content, and turned as their camera was held
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/picture/picture.h"

#include <string.h>

#include "base/picture/jpeg.h"
#include "base/picture/png.h"
#include "base/sniff.h"
#include "base/status.h"

dp_picture_kind dp_picture_kind_of(const uint8_t *bytes, size_t n)
{
    if (n >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
        return DP_PICTURE_PNG;
    return n >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0 ? DP_PICTURE_JPEG : DP_PICTURE_NONE;
}

static dp_status unknown(const dp_decoding *d)
{
    return dp_fail(d->err, DP_ECORRUPT, "%.90s is not a JPEG or PNG picture%s", d->from->name,
                   dp_sniff_bytes(d->from->bytes, d->from->size).text);
}

static dp_status read_pixels(const dp_decoding *d, const dp_picture_head *head,
                             const dp_picture_part *part, uint8_t *out)
{
    switch (dp_picture_kind_of(d->from->bytes, d->from->size)) {
    case DP_PICTURE_PNG: return dp_png_pixels(d, head, part, out);
    case DP_PICTURE_JPEG: return dp_jpeg_pixels(d, head, part, out);
    default: return unknown(d);
    }
}

/* 2 to 8 of EXIF: how a picture that is stored so is turned to be upright. */
static bool turns(const dp_picture_how *how)
{
    return how->orientation == DP_TURN_AS_DECODER ? dp_rules_of(how)->turns
                                                  : how->orientation == DP_TURN_APPLY;
}

static bool swaps(int32_t orientation) { return orientation >= 5; }
static bool from_right(int32_t o) { return o == 2 || o == 3 || o == 7 || o == 8; }
static bool from_below(int32_t o) { return o == 3 || o == 4 || o == 6 || o == 7; }

/* What libjpeg takes of a picture whose coefficients it keeps, or of one that is turned, of four
 * components of the largest samplings; libpng takes less. */
static size_t most_of(int64_t height, int64_t width)
{
    return ((size_t)256 << 10) + (size_t)width * 512 + (size_t)((height + 64) * (width + 64)) * 12;
}

dp_status dp_picture_room_open(dp_picture_room *room, const dp_arena *like, int64_t height,
                               int64_t width, dp_error *err)
{
    const size_t most = most_of(height, width);
    dp_status status;

    *room = (dp_picture_room){.arena = {.alloc = like->alloc, .limit = like->limit},
                              .lasting = {.alloc = like->alloc}};
    status = dp_jpeg_open(&room->lasting, &room->jpeg, err);
    if (status == DP_OK) /* where there is not that much: a file may do with less */
        (void)dp_arena_reserve(&room->arena, most < DP_PICTURE_KEPT ? most : DP_PICTURE_KEPT);
    else
        dp_picture_room_close(room);
    return status;
}

void dp_picture_room_empty(dp_picture_room *room) { dp_arena_empty(&room->arena, DP_PICTURE_KEPT); }

void dp_picture_room_close(dp_picture_room *room)
{
    if (room->jpeg != NULL)
        dp_jpeg_close(room->jpeg);
    dp_arena_free(&room->arena);
    dp_arena_free(&room->lasting);
    room->jpeg = NULL;
}

dp_status dp_picture_look(const dp_encoded *from, const dp_picture_how *how, dp_picture_room *room,
                          dp_picture_head *head, dp_error *err)
{
    const dp_decoding d = {from, *how, room, err};

    switch (dp_picture_kind_of(from->bytes, from->size)) {
    case DP_PICTURE_PNG: return dp_png_head(&d, head);
    case DP_PICTURE_JPEG: return dp_jpeg_head(&d, head);
    default: return unknown(&d);
    }
}

void dp_picture_size(const dp_picture_head *head, const dp_picture_how *how, int64_t size[2])
{
    const bool swapped = turns(how) && swaps(head->orientation);

    size[0] = swapped ? head->width : head->height;
    size[1] = swapped ? head->height : head->width;
}

/* Where a part of the upright picture is stored. */
static dp_picture_part stored_part(const dp_picture_head *head, const dp_picture_part *part)
{
    const bool swapped = swaps(head->orientation);
    dp_picture_part in = *part;

    if (swapped)
        in = (dp_picture_part){part->left, part->top, part->width, part->height};
    if (from_below(head->orientation))
        in.top = head->height - in.top - in.height;
    if (from_right(head->orientation))
        in.left = head->width - in.left - in.width;
    return in;
}

/* Where a pixel of the upright picture is stored. */
static size_t stored_place(const dp_picture_head *head, int64_t y, int64_t x)
{
    const bool swapped = swaps(head->orientation);
    const int64_t row = swapped ? x : y, column = swapped ? y : x;

    return (size_t)((from_below(head->orientation) ? head->height - 1 - row : row) * head->width +
                    (from_right(head->orientation) ? head->width - 1 - column : column));
}

static void turn(const dp_decoding *d, const dp_picture_head *head, const dp_picture_part *part,
                 const uint8_t *pixels, uint8_t *out)
{
    const size_t channels = (size_t)d->how.channels;
    const int64_t width = swaps(head->orientation) ? head->height : head->width;

    for (int64_t y = part->top; y < part->top + part->height; y++) {
        for (int64_t x = part->left; x < part->left + part->width; x++)
            memcpy(out + (size_t)(y * width + x) * channels,
                   pixels + stored_place(head, y, x) * channels, channels);
    }
}

static dp_status decode_turned(const dp_decoding *upright, const dp_picture_head *head,
                               const dp_picture_part *part, uint8_t *out)
{
    const dp_picture_part in = stored_part(head, part);
    dp_decoding as = *upright, *d = &as;
    uint8_t *pixels = dp_arena_alloc(&d->room->arena, (size_t)(head->height * head->width),
                                     (size_t)d->how.channels);
    dp_status status;

    if (pixels == NULL)
        return dp_decoding_fail(d, true, "");
    as.how.decoder = dp_rules_of(&as.how)->turned;
    status = read_pixels(d, head, &in, pixels);
    if (status == DP_OK)
        turn(d, head, part, pixels, out);
    return status;
}

dp_status dp_picture_decode(const dp_encoded *from, const dp_picture_how *how,
                            const dp_picture_head *head, const dp_picture_part *part,
                            dp_picture_room *room, uint8_t *out, dp_error *err)
{
    const dp_decoding d = {from, *how, room, err};

    return turns(how) && head->orientation != 1 ? decode_turned(&d, head, part, out)
                                                : read_pixels(&d, head, part, out);
}
