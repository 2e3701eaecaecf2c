/* png_folder.c - PNG files in a folder for each class, or named by a list
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Classes and files come in the order of their bytes, whatever the file system's; a list is lines
 * of "path,label".  The header of each is read at open: images of one size are a column of one
 * shape, others a column whose rows differ (the channels do not).  Pixels are the numbers of the
 * file, 8 bits a channel: 16 bits lose the lower byte, fewer are spread to 0..255, palettes are
 * looked up, alpha is dropped, gray is repeated for three channels, colours are mixed for one as
 * convert_color does.  What else a file says of them (gamma, profiles, transparency) is not read.
 */
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>
#include <zlib.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/number/gray.h"
#include "base/number/num.h"
#include "base/options.h"
#include "base/pack/inflate.h"
#include "base/sniff.h"
#include "io/reader.h"

#define MOST_SIDE  16384               /* pixels; fits 16 bits */
#define MOST_FILE  ((uint64_t)1 << 28) /* bytes of one PNG file */
#define MOST_FILES 10000000
#define MOST_LIST  ((uint64_t)1 << 32) /* bytes of a list */

typedef struct png_folder {
    const char *dataset_dir, *list;
    int64_t channels, num_classes;
    const char *classes;
} png_folder;

static const dp_param params[] = {
    DP_TEXT(png_folder, dataset_dir, ".", "folder of the class folders, or of the list's paths"),
    DP_TEXT(png_folder, list, "", "file of lines path,label; \"\" for class folders"),
    DP_INT(png_folder, channels, "3", 1, 3, "3 for colours, 1 for gray"),
    DP_INT(png_folder, num_classes, "0", 0, 4294967295.0,
           "labels are below it; 0: the number of class folders, the largest label of a list + 1"),
    DP_LONG_TEXT(png_folder, classes, "",
                 "names of the class folders, of label 0 on; \"\": those found, in byte order"),
    DP_PARAMS_END,
};

typedef struct image_file {
    const char *path;
    uint32_t label;
    uint16_t height, width;
} image_file;

/* What a picture is known again by; 0 = not known yet. */
typedef struct mark {
    _Atomic uint32_t seen;  /* a hash of its file, once it was read */
    _Atomic uint32_t stamp; /* of the file that was read, or is to be */
} mark;

typedef struct state {
    const png_folder *params;
    mark *marks; /* of each picture */
    const dp_allocator *alloc;
    uint64_t memory; /* for a picture in each thread, beside what the handle takes; 0 = no limit */
    image_file *files;
    uint64_t n, n_classes; /* of files, labels */
    size_t room;
    const char **names; /* of labels, as they are given or found; a list has none to be found */
    uint64_t n_names;
    size_t names_room;
    int64_t least[3], most[3]; /* of height, width, channels */
    dp_sniffed list_kind;      /* for messages */
} state;

/* ---- which files there are ---- */

static dp_status add(state *s, const char *path, uint64_t label, dp_arena *arena, dp_error *err)
{
    if (s->n == MOST_FILES)
        return dp_fail(err, DP_ELIMIT, "more than %d files", MOST_FILES);
    if (s->n == s->room) {
        image_file *more =
            dp_arena_grow(arena, s->files, (size_t)s->n, sizeof *more, &s->room, 1024);
        if (more == NULL)
            return dp_arena_fail(arena, err, "the names of the images");
        s->files = more;
    }
    s->files[s->n++] = (image_file){path, (uint32_t)label, 0, 0};
    s->n_classes = label >= s->n_classes ? label + 1 : s->n_classes;
    return DP_OK;
}

static dp_status add_class(state *s, const char *folder, uint64_t label, dp_arena *arena,
                           dp_error *err)
{
    char **names;
    size_t n;
    dp_status status = dp_dir_list(folder, ".png", arena, &names, &n, err);

    for (size_t i = 0; i < n && status == DP_OK; i++) {
        char *path = dp_path_join(arena, folder, names[i]);
        status =
            path == NULL ? dp_arena_fail(arena, err, "a path") : add(s, path, label, arena, err);
    }
    return status;
}

/* The label with this name; their number when there is none. */
static uint64_t place_of(const state *s, const char *name)
{
    uint64_t label = 0;

    while (label < s->n_names && strcmp(s->names[label], name) != 0)
        label++;
    return label;
}

