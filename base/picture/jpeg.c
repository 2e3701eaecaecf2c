/* jpeg.c - JPEG by libjpeg-turbo, with the settings whose bytes are the same in all its versions
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The exact inverse transform, chroma spread smoothly, no smoothing of blocks that are not there
 * yet: the pixels of Pillow, OpenCV, torchvision and MindSpore (docs/pictures.md).  Refused, as
 * MindSpore does: 12 bits, lossless, two components or more than four, and data that end before
 * the picture does.
 */
#include "base/picture/jpeg.h"

#include <setjmp.h>
#include <string.h>

#include <jerror.h>

#include "base/picture/exif.h"
#include "base/picture/jpeg_memory.h"
#include "base/picture/jpeg_range.h"
#include "base/status.h"

#define WINDOW     4096 /* bytes of a file that are read at once, for its header */
#define MOST_SCANS 500  /* each costs a pass over the picture */
#define EXIF_SIZE  6    /* bytes of "Exif\0\0", before it */
#define MARGIN     2    /* columns that are decoded beside a part: its chroma is spread from them */

/* What is wanted of a picture. */
typedef struct task {
    void (*work)(dp_jpeg *);
    dp_picture_head *found;
    const dp_picture_head *head;
    const dp_picture_part *part;
    uint8_t *out;
} task;

struct dp_jpeg {
    dp_jpeg_memory memory; /* first: libjpeg's client_data */
    const dp_decoding *decoding;
    const dp_decoder_rules *rules;
    task task;
    struct jpeg_decompress_struct fresh, d; /* as it was created; of a picture */
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    uint64_t at; /* bytes of the file that were given */
    bool ended;  /* the file did, before its end was marked */
    dp_status status;
    jmp_buf back;
    uint8_t window[WINDOW];
};

/* ---- errors ---- */

_Noreturn static void stop(dp_jpeg *j, dp_status status)
{
    j->status = status;
    longjmp(j->back, 1);
}

_Noreturn static void refuse(dp_jpeg *j, const char *why)
{
    stop(j, dp_decoding_fail(j->decoding, j->memory.starved, why));
}

static void failed(j_common_ptr c)
{
    char message[JMSG_LENGTH_MAX];

    (*c->err->format_message)(c, message);
    refuse(c->client_data, message);
}

/* What is damaged otherwise is delivered, as all libraries do. */
static void warned(j_common_ptr c, int level) { (void)c, (void)level; }
static void print_nothing(j_common_ptr c) { (void)c; }

static void progressed(j_common_ptr c)
{
    const j_decompress_ptr d = (j_decompress_ptr)c;

    if (d->input_scan_number > MOST_SCANS)
        refuse(c->client_data, "it has more than 500 scans");
}

/* ---- the bytes of the file ---- */

static void begin_source(j_decompress_ptr d) { (void)d; }

/* Behind the last byte comes the marker of the end, again and again. */
static boolean fill(j_decompress_ptr d)
{
    static const JOCTET end[2] = {0xFF, JPEG_EOI};
    dp_jpeg *j = d->client_data;
    size_t got = 0;
    dp_error *err = j->decoding->err;
    const dp_status status =
        j->decoding->from->file == NULL
            ? DP_OK
            : dp_encoded_read(j->decoding->from, j->at, j->window, WINDOW, &got, err);

    if (status != DP_OK)
        stop(j, status);
    j->at += got;
    j->ended = got == 0;
    j->source.next_input_byte = j->ended ? end : j->window;
    j->source.bytes_in_buffer = j->ended ? sizeof end : got;
    return TRUE;
}

static void skip(j_decompress_ptr d, long n)
{
    dp_jpeg *j = d->client_data;

    if (n <= 0)
        return;
    if ((size_t)n <= j->source.bytes_in_buffer) {
        j->source.next_input_byte += n;
        j->source.bytes_in_buffer -= (size_t)n;
        return;
    }
    j->at += (size_t)n - j->source.bytes_in_buffer;
    j->source.bytes_in_buffer = 0;
    (void)fill(d);
}

static void end_source(j_decompress_ptr d) { (void)d; }

static void set_source(dp_jpeg *j)
{
    j->source = (struct jpeg_source_mgr){.next_input_byte = j->decoding->from->bytes,
                                         .bytes_in_buffer = j->decoding->from->size,
                                         .init_source = begin_source,
                                         .fill_input_buffer = fill,
                                         .skip_input_data = skip,
                                         .resync_to_restart = jpeg_resync_to_restart,
                                         .term_source = end_source};
    j->at = j->decoding->from->size;
    j->d.src = &j->source;
}

/* ---- the header ---- */

static bool lossless(const struct jpeg_decompress_struct *d)
{
    return !d->progressive_mode && d->Ss > 0 && d->Se == 0;
}

