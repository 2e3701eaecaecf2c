/* archive.c - what the formats share: types, checks, which format a file is
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "archive/archive.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/options.h"
#include "base/sniff.h"
#include "base/status.h"
#include "lang/text.h"

const dp_element dp_elements[] = {
    {"float32", "Float32", "F32", "<f4", "FloatStorage", 4},
    {"float64", "Float64", "F64", "<f8", "DoubleStorage", 8},
    {"float16", "Float16", "F16", "<f2", "HalfStorage", 2},
    {"bfloat16", "BFloat16", "BF16", NULL, "BFloat16Storage", 2},
    {"float8_e4m3fn", NULL, "F8_E4M3", NULL, NULL, 1},
    {"float8_e5m2", NULL, "F8_E5M2", NULL, NULL, 1},
    {"int8", "Int8", "I8", "|i1", "CharStorage", 1},
    {"uint8", "UInt8", "U8", "|u1", "ByteStorage", 1},
    {"int16", "Int16", "I16", "<i2", "ShortStorage", 2},
    {"uint16", "UInt16", "U16", "<u2", NULL, 2},
    {"int32", "Int32", "I32", "<i4", "IntStorage", 4},
    {"uint32", "UInt32", "U32", "<u4", NULL, 4},
    {"int64", "Int64", "I64", "<i8", "LongStorage", 8},
    {"uint64", "UInt64", "U64", "<u8", NULL, 8},
    {"bool", "Bool", "BOOL", "|b1", "BoolStorage", 1},
    {"str", "str", NULL, NULL, NULL, 4},
    {NULL, NULL, NULL, NULL, NULL, 0},
};

/* .pt is a ZIP file of a kind, .npz any other; the last one has no mark of its own. */
static const dp_archive_format *const formats[] = {&dp_archive_pt, &dp_archive_npz,
                                                   &dp_archive_safetensors, &dp_archive_ckpt, NULL};

const dp_element *dp_element_find(size_t field, const char *name, size_t length)
{
    for (const dp_element *e = dp_elements; e->name != NULL; e++) {
        const char *own;
        memcpy(&own, (const char *)e + field, sizeof own);
        if (own != NULL && strlen(own) == length && memcmp(own, name, length) == 0)
            return e;
    }
    return NULL;
}

dp_status dp_archive_corrupt(const dp_archive *a, const char *format, ...)
{
    const char *path = a->path;
    char why[160];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    if (strlen(path) > 72) /* the name of the file is at the end */
        path += strlen(path) - 72;
    return dp_fail(a->err, DP_ECORRUPT, "%s: %s", path, why);
}

dp_status dp_archive_bad_member(const dp_archive *a, const dp_zip_member *m, const char *what)
{
    for (size_t i = 0; i < m->name_length; i++) {
        if (m->name[i] <= ' ' || m->name[i] > '~')
            return dp_archive_corrupt(a, "member %llu %s", (unsigned long long)m->number, what);
    }
    return dp_archive_corrupt(a, "%.*s %s", m->name_length > 60 ? 60 : (int)m->name_length, m->name,
                              what);
}

dp_shape_text dp_tensor_shape(const dp_named_tensor *t)
{
    dp_shape_text out;
    size_t n = (size_t)snprintf(out.text, sizeof out.text, "%s[", t->type);

    for (int32_t d = 0; d < t->rank; d++)
        n += (size_t)snprintf(out.text + n, sizeof out.text - n, d > 0 ? ", %lld" : "%lld",
                              (long long)t->shape[d]);
    snprintf(out.text + n, sizeof out.text - n, "]");
    return out;
}

/* Names reach terminals and JSON: UTF-8 without control characters. */
bool dp_archive_is_name(const char *name, size_t length)
{
    for (size_t i = 0, n; i < length; i += n) {
        n = dp_utf8_length((const unsigned char *)name + i, length - i);
        if (n == 0)
            return false;
    }
    return length > 0 && length <= DP_MAX_TENSOR_NAME;
}