static dp_status add_name(state *s, const char *name, dp_arena *arena, dp_error *err)
{
    if (s->n_names == s->names_room) {
        const char **more =
            dp_arena_grow(arena, s->names, (size_t)s->n_names, sizeof *more, &s->names_room, 64);
        if (more == NULL)
            return dp_arena_fail(arena, err, "the names of the classes");
        s->names = more;
    }
    s->names[s->n_names++] = name;
    return DP_OK;
}

/* The names of the list with commas, if it is given. */
static dp_status split_names(state *s, dp_arena *arena, dp_error *err)
{
    dp_status status = DP_OK;

    if (s->params->classes[0] == '\0')
        return DP_OK;
    for (const char *at = s->params->classes; status == DP_OK; at++) {
        const size_t length = strcspn(at, ",");
        const char *name = dp_arena_text(arena, at, length);
        if (name == NULL)
            return dp_arena_fail(arena, err, "the names of the classes");
        if (length == 0 || place_of(s, name) < s->n_names)
            return dp_fail(err, DP_ESPEC, "a name in classes is empty or appears twice");
        status = add_name(s, name, arena, err);
        at += length;
        if (*at == '\0')
            break;
    }
    return status;
}

/* The label of a class folder: its place among the names, or the next one. */
static dp_status label_of(state *s, const char *name, uint64_t *label, dp_arena *arena,
                          dp_error *err)
{
    *label = s->n_names;
    if (s->params->classes[0] == '\0')
        return add_name(s, name, arena, err);
    *label = place_of(s, name);
    if (*label < s->n_names)
        return DP_OK;
    return dp_fail(err, DP_ECORRUPT, "the folder %.80s is not one of classes=%.80s", name,
                   s->params->classes);
}

/* Labels by the folders that happen to be there fit no other number of classes. */
static dp_status check_count(const state *s, uint64_t n_folders, dp_error *err)
{
    const uint64_t stated = (uint64_t)s->params->num_classes;

    if (stated == 0 || stated == s->n_classes)
        return DP_OK;
    if (s->params->classes[0] != '\0')
        return dp_fail(err, DP_ESPEC, "num_classes=%llu, but classes has %llu names",
                       (unsigned long long)stated, (unsigned long long)s->n_classes);
    return dp_fail(err, DP_ECORRUPT,
                   "num_classes=%llu, but there are %llu class folders: name all with "
                   "classes=a,b,c, so that each has its label",
                   (unsigned long long)stated, (unsigned long long)n_folders);
}

/* Logs how a folder is labelled, and what in it is not a picture. */
static dp_status note_class(const char *name, const char *folder, uint64_t label,
                            uint64_t n_pictures, const dp_options *options, dp_arena *arena,
                            dp_error *err)
{
    dp_arena listed = dp_arena_within(arena);
    char **names;
    size_t n;
    dp_status status;

    if (options->log == NULL)
        return DP_OK;
    status = dp_dir_list(folder, "", &listed, &names, &n, err);
    dp_arena_free(&listed);
    if (status != DP_OK)
        return status;
    dp_log(options, "png_folder: label %llu is %.120s: %llu pictures", (unsigned long long)label,
           name, (unsigned long long)n_pictures);
    if (n > n_pictures)
        dp_log(options,
               "warning: png_folder: %llu files and folders in %.120s are not .png: left out",
               (unsigned long long)(n - n_pictures), name);
    return DP_OK;
}

static dp_status find_classes(state *s, const dp_options *options, dp_arena *arena, dp_error *err)
{
    char **names, *folder = dp_path_join(arena, options->root, s->params->dataset_dir);
    uint64_t label = 0, n_folders = 0;
    size_t n;
    dp_status status;

    if (folder == NULL)
        return dp_arena_fail(arena, err, "a path");
    status = dp_dir_list(folder, "", arena, &names, &n, err);
    for (size_t i = 0; i < n && status == DP_OK; i++) {
        char *class = dp_path_join(arena, folder, names[i]);
        const uint64_t before = s->n;
        if (class == NULL)
            return dp_arena_fail(arena, err, "a path");
        if (!dp_dir_exists(class))
            continue;
        n_folders++;
        status = label_of(s, names[i], &label, arena, err);
        if (status == DP_OK)
            status = add_class(s, class, label, arena, err);
        if (status == DP_OK)
            status = note_class(names[i], class, label, s->n - before, options, arena, err);
    }
    if (status == DP_OK && n > n_folders)
        dp_log(options, "warning: png_folder: %llu files beside the class folders are left out",
               (unsigned long long)(n - n_folders));
    s->n_classes = s->n_names;
    if (status == DP_OK && s->n > 0)
        status = check_count(s, n_folders, err);
    if (status == DP_OK && s->n == 0)
        status = dp_fail(err, DP_EIO, "%.120s has no folder with .png files", folder);
    return status;
}

