/* archive.c - what the formats share: types, checks, which format a file is
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/archive/archive.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"

const dp_element dp_elements[] = {
    {"float32", "Float32", "F32", "<f4", 4},
    {"float64", "Float64", "F64", "<f8", 8},
    {"float16", "Float16", "F16", "<f2", 2},
    {"bfloat16", "BFloat16", "BF16", NULL, 2},
    {"int8", "Int8", "I8", "|i1", 1},
    {"uint8", "UInt8", "U8", "|u1", 1},
    {"int16", "Int16", "I16", "<i2", 2},
    {"uint16", "UInt16", "U16", "<u2", 2},
    {"int32", "Int32", "I32", "<i4", 4},
    {"uint32", "UInt32", "U32", "<u4", 4},
    {"int64", "Int64", "I64", "<i8", 8},
    {"uint64", "UInt64", "U64", "<u8", 8},
    {"bool", "Bool", "BOOL", "|b1", 1},
    {"str", "str", NULL, NULL, 4},
    {NULL, NULL, NULL, NULL, 0},
};

/* The last one has no mark of its own. */
static const dp_archive_format *const formats[] = {&dp_archive_npz, &dp_archive_safetensors,
                                                   &dp_archive_ckpt, NULL};

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
    char why[160];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return dp_fail(a->err, DP_ECORRUPT, "%.70s: %s", a->path, why);
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
static bool printable(const char *name, size_t length)
{
    for (size_t i = 0, n; i < length; i += n) {
        n = dp_utf8_length((const unsigned char *)name + i, length - i);
        if (n == 0)
            return false;
    }
    return length > 0 && length <= DP_MAX_TENSOR_NAME;
}

/* Elements of the shape; false when that is no size. */
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

