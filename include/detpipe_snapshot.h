/* detpipe_snapshot.h - a stream in a file: written, looked at, checked, repaired
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * It is read by the stage `snapshot file=PATH` of detpipe.h.  The format: docs/snapshot.md.
 */
#ifndef DETPIPE_SNAPSHOT_H
#define DETPIPE_SNAPSHOT_H

#include "detpipe.h"

DP_BEGIN_DECLS

/* Zero is the default; size = sizeof(dp_snapshot_options) must be set. */
typedef struct dp_snapshot_options {
    size_t size;
    const char *compression; /* "none" (NULL), "lz4", "lz4hc" */
    uint64_t block_size;     /* bytes of a block's records; 0 = 4096 without compression, 65536 */
    uint64_t shard_size;     /* bytes of a shard's records; 0 = one file */
    uint64_t batches;        /* the first so many of the stream; 0 = all */
    int resume;              /* go on where an earlier call was stopped */
    void (*progress)(void *, uint64_t blocks, uint64_t of); /* NULL = none; dp_options.progress of
                                                             * the pipeline is told as well, and may
                                                             * cancel */
    void *progress_ctx;
} dp_snapshot_options;

/* The stream from its beginning, into path: whole or not at all.  The bytes depend on the stream
 * and the options alone (docs/snapshot.md says more of compression).  What a call that failed or
 * was killed or cancelled has written stays in path + ".tmp" for `resume`.  The pipeline's position
 * stays. DP_ESTATE when the data set changed meanwhile: then nothing stays. */
DP_CALL dp_status dp_snapshot_write(dp_pipeline *, const char *path, const dp_snapshot_options *,
                                    dp_error *);

typedef struct dp_snapshot dp_snapshot;

typedef struct dp_snapshot_info {
    const char *spec; /* canonical text of the stream */
    uint64_t seed;    /* with which it was opened */
    uint8_t fingerprint[16], dataset[16];
    uint8_t content[16];           /* digest of the records as a data set */
    uint64_t n_records, n_batches; /* n_batches: 0 of rows, of an empty stream */
    uint64_t batch_size;           /* rows of a full batch; 0 = it is a stream of rows */
    const dp_array *columns;       /* types of one row (the most of each size, where rows differ in
                                    * shape); ends with a NULL name */
    const char *compression;
    uint64_t block_records, n_blocks;
    uint32_t n_shards;            /* 0 = one file */
    uint64_t raw_size, file_size; /* bytes of the records, of all files */
    int complete;                 /* footer and sizes are right */
    const dp_array *least;        /* as columns, with the least of each size */
    const char *digest; /* of its seal, 64 hexadecimal digits; NULL = there is no path + ".seal" */
} dp_snapshot_info;

/* The file stays open until close.  Its header must be sound; all else may be damaged.  The
 * options' log gets a line for each damage that is found. */
DP_CALL dp_status dp_snapshot_open(dp_snapshot **out, const char *path, const dp_options *,
                                   dp_error *);
DP_API void dp_snapshot_close(dp_snapshot *);
DP_API const dp_snapshot_info *dp_snapshot_get_info(const dp_snapshot *);

typedef struct dp_snapshot_damage {
    uint64_t blocks, records; /* damaged, and in them */
    uint64_t repaired;        /* blocks */
    int index, footer;        /* damaged; repaired as well when `repaired` is not short */
} dp_snapshot_damage;

/* Reads and checks every byte, on this thread.  Where path + ".seal" is there, each block has
 * to be the one that it names, too (info->digest is not NULL then); DP_ECORRUPT when it is another
 * snapshot's, DP_EIO when it cannot be read.  from: the pipeline that was written, or NULL; damaged
 * blocks, index and footer are made anew from it, in place.  DP_ESTATE when it is another stream,
 * or this liblz4 makes other blocks. */
DP_CALL dp_status dp_snapshot_check(dp_snapshot *, dp_pipeline *from, dp_snapshot_damage *,
                                    dp_error *);

/* Reads and checks every byte, and writes path + ".seal": a digest of each block that nobody can
 * make other bytes for.  digest: of the seal, as dp_snapshot_info has it; `snapshot file=PATH
 * digest=...` then delivers these rows or fails, whoever keeps the file.  DP_ECORRUPT when a byte
 * is damaged, DP_EIO for an address. */
DP_CALL dp_status dp_snapshot_seal(dp_snapshot *, char digest[65], dp_error *);

/* A copy in a folder, which is made if its parent is there, under the name that the path or address
 * ends in: shards, seal if there is one, and the file itself last.  Every block is checked on its
 * way, against the seal, too; DP_ECORRUPT and DP_EIO name it.  What a failed or killed call has
 * copied stays, is checked again, and the next call goes on from it.  DP_ESTATE when something
 * else stands there.  *path (or NULL): of the copy, until close. */
DP_CALL dp_status dp_snapshot_mirror(dp_snapshot *, const char *folder, const char **path,
                                     dp_error *);
DP_END_DECLS
#endif