/* A path of a list stays below the folder. */
static bool leaves_folder(const char *path)
{
    if (path[0] == '/')
        return true;
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/';
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
            return true;
        if (*at == '\0')
            break;
    }
    return false;
}

static dp_status add_line(state *s, const char *folder, const char *line, size_t length,
                          uint64_t number, dp_arena *arena, dp_error *err)
{
    const char *comma = NULL;
    char *name, *path;
    int64_t label;

    for (size_t i = 0; i < length; i++)
        comma = line[i] == ',' ? line + i : comma;
    if (comma == NULL || !dp_parse_int(comma + 1, length - (size_t)(comma + 1 - line), &label) ||
        label < 0 || label > UINT32_MAX - 1)
        return dp_fail(err, DP_ECORRUPT, "line %llu of the list is not of the form path,label%s",
                       (unsigned long long)number, s->list_kind.text);
    name = dp_arena_text(arena, line, (size_t)(comma - line));
    if (name == NULL)
        return dp_arena_fail(arena, err, "a path");
    if (leaves_folder(name) || strlen(name) != (size_t)(comma - line))
        return dp_fail(err, DP_ECORRUPT, "line %llu of the list leaves the folder",
                       (unsigned long long)number);
    path = dp_path_join(arena, folder, name);
    return path == NULL ? dp_arena_fail(arena, err, "a path")
                        : add(s, path, (uint64_t)label, arena, err);
}

static dp_status read_list(state *s, const dp_options *options, dp_arena *arena, dp_error *err)
{
    const char *folder = dp_path_join(arena, options->root, s->params->dataset_dir);
    const char *path = dp_path_join(arena, options->root, s->params->list);
    dp_blob blob = {0};
    uint64_t number = 1;
    dp_status status;

    if (folder == NULL || path == NULL)
        return dp_arena_fail(arena, err, "a path");
    status = dp_blob_read(path, MOST_LIST, arena, options, &blob, err);
    if (status == DP_OK && blob.size >= 3 && memcmp(blob.bytes, "\xEF\xBB\xBF", 3) == 0)
        blob = (dp_blob){blob.bytes + 3, blob.size - 3, blob.stamp}; /* a byte order mark */
    s->list_kind = dp_sniff_bytes(blob.bytes, blob.size);
    for (size_t at = 0; status == DP_OK && at < blob.size; number++) {
        const char *line = (const char *)blob.bytes + at;
        const char *end = memchr(line, '\n', blob.size - at);
        size_t length = end != NULL ? (size_t)(end - line) : blob.size - at;
        at += length + 1;
        length -= length > 0 && line[length - 1] == '\r';
        if (length > 0)
            status = add_line(s, folder, line, length, number, arena, err);
    }
    if (status == DP_OK && s->n == 0)
        status = dp_fail(err, DP_ECORRUPT, "%.120s names no file", path);
    return status;
}

/* ---- the sizes of all images ---- */

#define HEADER 33  /* bytes of the signature and of the first chunk, which has the size */
#define LOOK   512 /* bytes that tell what else a file may be */

static dp_status read_size(image_file *f, const uint8_t *bytes, size_t n, dp_error *err)
{
    uint32_t width, height;

    if (n < 8 || png_sig_cmp(bytes, 0, 8) != 0)
        return dp_fail(err, DP_ECORRUPT, "%.90s is not a PNG picture%s", f->path,
                       dp_sniff_bytes(bytes, n).text);
    if (n < HEADER)
        return dp_fail(err, DP_ECORRUPT, "%.120s: the file ends early", f->path);
    width = dp_load_be32(bytes + 16);
    height = dp_load_be32(bytes + 20);
    if (dp_load_be32(bytes + 8) != 13 || memcmp(bytes + 12, "IHDR", 4) != 0 ||
        dp_load_be32(bytes + 29) != crc32(0, bytes + 12, 17) || width == 0 || height == 0)
        return dp_fail(err, DP_ECORRUPT, "%.120s: its header is damaged", f->path);
    if (width > MOST_SIDE || height > MOST_SIDE)
        return dp_fail(err, DP_ELIMIT,
                       "%.120s is %ux%u (height x width): a side has at most %d pixels", f->path,
                       height, width, MOST_SIDE);
    f->height = (uint16_t)height;
    f->width = (uint16_t)width;
    return DP_OK;
}

