/* safetensors.c - https://github.com/huggingface/safetensors
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Eight bytes little-endian, a JSON header of that length, the data without gaps.  MindSpore adds
 * `crc_num` to __metadata__: the CRC-32 over name and content of every tensor in order of names.
 */
#include "archive/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/bytes.h"
#include "base/pack/crc32.h"
#include "base/status.h"

static bool is(const uint8_t *bytes, size_t n)
{
    return n >= 9 && bytes[8] == '{' && dp_load_le(bytes, 8) <= n - 8;
}

/* ---- reading ---- */

static int by_place(const void *x, const void *y)
{
    const dp_named_tensor *a = *(const dp_named_tensor *const *)x,
                          *b = *(const dp_named_tensor *const *)y;
    if (a->data != b->data)
        return a->data < b->data ? -1 : 1;
    return (a->size > b->size) - (a->size < b->size);
}

static int by_name(const void *x, const void *y)
{
    return strcmp((*(const dp_named_tensor *const *)x)->name,
                  (*(const dp_named_tensor *const *)y)->name);
}

static const dp_named_tensor **sorted(const dp_archive *a, int (*order)(const void *, const void *))
{
    const dp_named_tensor **list = dp_arena_alloc(a->arena, a->n + 1, sizeof *list);

    for (size_t i = 0; list != NULL && i < a->n; i++)
        list[i] = &a->tensors[i];
    if (list != NULL)
        qsort(list, a->n, sizeof *list, order);
    return list;
}

/* The tensors cover the data, each byte once. */
static dp_status check_cover(const dp_archive *a, const uint8_t *data, uint64_t size)
{
    const dp_named_tensor **list = sorted(a, by_place);
    const uint8_t *at = data;

    if (list == NULL)
        return dp_arena_fail(a->arena, a->err, "tensors");
    for (size_t i = 0; i < a->n; i++) {
        if (list[i]->data != at)
            return dp_archive_corrupt(a, "a gap or an overlap before %.80s", list[i]->name);
        at += list[i]->size;
    }
    return at == data + size ? DP_OK
                             : dp_archive_corrupt(a, "%llu bytes after the last tensor",
                                                  (unsigned long long)(data + size - at));
}

static dp_status check_crc(const dp_archive *a, const char *stated)
{
    const dp_named_tensor **list = sorted(a, by_name);
    uint32_t crc = 0;
    char own[16];

    if (list == NULL)
        return dp_arena_fail(a->arena, a->err, "tensors");
    for (size_t i = 0; i < a->n; i++) {
        crc = dp_crc32(crc, (const uint8_t *)list[i]->name, strlen(list[i]->name));
        crc = dp_crc32(crc, list[i]->data, (size_t)list[i]->size);
    }
    snprintf(own, sizeof own, "%u", crc);
    return strcmp(own, stated) == 0
               ? DP_OK
               : dp_archive_corrupt(a, "damaged: its CRC is not %s, that of the content", own);
}

static dp_status parse(dp_archive *a, const uint8_t *bytes, size_t n)
{
    const size_t header = (size_t)dp_load_le(bytes, 8);
    const uint8_t *data = bytes + 8 + header;
    dp_safetensors_meta meta[] = {{"crc_num", NULL}, {NULL, NULL}};
    dp_status status;

    if (header > DP_MAX_SAFETENSORS_HEADER)
        return dp_archive_corrupt(a, "its header is larger than %d MiB",
                                  DP_MAX_SAFETENSORS_HEADER >> 20);
    status = dp_safetensors_parse(a, (const char *)bytes + 8, header, data, n - 8 - header, meta);
    if (status == DP_OK)
        status = check_cover(a, data, n - 8 - header);
    return status == DP_OK && meta[0].value != NULL ? check_crc(a, meta[0].value) : status;
}

/* ---- writing ---- */

static void print_number(dp_out *out, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    dp_out_text(out, text);
}

/* A name has no control characters, so these two are all that JSON escapes. */
static void print_name(dp_out *out, const char *name)
{
    char c[3] = {0};

    dp_out_text(out, "\"");
    for (; *name != '\0'; name++) {
        const bool escaped = *name == '"' || *name == '\\';
        c[0] = escaped ? '\\' : *name;
        c[1] = escaped ? *name : '\0';
        dp_out_text(out, c);
    }
    dp_out_text(out, "\"");
}

void dp_safetensors_describe(dp_out *out, const char *name, const char *type, int32_t rank,
                             const int64_t *shape, uint64_t offset, uint64_t size)
{
    print_name(out, name);
    dp_out_text(out, ":{\"dtype\":\"");
    dp_out_text(out, type);
    dp_out_text(out, "\",\"shape\":[");
    for (int32_t d = 0; d < rank; d++) {
        dp_out_text(out, d > 0 ? "," : "");
        print_number(out, (uint64_t)shape[d]);
    }
    dp_out_text(out, "],\"data_offsets\":[");
    print_number(out, offset);
    dp_out_text(out, ",");
    print_number(out, offset + size);
    dp_out_text(out, "]}");
}

void dp_safetensors_pad(dp_out *out)
{
    while (out->length % 8 != 0)
        dp_out_text(out, " ");
}

void dp_safetensors_put_header(dp_writer *w, const char *text, size_t n)
{
    uint8_t length[8];

    dp_store_le(length, 8, n);
    dp_writer_put(w, length, 8);
    dp_writer_put(w, text, n);
}

static void print_header(const void *ctx, dp_out *out)
{
    const dp_archive *a = ctx;
    uint64_t offset = 0;

    dp_out_text(out, "{");
    for (size_t i = 0; i < a->n; i++) {
        const dp_named_tensor *t = &a->tensors[i];
        dp_out_text(out, i > 0 ? "," : "");
        dp_safetensors_describe(out, t->name, dp_element_of(t)->safetensors, t->rank, t->shape,
                                offset, t->size);
        offset += t->size;
    }
    dp_out_text(out, "}");
    dp_safetensors_pad(out);
}

static dp_status write_all(const dp_archive *a, dp_writer *w)
{
    const char *header;
    size_t n;

    for (size_t i = 0; i < a->n; i++) {
        if (dp_element_of(&a->tensors[i])->safetensors == NULL)
            return dp_fail(a->err, DP_EINVAL, "%.80s is %s: .safetensors has no such type",
                           a->tensors[i].name, a->tensors[i].type);
    }
    header = dp_out_arena(a->arena, print_header, a, &n);
    if (header == NULL)
        return dp_arena_fail(a->arena, a->err, "a header");
    dp_safetensors_put_header(w, header, n);
    for (size_t i = 0; i < a->n; i++)
        dp_writer_put(w, a->tensors[i].data, (size_t)a->tensors[i].size);
    return DP_OK;
}

const dp_archive_format dp_archive_safetensors = {
    .name = "safetensors",
    .suffix = ".safetensors",
    .is = is,
    .parse = parse,
    .write = write_all,
    .reserved = "__metadata__",
};
