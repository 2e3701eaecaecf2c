/* idx.c - MNIST and its kin: one file of images, one of labels, plain or .gz
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The IDX format (LeCun, http://yann.lecun.com/exdb/mnist/): two zero bytes, the element type, the
 * rank, the sizes as 32-bit big-endian numbers, then the elements, big-endian, in C order.  Both
 * files are held in memory.  Images <N,H,W> are delivered as <H,W,1>, as MindSpore does.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/pack/inflate.h"
#include "base/sniff.h"
#include "base/tensor.h"
#include "io/reader.h"

#define MOST_BYTES ((uint64_t)1 << 34)

typedef struct idx {
    const char *images, *labels;
    int64_t num_classes;
} idx;

static const dp_param params[] = {
    DP_TEXT(idx, images, NULL, "file of the images, plain or .gz"),
    DP_TEXT(idx, labels, "", "file of the labels; \"\" for none"),
    DP_INT(idx, num_classes, "10", 1, 4294967295.0, "labels are below it"),
    DP_PARAMS_END,
};

typedef struct array {
    const char *path;
    const uint8_t *elements;
    dp_tensor type; /* the first dimension counts the records */
} array;

typedef struct state {
    const idx *params;
    array images, labels;
    size_t image_count; /* elements of an image */
} state;

static bool take_type(uint8_t code, dp_dtype *out)
{
    static const struct {
        uint8_t code;
        dp_dtype dtype;
    } types[] = {{0x08, DP_U8},  {0x09, DP_I8},  {0x0B, DP_I16},
                 {0x0C, DP_I32}, {0x0D, DP_F32}, {0x0E, DP_F64}};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].code == code) {
            *out = types[i].dtype;
            return true;
        }
    }
    return false;
}

static dp_status parse(array *a, dp_blob blob, dp_error *err)
{
    const uint8_t *b = blob.bytes;
    size_t header;

    if (blob.size < 4 || b[0] != 0 || b[1] != 0 || !take_type(b[2], &a->type.dtype) || b[3] == 0 ||
        b[3] > 4)
        return dp_fail(err, DP_ECORRUPT, "%.100s is not an IDX file of 1 to 4 dimensions%s",
                       a->path, dp_sniff_bytes(b, blob.size).text);
    a->type.rank = b[3];
    header = 4 + 4 * (size_t)b[3];
    if (blob.size < header)
        return dp_fail(err, DP_ECORRUPT, "%.120s ends in its header", a->path);
    for (int32_t d = 0; d < a->type.rank; d++)
        a->type.shape[d] = dp_load_be32(b + 4 + 4 * d);
    if (!dp_tensor_fits(&a->type) || dp_tensor_bytes(&a->type) != blob.size - header)
        return dp_fail(err, DP_ECORRUPT, "%.120s has %zu bytes of elements: its header says %s",
                       a->path, blob.size - header, dp_tensor_type(&a->type).text);
    a->elements = b + header;
    return DP_OK;
}

static dp_status open_array(array *a, const char *file, dp_source *out, dp_error *err)
{
    dp_opener *opener = &out->opener;
    dp_blob blob = {0};
    dp_status status;

    a->path = dp_path_join(opener->arena, opener->options->root, file);
    if (a->path == NULL)
        return dp_arena_fail(opener->arena, err, "a path");
    status = dp_opener_blob(opener, a->path, MOST_BYTES, &blob, err);
    out->stamp = dp_stamp_add(out->stamp, blob.stamp);
    return status == DP_OK ? parse(a, blob, err) : status;
}

static dp_status check_labels(const state *s, dp_error *err)
{
    const dp_tensor *l = &s->labels.type;

    if (l->rank != 1 || !dp_dtype_is_integer(l->dtype))
        return dp_fail(err, DP_ECORRUPT, "%.120s holds %s: a row of integers is expected",
                       s->labels.path, dp_tensor_type(l).text);
    if (l->shape[0] != s->images.type.shape[0])
        return dp_fail(err, DP_ECORRUPT, "%lld images, but %lld labels in %.120s",
                       (long long)s->images.type.shape[0], (long long)l->shape[0], s->labels.path);
    return DP_OK;
}

