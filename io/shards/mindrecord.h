/* mindrecord.h - what a MindRecord file says of itself, and where its rows lie
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The file: u64 bytes of JSON, the JSON (pages, schema, names of the shards), zeros; then pages of
 * one size.  A row has a part in a page of blobs, its bytes and arrays, and one in a raw page, a
 * MessagePack of its numbers and texts; each begins with its bytes as u64.  Where they are stands
 * in the file beside it, NAME.db, of SQLite.
 */
#ifndef IO_SHARDS_MINDRECORD_H
#define IO_SHARDS_MINDRECORD_H

#include "io/remote/remote.h"
#include "lang/text.h"

#define DP_MINDRECORD_COLUMNS 64
#define DP_MINDRECORD_HEADER  ((uint64_t)1 << 22) /* bytes of JSON */
#define DP_MINDRECORD_INDEX   ((uint64_t)1 << 32) /* bytes of the .db */

/* A column of the schema. */
typedef struct dp_mindrecord_column {
    const char *name;
    bool text;      /* a string or bytes; else numbers */
    dp_tensor type; /* of numbers; the first size is 0 where it differs from row to row */
    int32_t blob;   /* its place among a row's blobs; -1 = it is in the raw page */
    bool packed;    /* integers in as few bytes as each needs */
} dp_mindrecord_column;

typedef struct dp_mindrecord_page {
    uint64_t used, n_rows, group;
    bool there, blob;
} dp_mindrecord_page;

typedef struct dp_mindrecord {
    uint64_t header_size, page_size;
    uint64_t n_columns, n_blobs, n_pages, n_rows;
    dp_mindrecord_column columns[DP_MINDRECORD_COLUMNS];
    dp_mindrecord_page *pages;
    const char *name;         /* that its shard was written as */
    uint64_t shard, n_shards; /* which of how many files that were written together */
    uint64_t set, schema;     /* hashes of the names of them all, of the columns */
} dp_mindrecord;

/* A row's parts in the file, their lengths in front included. */
typedef struct dp_mindrecord_row {
    uint64_t raw, blob;
    uint32_t raw_size, blob_size; /* 0: the index has no such row */
} dp_mindrecord_row;

/* Reads the JSON of an open file, and checks that its pages are there.  DP_ECORRUPT, DP_ELIMIT. */
dp_status dp_mindrecord_open(const dp_file *, const char *path, dp_arena *, dp_mindrecord *out,
                             dp_error *);

/* Reads the .db beside it: n_rows places, within their pages.  DP_ECORRUPT when it is damaged,
 * another file's, or has not each row once. */
dp_status dp_mindrecord_rows(const dp_mindrecord *, const char *path, dp_opener *, dp_arena *,
                             dp_mindrecord_row **out, dp_error *);

/* The column of that name, of n bytes, or NULL. */
const dp_mindrecord_column *dp_mindrecord_find(const dp_mindrecord *, const char *name, size_t n);

/* The parameter `fields` as it was given, or all columns where that is "", with the type of each
 * that has none. */
typedef struct dp_mindrecord_naming {
    const char *given;
    const dp_mindrecord *m;
    const dp_file *file; /* which is asked whether bytes are pictures */
} dp_mindrecord_naming;
void dp_mindrecord_print_fields(const void *naming, dp_out *);

#endif