static dp_status open_picture(image_file *f, dp_error *err)
{
    uint8_t bytes[LOOK];
    size_t n;
    dp_file file;
    int error;
    dp_status status = dp_file_open(f->path, &file, err);

    if (status != DP_OK)
        return status;
    error = dp_file_read_at(&file, 0, bytes, sizeof bytes, &n);
    dp_file_close(&file);
    return error != 0 ? dp_fail(err, DP_EIO, "cannot read %.120s: %s", f->path, strerror(error))
                      : read_size(f, bytes, n, err);
}

static void widen(state *s, int d, int64_t size)
{
    s->least[d] = s->least[d] == 0 || size < s->least[d] ? size : s->least[d];
    s->most[d] = size > s->most[d] ? size : s->most[d];
}

static dp_status read_sizes(state *s, const dp_options *options, dp_error *err)
{
    dp_status status = DP_OK;

    for (uint64_t i = 0; i < s->n && status == DP_OK; i++) {
        status = open_picture(&s->files[i], err);
        if (status != DP_OK && err != NULL)
            err->record = (int64_t)i;
        if (status == DP_OK && (i % 64 == 63 || i + 1 == s->n))
            status = dp_progress(options, "pictures", i + 1, s->n, err);
        widen(s, 0, s->files[i].height);
        widen(s, 1, s->files[i].width);
    }
    s->least[2] = s->most[2] = s->params->channels;
    return status;
}

/* ---- one image ---- */

/* What libpng reads from, where its memory lies, and where it goes when a file is damaged. */
typedef struct decoding {
    dp_blob blob;
    size_t at;
    const char *path;
    dp_arena *arena;
    bool starved; /* of memory, at any time */
    dp_status status;
    dp_error *err;
    jmp_buf back;
    png_structp png;
    png_infop info;
} decoding;

/* It goes with the arena. */
static void give(png_structp png, png_voidp p) { (void)png, (void)p; }
static png_voidp take(png_structp png, png_alloc_size_t n)
{
    decoding *d = png_get_mem_ptr(png);
    void *p = dp_arena_alloc(d->arena, n, 1);

    d->starved = d->starved || p == NULL;
    return p;
}

static void failed(png_structp png, png_const_charp message)
{
    decoding *d = png_get_error_ptr(png);

    d->status = d->starved ? dp_arena_fail(d->arena, d->err, d->path)
                           : dp_fail(d->err, DP_ECORRUPT, "%.120s: %.80s", d->path, message);
    longjmp(d->back, 1);
}

static void warned(png_structp png, png_const_charp message) { (void)png, (void)message; }

static void give_bytes(png_structp png, png_bytep out, size_t n)
{
    decoding *d = png_get_io_ptr(png);

    if (n > d->blob.size - d->at)
        png_error(png, "the file ends early");
    memcpy(out, d->blob.bytes + d->at, n);
    d->at += n;
}

/* Chunks that change no pixel here, but would cost memory or be applied. */
static void pass_over(png_structp png)
{
    static const char names[] = "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0"
                                "sBIT\0sCAL\0sPLT\0sRGB\0tEXt\0tIME\0tRNS\0zTXt";

    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep)names,
                                sizeof names / 5);
}

/* 8 bits a channel; gray in one channel or three, colours in three. */
static void convert(const decoding *d, bool repeats)
{
    png_set_strip_16(d->png);
    png_set_expand(d->png);
    png_set_strip_alpha(d->png);
    if (repeats)
        png_set_gray_to_rgb(d->png);
    png_read_update_info(d->png, d->info);
}

static dp_status check_size(const decoding *d, const image_file *f)
{
    const uint32_t height = png_get_image_height(d->png, d->info),
                   width = png_get_image_width(d->png, d->info);

    if (height == f->height && width == f->width)
        return DP_OK;
    return dp_fail(d->err, DP_ESTATE,
                   "%.120s changed since it was opened: it is %ux%u, it was %ux%u (height x width)",
                   f->path, height, width, f->height, f->width);
}