static void check_header(dp_jpeg *j)
{
    const struct jpeg_decompress_struct *d = &j->d;
    const dp_status status = dp_decoding_limit(j->decoding, d->image_height, d->image_width);

    if (status != DP_OK)
        stop(j, status);
    if (j->ended)
        refuse(j, "the file ends early");
    if (d->data_precision != 8)
        refuse(j, "JPEG of 12 bits is not read");
    if (lossless(d))
        refuse(j, "lossless JPEG is not read");
    if (d->num_components != 1 && d->num_components != 3 && d->num_components != 4)
        refuse(j, "JPEG has 1, 3 or 4 components");
    if (d->num_components == 4 && j->decoding->how.channels == 1 &&
        j->rules->ink_gray == DP_GRAY_NONE)
        refuse(j, "its library makes no gray of four inks (CMYK): decoder=opencv and pillow do");
}

static int32_t orientation_of(const struct jpeg_decompress_struct *d)
{
    for (jpeg_saved_marker_ptr m = d->marker_list; m != NULL; m = m->next) {
        if (m->data_length > EXIF_SIZE && memcmp(m->data, "Exif\0\0", EXIF_SIZE) == 0)
            return dp_exif_orientation(m->data + EXIF_SIZE, m->data_length - EXIF_SIZE);
    }
    return 1;
}

static void read_header(dp_jpeg *j)
{
    set_source(j);
    jpeg_read_header(&j->d, TRUE);
    check_header(j);
}

static void look(dp_jpeg *j)
{
    jpeg_save_markers(&j->d, JPEG_APP0 + 1, 0xFFFF);
    read_header(j);
    *j->task.found = (dp_picture_head){j->d.image_height, j->d.image_width, orientation_of(&j->d)};
}

/* ---- the pixels ---- */

/* Four components, each as it lies in the file: k times the rest, as each library rounds it. */
static uint8_t ink(const dp_jpeg *j, unsigned c, unsigned k)
{
    const unsigned t = c * k + 128;

    switch (j->rules->inks) {
    case DP_INK_PILLOW: return (uint8_t)(((t >> 8) + t) >> 8);
    case DP_INK_OPENCV: return (uint8_t)(k - ((255 - c) * k >> 8));
    default: return (uint8_t)(j->d.saw_Adobe_marker ? c * k / 255 : (255 - k) * (255 - c) / 255);
    }
}

/* Which colours the library is asked for; *mixed: gray is made of them here. */
static J_COLOR_SPACE colours_of(const dp_jpeg *j, bool *mixed)
{
    const bool gray = j->decoding->how.channels == 1;

    *mixed = gray && (j->d.num_components == 4 || (j->d.num_components == 3 && j->rules->mixes));
    if (j->d.num_components == 4)
        return JCS_CMYK;
    return gray && !*mixed ? JCS_GRAYSCALE : JCS_RGB;
}

/* A row of n pixels of the library's to what is delivered. */
static void convert(const dp_jpeg *j, uint8_t *row, size_t n, bool mixed, uint8_t *out)
{
    if (j->d.out_color_space == JCS_CMYK) { /* in place: three bytes of four */
        for (size_t i = 0; i < n; i++) {
            const unsigned k = row[4 * i + 3];
            for (size_t c = 0; c < 3; c++)
                row[3 * i + c] = ink(j, row[4 * i + c], k);
        }
    }
    if (mixed)
        dp_mix_gray(j->rules->ink_gray, row, n, out);
    else
        memcpy(out, row, n * (size_t)j->decoding->how.channels);
}

/* Rows of the part, decoded in a window of columns that begins `shift` before it: at once into
 * their places, where they need no more. */
static void read_rows(dp_jpeg *j, size_t shift, bool mixed)
{
    const size_t pixel = (size_t)j->d.output_components;
    const size_t channels = (size_t)j->decoding->how.channels;
    const size_t stride = (size_t)j->task.head->width * channels;
    const bool direct = !mixed && pixel == channels;
    uint8_t *out =
        j->task.out + (size_t)j->task.part->top * stride + (size_t)j->task.part->left * channels;
    uint8_t *row =
        direct ? NULL
               : j->d.mem->alloc_large((j_common_ptr)&j->d, JPOOL_IMAGE, j->d.output_width * pixel);

    if (j->task.part->top > 0)
        jpeg_skip_scanlines(&j->d, (JDIMENSION)j->task.part->top);
    for (int64_t y = 0; y < j->task.part->height; y++, out += stride) {
        JSAMPROW to = direct ? out - shift * channels : row;
        jpeg_read_scanlines(&j->d, &to, 1);
        if (!direct)
            convert(j, row + shift * pixel, (size_t)j->task.part->width, mixed, out);
    }
}

/* The columns to be decoded for a part, as far as libjpeg takes them; how many stand before it. */
static size_t crop(dp_jpeg *j)
{
    const int64_t margin = j->decoding->how.edges == DP_EDGES_EXACT ? MARGIN : 0;
    const int64_t width = j->d.output_width,
                  right = j->task.part->left + j->task.part->width + margin;
    JDIMENSION left = (JDIMENSION)(j->task.part->left > margin ? j->task.part->left - margin : 0);
    JDIMENSION n = (JDIMENSION)((right < width ? right : width) - left);

    if (n < width)
        jpeg_crop_scanline(&j->d, &left, &n);
    return (size_t)j->task.part->left - left;
}