/* Elements of the shape; false when that is not a size. */
static bool count_of(const dp_named_tensor *t, uint64_t *out)
{
    *out = 1;
    for (int32_t d = 0; d < t->rank; d++) {
        if (t->shape[d] < 0 || __builtin_mul_overflow(*out, (uint64_t)t->shape[d], out))
            return false;
    }
    return true;
}

static bool grow(dp_archive *a)
{
    dp_named_tensor *larger =
        dp_arena_grow(a->arena, a->tensors, a->n, sizeof *larger, &a->room, 64);

    if (larger != NULL)
        a->tensors = larger;
    return larger != NULL;
}

#define WHY 160 /* bytes of what is wrong with a tensor */

/* Whether a name may be that of tensor number `index`, read or saved; else why. */
static bool is_name(const char *name, size_t length, size_t index, char why[WHY])
{
    const bool is = name != NULL && dp_archive_is_name(name, length) && index < DP_MAX_TENSORS;

    if (index >= DP_MAX_TENSORS)
        snprintf(why, WHY, "more than %d tensors", DP_MAX_TENSORS);
    else if (!is)
        snprintf(why, WHY, "tensor %zu has no printable name of at most %d bytes", index + 1,
                 DP_MAX_TENSOR_NAME);
    return is;
}

/* Whether a tensor with a name and this type has a shape, and the bytes of it; else why. */
static bool is_whole(const dp_named_tensor *t, const dp_element *element, uint64_t *count,
                     char why[WHY])
{
    uint64_t size;

    if (t->rank < 0 || t->rank > DP_MAX_RANK) {
        snprintf(why, WHY, "%.60s has rank %d: 0 to %d are allowed", t->name, (int)t->rank,
                 DP_MAX_RANK);
        return false;
    }
    if (count_of(t, count) && !__builtin_mul_overflow(*count, element->size, &size) &&
        size == t->size)
        return true;
    snprintf(why, WHY, "%.60s: %llu bytes are not a %.60s", t->name, (unsigned long long)t->size,
             dp_tensor_shape(t).text);
    return false;
}

dp_status dp_archive_add(dp_archive *a, const char *name, size_t length, const dp_element *element,
                         dp_named_tensor t)
{
    char why[WHY];

    t.type = element->name;
    if (!is_name(name, length, a->n, why))
        return dp_archive_corrupt(a, "%s", why);
    t.name = dp_arena_text(a->arena, name, length);
    if (t.name == NULL || (a->n == a->room && !grow(a)))
        return dp_arena_fail(a->arena, a->err, "tensors");
    if (!is_whole(&t, element, &t.count, why))
        return dp_archive_corrupt(a, "%s", why);
    a->tensors[a->n++] = t;
    return DP_OK;
}

/* The last index runs fastest: rows of it are copied in one loop. */
static void gather(const dp_named_tensor *t, const int64_t *strides, size_t size, uint8_t *out)
{
    const int32_t last = t->rank - 1;
    const int64_t row = last >= 0 ? t->shape[last] : 1, step = last >= 0 ? strides[last] : 1;
    int64_t at[DP_MAX_RANK] = {0}, from = 0;

    for (uint64_t done = 0; done < t->count; done += (uint64_t)row) {
        const uint8_t *in = t->data + (size_t)from * size;
        for (int64_t i = 0; i < row; i++, out += size, in += (size_t)step * size)
            memcpy(out, in, size);
        for (int32_t d = last - 1; d >= 0; d--) {
            from += strides[d];
            if (++at[d] < t->shape[d])
                break;
            from -= at[d] * strides[d];
            at[d] = 0;
        }
    }
}

dp_status dp_archive_gather(dp_archive *a, dp_named_tensor *t, const int64_t *strides, bool big)
{
    const size_t size = dp_element_of(t)->size;
    uint8_t *out = dp_arena_alloc(a->arena, (size_t)t->size + 1, 1);

    if (out == NULL)
        return dp_arena_fail(a->arena, a->err, "a tensor");
    gather(t, strides, size, out);
    if (big)
        dp_turn(out, (size_t)t->size, size);
    t->data = out;
    return DP_OK;
}