/* <N,H,W> is an image with one channel. */
static dp_tensor image_type(const dp_tensor *file)
{
    dp_tensor t = {.dtype = file->dtype, .rank = file->rank - 1};

    memcpy(t.shape, file->shape + 1, sizeof t.shape[0] * (size_t)t.rank);
    if (t.rank == 2)
        t.shape[t.rank++] = 1;
    return t;
}

static dp_status open_source(const void *params_, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    const idx *p = params_;
    const bool labelled = p->labels[0] != '\0';
    state *s = dp_arena_alloc(arena, 1, sizeof *s);
    dp_tensor image;
    dp_status status;

    (void)options;
    if (s == NULL)
        return dp_arena_fail(arena, err, "idx");
    s->params = p;
    status = open_array(&s->images, p->images, out, err);
    if (status == DP_OK && labelled)
        status = open_array(&s->labels, p->labels, out, err);
    if (status == DP_OK && labelled)
        status = check_labels(s, err);
    if (status != DP_OK)
        return status;
    image = image_type(&s->images.type);
    s->image_count = (size_t)dp_tensor_count(&image);
    if (dp_tensor_bytes(&image) > DP_MAX_SAMPLE_SIZE)
        return dp_fail(err, DP_ELIMIT, "an image of %.120s is more than %llu bytes", s->images.path,
                       (unsigned long long)DP_MAX_SAMPLE_SIZE);
    out->n_records = (uint64_t)s->images.type.shape[0];
    out->columns[out->n_columns++] = (dp_column){"image", image, image.dtype == DP_U8 ? 256 : 0};
    if (labelled)
        out->columns[out->n_columns++] =
            (dp_column){"label", {NULL, DP_U32, 0, {0}}, (uint64_t)p->num_classes};
    out->columns[out->n_columns++] = (dp_column){"id", {NULL, DP_I64, 0, {0}}, out->n_records};
    out->state = s;
    return DP_OK;
}

/* Elements of `size` bytes from big-endian into the machine's order. */
static void copy_elements(uint8_t *out, const uint8_t *from, size_t count, size_t size)
{
    const uint16_t one = 1;

    if (size == 1 || *(const uint8_t *)&one == 0) {
        memcpy(out, from, count * size);
        return;
    }
    for (size_t i = 0; i < count * size; i++)
        out[i] = from[i / size * size + size - 1 - i % size];
}

static dp_status read_record(const void *state_, uint64_t record, void *const columns[],
                             dp_error *err)
{
    const state *s = state_;
    const size_t size = dp_dtype_size(s->images.type.dtype),
                 label_size = dp_dtype_size(s->labels.type.dtype);
    uint32_t c = 1;

    copy_elements(columns[0], s->images.elements + record * s->image_count * size, s->image_count,
                  size);
    if (s->labels.elements != NULL) {
        uint8_t bytes[8] = {0};
        int64_t label;
        copy_elements(bytes, s->labels.elements + record * label_size, 1, label_size);
        label = dp_load_int(bytes, s->labels.type.dtype, 0);
        if (label < 0 || label >= s->params->num_classes)
            return dp_fail_record(err, DP_ECORRUPT, record,
                                  "record %llu of %.80s has label %lld: expected 0 to %lld",
                                  (unsigned long long)record, s->labels.path, (long long)label,
                                  (long long)s->params->num_classes - 1);
        *(uint32_t *)columns[c++] = (uint32_t)label;
    }
    *(int64_t *)columns[c] = (int64_t)record;
    return DP_OK;
}

const dp_reader dp_reader_idx = {
    .info = {"reader", "idx", "MNIST's format: a file of images and one of labels", 1, sizeof(idx),
             params},
    .open = open_source,
    .read = read_record,
};
