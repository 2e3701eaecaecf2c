/* png.c - PNG by libpng
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pixels are the numbers of the file, 8 bits a channel: 16 bits lose the lower byte, fewer are
 * spread to 0..255, palettes are looked up, alpha is dropped, gray is repeated for three channels,
 * colours are mixed for one.  What else a file says of them (gamma, profiles, transparency) is not
 * read, but for gamma by libpng's own mixing, which is that of most libraries.
 */
#include "base/picture/png.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>
#include <zlib.h>

#include "base/bytes.h"
#include "base/picture/exif.h"
#include "base/status.h"

#define HEADER 33 /* bytes of the signature and of the first chunk, which has the size */

#define MOST_CHUNKS 1000 /* that are looked at for the orientation */

/* In the first eXIf chunk before the pixels. */
static dp_status find_exif(const dp_decoding *d, int32_t *orientation)
{
    uint8_t bytes[8 + 512];
    uint64_t at = HEADER;
    size_t got;

    for (int i = 0; i < MOST_CHUNKS; i++) {
        const dp_status status = dp_encoded_read(d->from, at, bytes, sizeof bytes, &got, d->err);
        const uint32_t length = got < 8 ? 0 : dp_load_be32(bytes);
        if (status != DP_OK || got < 8 || memcmp(bytes + 4, "IDAT", 4) == 0)
            return status;
        if (memcmp(bytes + 4, "eXIf", 4) == 0) {
            *orientation = dp_exif_orientation(bytes + 8, length < got - 8 ? length : got - 8);
            return DP_OK;
        }
        at += (uint64_t)length + 12;
    }
    return DP_OK;
}

dp_status dp_png_head(const dp_decoding *d, dp_picture_head *head)
{
    uint8_t bytes[HEADER];
    uint32_t width, height;
    size_t got;
    dp_status status = dp_encoded_read(d->from, 0, bytes, sizeof bytes, &got, d->err);

    if (status != DP_OK)
        return status;
    if (got < HEADER)
        return dp_decoding_fail(d, false, "the file ends early");
    width = dp_load_be32(bytes + 16);
    height = dp_load_be32(bytes + 20);
    if (dp_load_be32(bytes + 8) != 13 || memcmp(bytes + 12, "IHDR", 4) != 0 ||
        dp_load_be32(bytes + 29) != crc32(0, bytes + 12, 17) || width == 0 || height == 0)
        return dp_decoding_fail(d, false, "its header is damaged");
    status = dp_decoding_limit(d, height, width);
    *head = (dp_picture_head){height, width, 1};
    return status != DP_OK ? status : find_exif(d, &head->orientation);
}

/* What libpng reads from, and where it goes when a file is damaged. */
typedef struct png {
    const dp_decoding *d;
    const dp_picture_head *head;
    const dp_picture_part *part;
    uint8_t *out;
    size_t at;
    bool starved; /* of memory, at any time */
    dp_status status;
    jmp_buf back;
    png_structp png;
    png_infop info;
} png;

/* It goes with the arena. */
static void give(png_structp p, png_voidp memory) { (void)p, (void)memory; }
static png_voidp take(png_structp p, png_alloc_size_t n)
{
    png *g = png_get_mem_ptr(p);
    void *memory = dp_arena_alloc(&g->d->room->arena, n, 1);

    g->starved = g->starved || memory == NULL;
    return memory;
}

static void failed(png_structp p, png_const_charp message)
{
    png *g = png_get_error_ptr(p);

    g->status = dp_decoding_fail(g->d, g->starved, message);
    longjmp(g->back, 1);
}

static void warned(png_structp p, png_const_charp message) { (void)p, (void)message; }

static void give_bytes(png_structp p, png_bytep out, size_t n)
{
    png *g = png_get_io_ptr(p);

    if (n > g->d->from->size - g->at)
        png_error(p, "the file ends early");
    memcpy(out, g->d->from->bytes + g->at, n);
    g->at += n;
}

/* The weight of red times 100,000 in gray that libpng mixes itself; 0 = it does not. */
static png_fixed_point red_of(const png *g)
{
    const dp_gray_rule rule = dp_rules_of(&g->d->how)->png_gray;

    if (g->d->how.channels != 1)
        return 0;
    return rule == DP_GRAY_LIBPNG ? 29900 : rule == DP_GRAY_LIBPNG_2989 ? 29890 : 0;
}

/* Chunks that change no pixel here, but would cost memory or be applied; gamma is the last two. */
static void pass_over(const png *g)
{
    static const char names[] = "bKGD\0cHRM\0eXIf\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0"
                                "sCAL\0sPLT\0tEXt\0tIME\0tRNS\0zTXt\0gAMA\0sRGB";

    png_set_keep_unknown_chunks(g->png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(g->png, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep)names,
                                sizeof names / 5 - (red_of(g) != 0 ? 2 : 0));
}