const dp_element *dp_element_of(const dp_named_tensor *t)
{
    return dp_element_find(offsetof(dp_element, name), t->type, strlen(t->type));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The first name that two tensors have, or NULL. */
static dp_status find_twice(const dp_archive *a, const char **out)
{
    const char **names = dp_arena_alloc(a->arena, a->n + 1, sizeof *names);

    if (names == NULL)
        return dp_arena_fail(a->arena, a->err, "tensors");
    for (size_t i = 0; i < a->n; i++)
        names[i] = a->tensors[i].name;
    qsort(names, a->n, sizeof *names, by_name);
    *out = NULL;
    for (size_t i = 1; i < a->n && *out == NULL; i++) {
        if (strcmp(names[i - 1], names[i]) == 0)
            *out = names[i];
    }
    return DP_OK;
}

dp_status dp_archive_parse(dp_archive *a, const uint8_t *bytes, size_t n)
{
    const char *twice = NULL;
    bool container;
    const char *what = dp_sniff(bytes, n, &container);
    dp_status status;

    for (size_t i = 0; a->format == NULL && formats[i] != NULL; i++) {
        if (formats[i]->is(bytes, n))
            a->format = formats[i];
    }
    if (a->format == NULL)
        return dp_archive_corrupt(a, "%s",
                                  what != NULL ? what : "no .pt, .safetensors, .npz or .ckpt file");
    status = a->format->parse(a, bytes, n);
    if (status == DP_ECORRUPT && what != NULL && !container)
        return dp_archive_corrupt(a, "%s", what);
    if (status == DP_OK)
        status = find_twice(a, &twice);
    return status == DP_OK && twice != NULL ? dp_archive_corrupt(a, "%.80s appears twice", twice)
                                            : status;
}

dp_status dp_archive_read(dp_archive *a)
{
    dp_file file;
    uint8_t *bytes;
    dp_status status = dp_file_open(a->path, &file, a->err);

    if (status != DP_OK)
        return status;
    status = dp_file_read_whole(&file, a->path, a->arena, a->options, &bytes, a->err);
    dp_file_close(&file);
    return status == DP_OK ? dp_archive_parse(a, bytes, (size_t)file.size) : status;
}

static const dp_archive_format *format_of(const char *path)
{
    const char *suffix = strrchr(path, '.');

    for (size_t i = 0; suffix != NULL && formats[i] != NULL; i++) {
        if (strcmp(formats[i]->suffix, suffix) == 0 && formats[i]->write != NULL)
            return formats[i];
    }
    return NULL;
}

/* A tensor of the caller's, as one that is read: what is saved can be opened again. */
static dp_status check_saved(const dp_archive *a, size_t index)
{
    const dp_named_tensor *t = &a->tensors[index];
    const dp_element *element = t->type != NULL ? dp_element_of(t) : NULL;
    uint64_t count;
    char why[WHY];

    if (!is_name(t->name, t->name != NULL ? strlen(t->name) : 0, index, why))
        return dp_fail(a->err, DP_EINVAL, "dp_archive_save: %s", why);
    if (a->format->reserved != NULL && strcmp(t->name, a->format->reserved) == 0)
        return dp_fail(a->err, DP_EINVAL, "dp_archive_save: %s is not a tensor's name in a %s file",
                       t->name, a->format->suffix);
    if (element == NULL)
        return dp_fail(a->err, DP_EINVAL, "dp_archive_save: %.80s: there is no type '%.20s'",
                       t->name, t->type != NULL ? t->type : "NULL");
    if (!is_whole(t, element, &count, why))
        return dp_fail(a->err, DP_EINVAL, "dp_archive_save: %s", why);
    if (t->count != count)
        return dp_fail(a->err, DP_EINVAL, "dp_archive_save: %.60s: count is %llu, of %.60s",
                       t->name, (unsigned long long)t->count, dp_tensor_shape(t).text);
    if (t->data == NULL && t->size > 0)
        return dp_fail(a->err, DP_EINVAL, "dp_archive_save: %.80s: its data is NULL", t->name);
    return DP_OK;
}

static dp_status check_all_saved(const dp_archive *a)
{
    const char *twice = NULL;
    dp_status status = DP_OK;

    for (size_t i = 0; i < a->n && status == DP_OK; i++)
        status = check_saved(a, i);
    if (status == DP_OK)
        status = find_twice(a, &twice);
    return status == DP_OK && twice != NULL
               ? dp_fail(a->err, DP_EINVAL, "dp_archive_save: %.80s appears twice", twice)
               : status;
}

static dp_status save(const dp_archive *a)
{
    dp_writer writer;
    dp_status status = check_all_saved(a);

    if (status == DP_OK)
        status = dp_writer_open(&writer, a->path, a->err);
    if (status != DP_OK)
        return status;
    status = a->format->write(a, &writer);
    if (status == DP_OK)
        return dp_writer_commit(&writer, a->err);
    dp_writer_cancel(&writer);
    return status;
}

dp_status dp_archive_save(const dp_named_tensor *tensors, size_t n, const char *path, dp_error *err)
{
    dp_options options;
    dp_arena arena = {0};
    dp_archive a = {.tensors = (dp_named_tensor *)tensors,
                    .n = n,
                    .room = n,
                    .arena = &arena,
                    .path = path,
                    .err = err};
    dp_status status = dp_options_get(NULL, &options, err);

    if (status != DP_OK)
        return status;
    if (path == NULL || (tensors == NULL && n > 0))
        return dp_fail(err, DP_EINVAL, "dp_archive_save: %s is NULL",
                       path == NULL ? "path" : "tensors");
    a.format = format_of(path);
    if (a.format == NULL)
        return dp_fail(err, DP_EINVAL, "%.120s: .safetensors and .npz files can be written", path);
    arena.alloc = options.alloc;
    status = save(&a);
    dp_arena_free(&arena);
    return status;
}

const dp_named_tensor *dp_archive_find(const dp_archive *a, const char *name)
{
    for (size_t i = 0; a != NULL && name != NULL && i < a->n; i++) {
        if (strcmp(a->tensors[i].name, name) == 0)
            return &a->tensors[i];
    }
    return NULL;
}

const dp_named_tensor *dp_archive_get(const dp_archive *a, size_t index)
{
    return a != NULL && index < a->n ? &a->tensors[index] : NULL;
}

const char *dp_archive_format_name(const dp_archive *a)
{
    return a != NULL ? a->format->name : NULL;
}

/* ---- as a handle ---- */

typedef struct opened {
    dp_handle handle;
    dp_archive archive;
} opened;

dp_status dp_archive_open(dp_archive **out, const char *path, const dp_options *given,
                          dp_error *err)
{
    dp_handle *handle;
    dp_archive *a;
    dp_status status;

    if (out == NULL || path == NULL)
        return dp_fail(err, DP_EINVAL, "dp_archive_open: %s is NULL", out == NULL ? "out" : "path");
    status = dp_handle_open(&handle, sizeof(opened), "an archive", given, err);
    if (status != DP_OK)
        return status;
    a = &((opened *)handle)->archive;
    *a = (dp_archive){.arena = &handle->arena,
                      .path = path,
                      .options = &handle->options,
                      .err = err,
                      .handle = handle};
    status = dp_handle_leave(handle, dp_archive_read(a));
    a->path = NULL; /* both are the caller's */
    a->err = NULL;
    if (status == DP_OK)
        *out = a;
    else
        dp_archive_close(a);
    return status;
}

void dp_archive_close(dp_archive *a)
{
    if (a != NULL)
        dp_handle_close(a->handle);
}