dp_status dp_archive_add(dp_archive *a, const char *name, size_t length, const dp_element *element,
                         dp_named_tensor t)
{
    uint64_t size;

    t.type = element->name;
    if (!printable(name, length))
        return dp_archive_corrupt(a, "tensor %zu has no printable name of at most %d bytes",
                                  a->n + 1, DP_MAX_TENSOR_NAME);
    if (a->n == DP_MAX_TENSORS)
        return dp_archive_corrupt(a, "more than %d tensors", DP_MAX_TENSORS);
    t.name = dp_arena_text(a->arena, name, length);
    if (t.name == NULL || (a->n == a->room && !grow(a)))
        return dp_arena_fail(a->arena, a->err, "tensors");
    if (!count_of(&t, &t.count) || __builtin_mul_overflow(t.count, element->size, &size) ||
        size != t.size)
        return dp_archive_corrupt(a, "%.60s: %llu bytes are no %.60s", t.name,
                                  (unsigned long long)t.size, dp_tensor_shape(&t).text);
    a->tensors[a->n++] = t;
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

static dp_status check_unique(const dp_archive *a)
{
    const char **names = dp_arena_alloc(a->arena, a->n + 1, sizeof *names);

    if (names == NULL)
        return dp_arena_fail(a->arena, a->err, "tensors");
    for (size_t i = 0; i < a->n; i++)
        names[i] = a->tensors[i].name;
    qsort(names, a->n, sizeof *names, by_name);
    for (size_t i = 1; i < a->n; i++) {
        if (strcmp(names[i - 1], names[i]) == 0)
            return dp_archive_corrupt(a, "%.80s is there twice", names[i]);
    }
    return DP_OK;
}

dp_status dp_archive_parse(dp_archive *a, const uint8_t *bytes, size_t n, const char *path,
                           dp_arena *arena, dp_error *err)
{
    dp_status status;

    *a = (dp_archive){.arena = arena, .path = path, .err = err};
    for (size_t i = 0; a->format == NULL && formats[i] != NULL; i++) {
        if (formats[i]->is(bytes, n))
            a->format = formats[i];
    }
    if (a->format == NULL)
        return dp_archive_corrupt(a, "no .ckpt, .safetensors or .npz file");
    status = a->format->parse(a, bytes, n);
    return status == DP_OK ? check_unique(a) : status;
}

dp_status dp_archive_read(dp_archive *a, const char *path, dp_arena *arena, dp_error *err)
{
    dp_file file;
    dp_status status = dp_file_open(path, &file, err);
    uint8_t *bytes;
    size_t got;
    int error;

    if (status != DP_OK)
        return status;
    bytes = file.size < SIZE_MAX ? dp_arena_alloc(arena, (size_t)file.size + 1, 1) : NULL;
    if (bytes == NULL) {
        dp_file_close(&file);
        return dp_arena_fail(arena, err, path);
    }
    error = dp_file_read_at(&file, 0, bytes, (size_t)file.size, &got);
    dp_file_close(&file);
    if (error != 0)
        return dp_fail(err, DP_EIO, "%.120s cannot be read: %s", path, strerror(error));
    return dp_archive_parse(a, bytes, got, path, arena, err);
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

dp_status dp_archive_save(const dp_named_tensor *tensors, size_t n, const char *path, dp_error *err)
{
    const dp_archive_format *format = format_of(path);
    dp_options options;
    dp_arena arena = {0};
    const dp_archive out = {format, (dp_named_tensor *)tensors, n, n, &arena, path, err};
    dp_writer writer;
    dp_status status = dp_options_get(NULL, &options, err);

    if (format == NULL)
        return dp_fail(err, DP_EINVAL, "%.120s: .safetensors and .npz files can be written", path);
    for (size_t i = 0; i < n && status == DP_OK; i++) {
        if (dp_element_of(&tensors[i]) == NULL)
            status = dp_fail(err, DP_EINVAL, "%.80s: there is no type '%.20s'", tensors[i].name,
                             tensors[i].type);
    }
    if (status == DP_OK)
        status = dp_writer_open(&writer, path, err);
    if (status != DP_OK)
        return status;
    arena.alloc = options.alloc;
    status = format->write(&out, &writer);
    dp_arena_free(&arena);
    if (status == DP_OK)
        return dp_writer_commit(&writer, err);
    dp_writer_cancel(&writer);
    return status;
}

const dp_named_tensor *dp_archive_find(const dp_archive *a, const char *name)
{
    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->tensors[i].name, name) == 0)
            return &a->tensors[i];
    }
    return NULL;
}

const dp_named_tensor *dp_archive_get(const dp_archive *a, size_t index)
{
    return index < a->n ? &a->tensors[index] : NULL;
}

const char *dp_archive_format_name(const dp_archive *a) { return a->format->name; }

/* ---- as a handle ---- */

typedef struct handle {
    dp_archive archive; /* first */
    dp_options options;
    dp_arena arena;
} handle;

dp_status dp_archive_open(dp_archive **out, const char *path, const dp_options *given,
                          dp_error *err)
{
    dp_options options;
    handle *h;
    dp_status status;

    if (out == NULL || path == NULL)
        return dp_fail(err, DP_EINVAL, "dp_archive_open: %s is NULL", out == NULL ? "out" : "path");
    status = dp_options_get(given, &options, err);
    if (status != DP_OK)
        return status;
    h = options.alloc->alloc(options.alloc->ctx, sizeof *h, 64);
    if (h == NULL)
        return dp_fail(err, DP_ENOMEM, "out of memory for an archive");
    *h = (handle){.options = options, .arena = {.alloc = options.alloc, .limit = options.memory}};
    status = dp_archive_read(&h->archive, path, &h->arena, err);
    h->archive.path = NULL; /* both are the caller's */
    h->archive.err = NULL;
    if (status == DP_OK)
        *out = &h->archive;
    else
        dp_archive_close(&h->archive);
    return status;
}

void dp_archive_close(dp_archive *a)
{
    handle *h = (handle *)a;

    if (a == NULL)
        return;
    dp_arena_free(&h->arena);
    h->options.alloc->free(h->options.alloc->ctx, h, sizeof *h);
}
