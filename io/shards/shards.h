/* shards.h - files that hold many records each: an index of each file, and records by number
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A format looks at a file once, from its beginning to its end, and says where the pieces of each
 * record lie: the index.  From then on any thread reads any record at its place.  A file that is
 * gzip is unpacked when it is opened, and kept in memory.
 */
#ifndef IO_SHARDS_SHARDS_H
#define IO_SHARDS_SHARDS_H

#include <stdatomic.h>

#include "base/file.h"
#include "base/pack/inflate.h"
#include "base/picture/picture.h"
#include "io/reader.h"
#include "io/shards/fields.h"
#include "io/shards/list.h"

#define DP_SHARD          ((uint64_t)1 << 40) /* bytes of a shard, which is looked at whole */
#define DP_UNPACKED_SHARD ((uint64_t)1 << 30) /* bytes of a shard that is gzip, unpacked */

/* Bytes of a file. */
typedef struct dp_piece {
    uint64_t at;
    uint32_t size;
    _Atomic uint32_t seen; /* a hash of them, once they were read; 0 = they were not */
} dp_piece;

/* What the records of a file have least and most: of pictures height, width and channels; of
 * numbers the value, in the first place, and 1 as the most of the second one. */
typedef dp_pictures dp_bounds;

typedef struct dp_shard_file {
    const char *path;
    dp_file file;        /* fd -1: it is opened for each read */
    uint64_t beside;     /* the stamp of the file that belongs to it; 0 = none */
    dp_blob blob;        /* unpacked; bytes NULL: it is read from the file */
    uint64_t first, n;   /* records: the number of the first one, how many */
    uint64_t n_left_out; /* entries that belong to no record */
    dp_piece *pieces;    /* of each record: those of the fields, then the format's own */
    dp_bounds bounds[DP_MAX_COLUMNS]; /* of each field */
} dp_shard_file;

struct dp_look;

typedef struct dp_shard_format {
    const dp_stage_info *info; /* of the reader; its revision is the index's, too */
    uint32_t n_own;            /* pieces of a record that are no field's */
    const char *record;        /* what it calls one: "sample" */
    const char *beside; /* what the name of a file ends in that belongs to it: ".db"; NULL = none */
    const char *(*usual)(const char *part); /* as dp_fields_parse has it */
    /* Whether a file that begins with these 12 bytes is one, though gzip may begin so; NULL = no
     * file does. */
    bool (*is_plain)(const uint8_t head[12]);
    dp_status (*look)(struct dp_look *, dp_error *);
} dp_shard_format;

typedef struct dp_shards {
    const dp_shard_format *format;
    dp_fields fields;
    dp_shard_file *shards;
    size_t n;
    uint32_t n_pieces;
    int64_t least[DP_MAX_COLUMNS]; /* bytes of a column */
    dp_pictures pictures[DP_MAX_COLUMNS];
    uint64_t largest; /* bytes of the largest piece of the format's own */
} dp_shards;

/* Everything that the reader's open does but its own. */
dp_status dp_shards_open(dp_shards *, const dp_shard_format *, const char *file, const char *fields,
                         const dp_options *, dp_arena *, dp_source *out, dp_error *);

/* As the reader's functions, on a state that begins with its dp_shards. */
void dp_shards_close(void *state);
dp_status dp_shards_unchanged(void *state, bool accept, dp_error *);
void dp_shards_shape(const void *state, uint64_t record, uint32_t column, int64_t *shape);

bool dp_shards_ahead(const void *state, uint64_t record, const dp_when *);

/* The pieces of a record. */
const dp_piece *dp_shards_pieces(const dp_shards *, uint64_t record);

/* The stamp of a shard and of what belongs to it. */
uint64_t dp_shard_stamp(const dp_shard_file *);

/* ---- looking at a file ---- */

/* One file, and what was found in it. */
typedef struct dp_look {
    const dp_shards *shards;
    dp_shard_file *shard;
    const dp_options *options;
    dp_opener *opener;
    dp_arena *arena; /* for as long as the look takes */
    dp_picture_room *room;
    dp_file file; /* open */
    dp_piece *pieces;
    size_t capacity;
    uint64_t before, total; /* bytes: of the files before it, of all */
} dp_look;

/* Bytes of the file, which are there.  A blob's are not copied: *out points to them, else to
 * buffer.
 */
dp_status dp_look_read(const dp_look *, uint64_t at, size_t n, uint8_t *buffer, const uint8_t **out,
                       dp_error *);

/* One record more, all of its pieces empty; NULL when out of memory (dp_look_full says so). */
dp_piece *dp_look_add(dp_look *);
dp_status dp_look_full(const dp_look *, dp_error *);

/* The bytes of a field: its size is checked, of a picture its header, too.  `name` says of what it
 * is in a message. */
dp_status dp_look_bytes(dp_look *, uint32_t field, dp_piece *, const char *name, dp_error *);

/* A number of a field. */
void dp_look_number(dp_look *, uint32_t field, int64_t value);

/* Tells options->progress that the file was looked at up to here. */
dp_status dp_look_progress(const dp_look *, uint64_t at, dp_error *);

/* ---- reading a record ---- */

typedef struct dp_shard_record {
    const dp_shards *shards;
    const dp_shard_file *shard;
    dp_piece *pieces;
    uint64_t number; /* in its file */
    dp_file file;    /* open */
} dp_shard_record;

/* Finds it, and opens its file if it is not.  DP_ESTATE when that is another one now. */
dp_status dp_shard_enter(const dp_shards *, uint64_t record, dp_shard_record *, dp_error *);
void dp_shard_leave(dp_shard_record *);

/* A piece, whole.  DP_ECORRUPT when the file is cut, DP_ESTATE when it holds others than it did
 * when they were read first. */
dp_status dp_shard_read(const dp_shard_record *, uint32_t piece, void *out, dp_error *);

/* "sample 3 of x.tar: WHY" */
__attribute__((format(printf, 4, 5))) dp_status dp_shard_fail(const dp_shard_record *, dp_error *,
                                                              dp_status, const char *why, ...);

/* Whether a number is one that the index has seen. */
bool dp_shard_expects(const dp_shard_record *, uint32_t field, int64_t value);

#endif