static void read_pixels(const decoding *d, int64_t channels, uint8_t *out)
{
    const uint32_t height = png_get_image_height(d->png, d->info),
                   width = png_get_image_width(d->png, d->info);

    const bool colour = (png_get_color_type(d->png, d->info) & PNG_COLOR_MASK_COLOR) != 0;
    const bool mix = colour && channels == 1;
    const size_t row = (size_t)width * (mix ? 3 : (size_t)channels);
    const int passes = png_set_interlace_handling(d->png);
    uint8_t *pixels = mix ? png_malloc(d->png, height * row) : out;

    convert(d, channels == 3 && !colour);
    if (png_get_rowbytes(d->png, d->info) != row)
        png_error(d->png, "an unknown kind of pixels");
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < height; y++)
            png_read_row(d->png, pixels + y * row, NULL);
    }
    png_read_end(d->png, NULL);
    for (size_t i = 0; mix && i < (size_t)height * width; i++)
        out[i] = dp_gray(pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]);
}

static dp_status decode(decoding *d, int64_t channels, const image_file *f, uint8_t *out)
{
    d->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, d, failed, warned, d, take, give);
    d->info = d->png != NULL ? png_create_info_struct(d->png) : NULL;
    if (d->info == NULL) {
        png_destroy_read_struct(&d->png, NULL, NULL);
        return dp_arena_fail(d->arena, d->err, d->path);
    }
    if (setjmp(d->back) != 0) {
        png_destroy_read_struct(&d->png, &d->info, NULL);
        return d->status;
    }
    png_set_user_limits(d->png, MOST_SIDE, MOST_SIDE);
    pass_over(d->png);
    png_set_read_fn(d->png, d, give_bytes);
    png_read_info(d->png, d->info);
    d->status = check_size(d, f);
    if (d->status == DP_OK)
        read_pixels(d, channels, out);
    png_destroy_read_struct(&d->png, &d->info, NULL);
    return d->status != DP_OK ? d->status
           : d->starved       ? dp_arena_fail(d->arena, d->err, d->path)
                              : DP_OK;
}

static uint32_t short_stamp(uint64_t stamp) { return (uint32_t)stamp | 1; }

/* A picture is opened each time that it is read: it must be what it was. */
static dp_status check_same(const state *s, uint64_t record, const dp_blob *blob, dp_error *err)
{
    const uint32_t hash = (uint32_t)dp_hash64(blob->bytes, blob->size) | 1;
    const uint32_t stamp = short_stamp(blob->stamp);
    mark *m = &s->marks[record];
    const bool first = atomic_load_explicit(&m->seen, memory_order_relaxed) == 0;
    const uint32_t known = atomic_load_explicit(&m->stamp, memory_order_relaxed);
    const char *since = NULL;
    uint32_t seen = 0;

    if (first && known != 0 && known != stamp)
        since = "opened";
    else if (!atomic_compare_exchange_strong_explicit(&m->seen, &seen, hash, memory_order_relaxed,
                                                      memory_order_relaxed) &&
             seen != hash)
        since = "first read";
    else if (known != stamp)
        atomic_store_explicit(&m->stamp, stamp, memory_order_relaxed);
    return since == NULL ? DP_OK
                         : dp_fail_record(err, DP_ESTATE, record, "%.160s changed since it was %s",
                                          s->files[record].path, since);
}

static dp_status read_image(const state *s, uint64_t record, uint8_t *out, dp_error *err)
{
    dp_arena arena = {.alloc = s->alloc, .limit = s->memory};
    decoding d = {.path = s->files[record].path, .arena = &arena, .err = err};
    dp_status status = dp_blob_read(d.path, MOST_FILE, &arena, NULL, &d.blob, err);

    if (status == DP_OK && (d.blob.size < 8 || png_sig_cmp(d.blob.bytes, 0, 8) != 0))
        status = dp_fail(err, DP_ECORRUPT, "%.90s is not a PNG picture%s", d.path,
                         dp_sniff_bytes(d.blob.bytes, d.blob.size).text);
    if (status == DP_OK)
        status = decode(&d, s->params->channels, &s->files[record], out);
    if (status == DP_OK)
        status = check_same(s, record, &d.blob, err);
    dp_arena_free(&arena);
    if (status != DP_OK && err != NULL)
        err->record = (int64_t)record;
    return status;
}

/* ---- the reader ---- */

