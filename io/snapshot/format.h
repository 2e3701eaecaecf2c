/* format.h - what a snapshot says of itself (docs/snapshot.md)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_SNAPSHOT_FORMAT_H
#define IO_SNAPSHOT_FORMAT_H

#include "io/reader.h"

#define DP_SNAPSHOT_MAGIC         "dpsnap\r\n" /* every snapshot begins so */
#define DP_SNAPSHOT_VERSION       1            /* of rows of one shape */
#define DP_SNAPSHOT_VARIES        2 /* of rows that differ in shape, or are files of pictures */
#define DP_SNAPSHOT_MAX_HEADER    ((uint32_t)1 << 25) /* bytes */
#define DP_SNAPSHOT_MAX_BLOCK     ((uint64_t)1 << 30) /* bytes of a block's records */
#define DP_SNAPSHOT_BLOCK_RECORDS ((uint32_t)1 << 20)
#define DP_SNAPSHOT_MAX_RECORDS   ((uint64_t)1 << 48)
#define DP_SNAPSHOT_MAX_SHARDS    512
#define DP_SNAPSHOT_MAX_SIZE      UINT32_MAX /* of a dimension that differs */
#define DP_SNAPSHOT_FIXED         104        /* bytes of the header's fixed part */
#define DP_SNAPSHOT_FOOTER        64         /* bytes */

enum { DP_COMPRESS_NONE, DP_COMPRESS_LZ4, DP_COMPRESS_LZ4HC, DP_N_COMPRESSIONS };
extern const char *const dp_compressions[DP_N_COMPRESSIONS];

/* Where the columns of a record are in it, in bytes. */
typedef struct dp_layout {
    size_t offset[DP_MAX_COLUMNS], bytes[DP_MAX_COLUMNS], size;
} dp_layout;

typedef struct dp_snapshot_header {
    dp_origin origin;
    uint64_t n_records;
    dp_groups groups;
    uint32_t block_records, shard_blocks;
    uint8_t compression;
    bool shuffle; /* float columns, before compression */
    uint32_t n_columns;
    dp_column columns[DP_MAX_COLUMNS];
    const int64_t *least[DP_MAX_COLUMNS]; /* as a dp_source has them */
    const dp_pictures *pictures[DP_MAX_COLUMNS];
    const char *spec; /* canonical */
    /* What follows from it. */
    uint32_t size;        /* of the header in the file */
    uint64_t key;         /* its check */
    uint64_t record_size; /* of the largest record */
    dp_layout layout;     /* of that */
    uint32_t sizes;       /* bytes of the sizes of a record: 4 each, of the columns that vary */
    uint64_t n_blocks;
    uint32_t n_shards; /* 0 = the blocks are in the file itself */
} dp_snapshot_header;

typedef struct dp_snapshot_footer {
    uint64_t index; /* its place in the file */
    uint64_t index_check;
    uint8_t content[16]; /* digest of the records as a data set */
} dp_snapshot_footer;

/* Sizes and places of the columns that were set. */
void dp_snapshot_measure(dp_snapshot_header *);

/* The sizes of a record as its bytes; whether they are within those that the header says. */
void dp_sizes_print(const dp_snapshot_header *, const dp_tensor types[DP_MAX_COLUMNS],
                    uint8_t *sizes);
bool dp_sizes_are_known(const dp_snapshot_header *, const uint8_t *sizes);
/* The type of a column of a record; of one that varies. */
dp_tensor dp_own_type(const dp_snapshot_header *, uint32_t column, const uint8_t *sizes);
static inline dp_tensor dp_record_type(const dp_snapshot_header *h, uint32_t column,
                                       const uint8_t *sizes)
{
    return h->least[column] == NULL ? h->columns[column].type : dp_own_type(h, column, sizes);
}
/* Its layout, in *room where it is not that of all. */
void dp_own_layout(const dp_snapshot_header *, const uint8_t *sizes, dp_layout *out);
static inline const dp_layout *dp_record_layout(const dp_snapshot_header *h, const uint8_t *sizes,
                                                dp_layout *room)
{
    if (h->sizes == 0)
        return &h->layout;
    dp_own_layout(h, sizes, room);
    return room;
}

/* Bytes of the index. */
uint64_t dp_snapshot_index_size(const dp_snapshot_header *);

/* What follows from the fields that were set, measured; DP_ELIMIT past a limit. */
dp_status dp_snapshot_settle(dp_snapshot_header *, dp_error *);

/* The header as bytes in the arena; size and key are set. */
dp_status dp_snapshot_print(dp_snapshot_header *, dp_arena *, uint8_t **out, dp_error *);

/* The size that the first DP_SNAPSHOT_FIXED bytes say, or 0 when they are not a snapshot's. */
uint32_t dp_snapshot_header_size(const uint8_t *bytes);

/* DP_ECORRUPT, with path in the message, unless it is a header, whole and consistent. */
dp_status dp_snapshot_parse(const uint8_t *bytes, uint32_t size, const char *path, dp_arena *,
                            dp_snapshot_header *out, dp_error *);

void dp_snapshot_print_footer(const dp_snapshot_header *, const dp_snapshot_footer *,
                              uint8_t out[DP_SNAPSHOT_FOOTER]);
bool dp_snapshot_parse_footer(const dp_snapshot_header *, const uint8_t bytes[DP_SNAPSHOT_FOOTER],
                              dp_snapshot_footer *out);

/* OUT itself without shards, else that of shard number `shard`. */
char *dp_snapshot_shard_path(const dp_snapshot_header *, const char *path, uint32_t shard,
                             dp_arena *);

#endif
