/* mindrecord_fields.c - the columns of a MindRecord file as the text of `fields`, each with its
 * type
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/pack/message_pack.h"
#include "base/picture/picture.h"
#include "base/tensor.h"
#include "io/shards/mindrecord.h"
#include "lang/text.h"

/* Whether a column's first row is the file of a picture: where the first row of blobs is, whoever
 * says so.  What it says is looked at later. */
static bool begins_with_picture(const dp_mindrecord *m, const dp_file *file, int32_t blob)
{
    uint64_t page = 0, at, size;
    uint8_t bytes[16];
    size_t got = 0;

    while (page < m->n_pages && m->pages[page].n_rows == 0)
        page++;
    if (page == m->n_pages || blob < 0)
        return false;
    at = m->header_size + page * m->page_size + 8;
    for (int32_t b = 0; b <= blob && m->n_blobs > 1; b++, at += 8 + size) {
        dp_packed c = {bytes, bytes + 8};
        if (dp_file_read_at(file, at, bytes, 8, &got) != 0 || got < 8)
            return false;
        (void)dp_unpack_big_endian(&c, 8, &size);
        if (b == blob)
            size = 0;
        else if (size > m->page_size)
            return false;
    }
    return dp_file_read_at(file, at, bytes, sizeof bytes, &got) == 0 &&
           dp_picture_kind_of(bytes, got) != DP_PICTURE_NONE;
}

const dp_mindrecord_column *dp_mindrecord_find(const dp_mindrecord *m, const char *name, size_t n)
{
    for (uint64_t i = 0; i < m->n_columns; i++) {
        if (strlen(m->columns[i].name) == n && memcmp(m->columns[i].name, name, n) == 0)
            return &m->columns[i];
    }
    return NULL;
}

static void print_type(const dp_mindrecord_naming *g, const dp_mindrecord_column *c, dp_out *out)
{
    dp_tensor type = c->type;

    if (c->text) {
        dp_out_text(out, begins_with_picture(g->m, g->file, c->blob) ? ":picture" : ":bytes");
        return;
    }
    dp_out_text(out, ":");
    dp_out_text(out, dp_dtype_name(type.dtype));
    for (int32_t d = 0; d < type.rank; d++) {
        const int64_t size = type.shape[d] > 0 ? type.shape[d] : 1;
        dp_out_text(out, ":");
        dp_out_text(out, dp_print_int(&size, DP_I64, 0).text);
    }
}

/* With the type of each behind it. */
static void print_given(const dp_mindrecord_naming *g, dp_out *out)
{
    for (const char *at = g->given;; at++) {
        const size_t n = strcspn(at, ","), column = strcspn(at, ":,");
        const char *name = at + column + (at[column] == ':');
        const size_t length = strcspn(name, ":,");
        const dp_mindrecord_column *c = dp_mindrecord_find(g->m, name, length);
        dp_out_part(out, at, n);
        if (c != NULL && name + length == at + n && name > at + column)
            print_type(g, c, out);
        at += n;
        if (*at == '\0')
            return;
        dp_out_text(out, ",");
    }
}

void dp_mindrecord_print_fields(const void *ctx, dp_out *out)
{
    const dp_mindrecord_naming *g = ctx;

    if (g->given[0] != '\0') {
        print_given(g, out);
        return;
    }
    for (uint64_t i = 0; i < g->m->n_columns; i++) {
        const dp_mindrecord_column *c = &g->m->columns[i];
        dp_out_text(out, i > 0 ? "," : "");
        dp_out_text(out, c->name);
        dp_out_text(out, ":");
        dp_out_text(out, c->name);
        print_type(g, c, out);
    }
}