/* Whether scans are missing that would make coefficients exact. */
static bool lacks_scans(const struct jpeg_decompress_struct *d)
{
    for (int c = 0; d->coef_bits != NULL && c < d->num_components; c++) {
        for (int i = 0; i < DCTSIZE2; i++) {
            if (d->coef_bits[c][i] != 0)
                return true;
        }
    }
    return false;
}

/* Where the file ends too early (dp_end_rule).  What OpenCV smooths then depends on its version. */
static void check_end(dp_jpeg *j)
{
    if (j->rules->end == DP_END_MARKED && j->task.part->height == j->task.head->height)
        jpeg_finish_decompress(&j->d);
    if (j->ended && (j->rules->end != DP_END_ANYWHERE || lacks_scans(&j->d)))
        refuse(j, "the file ends early");
}

static void decode(dp_jpeg *j)
{
    bool mixed;
    dp_status status;

    read_header(j);
    status = dp_decoding_check(j->decoding, j->task.head, j->d.image_height, j->d.image_width);
    if (status != DP_OK)
        stop(j, status);
    j->d.out_color_space = colours_of(j, &mixed);
    j->d.dct_method = j->rules->fast ? JDCT_IFAST : JDCT_ISLOW;
    j->d.do_fancy_upsampling = TRUE;
    j->d.do_block_smoothing = FALSE;
    jpeg_start_decompress(&j->d);
    read_rows(j, crop(j), mixed);
    check_end(j);
}

/* A component that no scan has is empty, and has no table. */
static void check_component(dp_jpeg *j, const jpeg_component_info *of, jvirt_barray_ptr blocks)
{
    for (JDIMENSION y = 0; of->quant_table != NULL && y < of->height_in_blocks; y++) {
        const JBLOCKROW row =
            j->d.mem->access_virt_barray((j_common_ptr)&j->d, blocks, y, 1, FALSE)[0];
        for (JDIMENSION x = 0; x < of->width_in_blocks; x++) {
            if (!dp_jpeg_in_range(row[x], of->quant_table->quantval))
                refuse(j, "its values leave the range by far, which needs SIMD code in libjpeg");
        }
    }
}

/* Blocks that leave the range by far are what libjpeg's SIMD code makes of them; where that is not
 * there, they are refused. */
static void check_range(dp_jpeg *j)
{
    jvirt_barray_ptr *blocks;

    read_header(j);
    blocks = jpeg_read_coefficients(&j->d);
    for (int c = 0; c < j->d.num_components; c++)
        check_component(j, &j->d.comp_info[c], blocks[c]);
}

static void create(dp_jpeg *j)
{
    j->d.err = jpeg_std_error(&j->errors);
    j->errors.error_exit = failed;
    j->errors.emit_message = warned;
    j->errors.output_message = print_nothing;
    j->progress.progress_monitor = progressed;
    j->d.client_data = j;
    jpeg_create_decompress(&j->d);
    j->d.progress = &j->progress;
    dp_jpeg_use_arena(&j->d);
    j->fresh = j->d;
}

dp_status dp_jpeg_open(dp_arena *arena, dp_jpeg **out, dp_error *err)
{
    static const dp_encoded none = {.name = "libjpeg"};
    const dp_decoding d = {.from = &none, .err = err};
    dp_jpeg *j = dp_arena_alloc(arena, 1, sizeof *j);

    if (j == NULL)
        return dp_arena_fail(arena, err, "libjpeg");
    j->decoding = &d;
    if (setjmp(j->back) != 0)
        return j->errors.msg_code == JERR_OUT_OF_MEMORY
                   ? dp_fail(err, DP_ENOMEM, "out of memory for libjpeg")
                   : DP_ESTATE;
    create(j);
    *out = j;
    return DP_OK;
}

void dp_jpeg_close(dp_jpeg *j)
{
    j->d = j->fresh;
    jpeg_destroy_decompress(&j->d);
}

/* A picture begins with what was created, which knows nothing of the one before: tables that a file
 * lacks are not those of another. */
static dp_status run(const dp_decoding *d, const task *wanted)
{
    dp_jpeg *j = d->room->jpeg;

    j->memory = (dp_jpeg_memory){.arena = &d->room->arena};
    j->decoding = d;
    j->rules = dp_rules_of(&d->how);
    j->task = *wanted;
    j->ended = false;
    j->status = DP_OK;
    j->d = j->fresh;
    if (setjmp(j->back) == 0)
        wanted->work(j);
    return j->status;
}

dp_status dp_jpeg_head(const dp_decoding *d, dp_picture_head *head)
{
    return run(d, &(task){.work = look, .found = head});
}

dp_status dp_jpeg_pixels(const dp_decoding *d, const dp_picture_head *head,
                         const dp_picture_part *part, uint8_t *out)
{
    const dp_status status = d->how.saturates ? DP_OK : run(d, &(task){.work = check_range});

    return status != DP_OK
               ? status
               : run(d, &(task){.work = decode, .head = head, .part = part, .out = out});
}