static dp_status check_labels(const state *s, uint64_t classes, dp_error *err)
{
    for (uint64_t i = 0; i < s->n; i++) {
        if (s->files[i].label >= classes)
            return dp_fail_record(err, DP_ECORRUPT, i, "%.120s has label %u: expected 0 to %llu",
                                  s->files[i].path, s->files[i].label,
                                  (unsigned long long)classes - 1);
    }
    return DP_OK;
}

/* The stamp of all pictures; it looks at each.  `keep`: each must be the same when it is read. */
static dp_status stamp_all(const state *s, bool keep, uint64_t *stamp, dp_error *err)
{
    *stamp = 0;
    for (uint64_t i = 0; i < s->n; i++) {
        mark *m = &s->marks[i];
        const uint64_t now = dp_stamp_of(s->files[i].path);
        const uint32_t known = atomic_load_explicit(&m->stamp, memory_order_relaxed);
        if (known != 0 && known != short_stamp(now))
            return dp_fail_record(err, DP_ESTATE, i,
                                  "%.120s changed since it was read: its content may "
                                  "be another",
                                  s->files[i].path);
        if (keep)
            atomic_store_explicit(&m->stamp, short_stamp(now), memory_order_relaxed);
        *stamp = dp_stamp_add(dp_stamp_add(*stamp, s->files[i].label), now);
    }
    return DP_OK;
}

static dp_status stamp_now(const void *state_, uint64_t *stamp, dp_error *err)
{
    return stamp_all(state_, false, stamp, err);
}

static uint64_t hash_names(const state *s)
{
    dp_hash h;

    if (s->n_names == 0)
        return 0;
    dp_hash64_init(&h);
    for (uint64_t i = 0; i < s->n_names; i++)
        dp_hash_text(&h, s->names[i]);
    return dp_hash64_final(&h);
}

static dp_status open_source(const void *params_, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    const png_folder *p = params_;
    state *s = dp_arena_alloc(arena, 1, sizeof *s);
    uint64_t classes;
    dp_status status;

    if (s == NULL)
        return dp_arena_fail(arena, err, "png_folder");
    if (p->channels == 2)
        return dp_fail(err, DP_ESPEC, "channels is 1 or 3");
    s->params = p;
    s->alloc = arena->alloc;
    s->memory = options->memory;
    status = split_names(s, arena, err);
    if (status == DP_OK)
        status = p->list[0] != '\0' ? read_list(s, options, arena, err)
                                    : find_classes(s, options, arena, err);
    classes = p->num_classes != 0 ? (uint64_t)p->num_classes : s->n_classes;
    if (s->n_names > 0)
        classes = s->n_names;
    if (status == DP_OK)
        status = check_labels(s, classes, err);
    if (status == DP_OK)
        s->marks = dp_arena_alloc(arena, (size_t)s->n, sizeof *s->marks);
    if (status == DP_OK && s->marks == NULL)
        status = dp_arena_fail(arena, err, "the marks of the images");
    if (status == DP_OK && options->identities != NULL)
        status = stamp_all(s, true, &out->stamp, err);
    if (status == DP_OK)
        status = read_sizes(s, options, err);
    out->n_records = s->n;
    out->names = hash_names(s);
    out->n_columns = 3;
    out->columns[0] = (dp_column){"image", {NULL, DP_U8, 3, {0}}, 256};
    memcpy(out->columns[0].type.shape, s->most, sizeof s->most);
    out->least[0] = memcmp(s->least, s->most, sizeof s->most) != 0 ? s->least : NULL;
    out->columns[1] = (dp_column){"label", {NULL, DP_U32, 0, {0}}, classes};
    out->columns[2] = (dp_column){"id", {NULL, DP_I64, 0, {0}}, s->n};
    out->state = s;
    return status;
}

static dp_status read_record(const void *state_, uint64_t record, void *const columns[],
                             dp_error *err)
{
    const state *s = state_;

    *(uint32_t *)columns[1] = s->files[record].label;
    *(int64_t *)columns[2] = (int64_t)record;
    return read_image(s, record, columns[0], err);
}

static void shape_of(const void *state_, uint64_t record, uint32_t column, int64_t *shape)
{
    const state *s = state_;

    (void)column; /* the image: no other differs */
    shape[0] = s->files[record].height;
    shape[1] = s->files[record].width;
}

const dp_reader dp_reader_png_folder = {
    .info = {"reader", "png_folder", "PNG files in class folders or named by a list", 2,
             sizeof(png_folder), params},
    .open = open_source,
    .read = read_record,
    .shape = shape_of,
    .stamp = stamp_now,
};