/* 8 bits a channel; gray in one channel or three, colours in three, or mixed. */
static void convert(const png *g, bool repeats)
{
    png_set_strip_16(g->png);
    png_set_expand(g->png);
    png_set_strip_alpha(g->png);
    if (repeats)
        png_set_gray_to_rgb(g->png);
    if (red_of(g) != 0)
        png_set_rgb_to_gray_fixed(g->png, PNG_ERROR_ACTION_NONE, red_of(g), 58700);
    png_read_update_info(g->png, g->info);
}

static void read_rows(const png *g, int passes, uint8_t *pixels, size_t row)
{
    for (int pass = 0; pass < passes; pass++) {
        for (int64_t y = 0; y < g->head->height; y++)
            png_read_row(g->png, pixels + (size_t)y * row, NULL);
    }
    png_read_end(g->png, NULL);
}

/* Pillow makes every value of gray of 16 bits that is above 255 white; torchvision keeps 16 bits,
 * and DALI rounds them. */
static void check_depth(const png *g)
{
    const dp_decoder_rules *rules = dp_rules_of(&g->d->how);
    const bool gray = png_get_color_type(g->png, g->info) == PNG_COLOR_TYPE_GRAY;
    char why[64];

    if (png_get_bit_depth(g->png, g->info) < 16 || rules->deep == DP_DEEP_UPPER ||
        (rules->deep == DP_DEEP_NO_GRAY && !gray))
        return;
    snprintf(why, sizeof why, "%s16 bits are not read as %s does",
             rules->deep == DP_DEEP_NO_GRAY ? "gray of " : "", rules->name);
    png_error(g->png, why);
}

/* The part of pixels of `step` bytes each. */
static void give_part(const png *g, const uint8_t *pixels, bool mix)
{
    const dp_picture_part *part = g->part;
    const size_t channels = (size_t)g->d->how.channels, step = mix ? 3 : channels;

    for (int64_t y = 0; y < part->height; y++) {
        const size_t place = (size_t)((part->top + y) * g->head->width + part->left);
        const uint8_t *row = pixels + place * step;
        uint8_t *out = g->out + place * channels;
        if (mix)
            dp_mix_gray(dp_rules_of(&g->d->how)->png_gray, row, (size_t)part->width, out);
        else
            memcpy(out, row, (size_t)part->width * channels);
    }
}

static void read_picture(png *g)
{
    const bool colour = (png_get_color_type(g->png, g->info) & PNG_COLOR_MASK_COLOR) != 0;
    const bool mix = colour && g->d->how.channels == 1 && red_of(g) == 0;
    const size_t row = (size_t)g->head->width * (mix ? 3 : (size_t)g->d->how.channels);
    const bool whole =
        g->part->height == g->head->height && g->part->width == g->head->width && !mix;
    const int passes = png_set_interlace_handling(g->png);
    uint8_t *pixels = whole ? g->out : png_malloc(g->png, (size_t)g->head->height * row);

    check_depth(g);
    convert(g, g->d->how.channels == 3 && !colour);
    if (png_get_rowbytes(g->png, g->info) != row)
        png_error(g->png, "an unknown kind of pixels");
    read_rows(g, passes, pixels, row);
    if (!whole)
        give_part(g, pixels, mix);
}

dp_status dp_png_pixels(const dp_decoding *d, const dp_picture_head *head,
                        const dp_picture_part *part, uint8_t *out)
{
    png g = {.d = d, .head = head, .part = part, .out = out};

    g.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &g, failed, warned, &g, take, give);
    g.info = g.png != NULL ? png_create_info_struct(g.png) : NULL;
    if (g.info == NULL) {
        png_destroy_read_struct(&g.png, NULL, NULL);
        return dp_decoding_fail(d, true, "");
    }
    if (setjmp(g.back) != 0) {
        png_destroy_read_struct(&g.png, &g.info, NULL);
        return g.status;
    }
    png_set_user_limits(g.png, DP_PICTURE_SIDE, DP_PICTURE_SIDE);
    pass_over(&g);
    png_set_read_fn(g.png, &g, give_bytes);
    png_read_info(g.png, g.info);
    g.status = dp_decoding_check(d, head, png_get_image_height(g.png, g.info),
                                 png_get_image_width(g.png, g.info));
    if (g.status == DP_OK)
        read_picture(&g);
    png_destroy_read_struct(&g.png, &g.info, NULL);
    return g.status == DP_OK && g.starved ? dp_decoding_fail(d, true, "") : g.status;
}
