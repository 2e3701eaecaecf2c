/* reader.h - what a reader is: records by number, from any thread
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_READER_H
#define IO_READER_H

#include "base/column.h"
#include "base/hash.h"
#include "base/status.h"
#include "io/groups.h"
#include "io/remote/remote.h"
#include "lang/stage.h"

/* What a stream that is read back was, for its states. */
typedef struct dp_origin {
    uint8_t fingerprint[16], identity[16];
    uint64_t seed;
} dp_origin;

/* Of a column of bytes, each row the file of a picture: the least and the most height, width and
 * channels of all. */
typedef struct dp_pictures {
    int64_t least[3], most[3];
} dp_pictures;

typedef struct dp_source {
    dp_opener opener; /* of the reader's files, made before open and closed behind close */
    uint64_t n_records;
    uint32_t n_columns;
    dp_column columns[DP_MAX_COLUMNS];
    void *state;    /* the reader's own */
    uint64_t stamp; /* of the files: when they were changed, how large they are; 0 = not taken */
    uint64_t names; /* hash of what the labels are called, in their order; 0 = they have no names */
    uint64_t left_out; /* damaged records, which are not among them */
    /* The least of each size of a column whose records differ in shape (its type has the largest);
     * NULL = all have that of the type. */
    const int64_t *least[DP_MAX_COLUMNS];
    const dp_pictures *pictures[DP_MAX_COLUMNS]; /* NULL = the rows are none that are known of */
    const dp_groups *groups;                     /* of a reader whose rows come in batches */
    const dp_origin *origin; /* the records are that stream; NULL = a data set */
} dp_source;

typedef struct dp_reader {
    dp_stage_info info;
    /* Finds and checks the files; reads no record, but where a few show that the files are others.
     * Leaves nothing open on failure. */
    dp_status (*open)(const void *params, const dp_options *, dp_arena *, dp_source *out,
                      dp_error *);
    /* One record into one buffer a column.  Called by several threads at once; allocates nothing
     * (but for what decoding a file takes).  A failure names file, record and what was expected. */
    dp_status (*read)(const void *state, uint64_t record, void *const columns[], dp_error *);
    /* The sizes of a record of a column that has `least`: known at open, so it cannot fail.  NULL =
     * no column has. */
    void (*shape)(const void *state, uint64_t record, uint32_t column, int64_t *shape);
    /* Height and width, as they are stored, and orientation (1 to 8) of the picture whose file a
     * record is, of a column with `pictures`; NULL = those of each are not known at open. */
    void (*head)(const void *state, uint64_t record, int64_t head[3]);
    /* The same as read with the images of the first column, <H,W,C> of uint8, as planes <C,H,W>;
     * NULL = cannot.  `planes` says after open that records will be read so. */
    dp_status (*read_planes)(const void *state, uint64_t record, void *const columns[], dp_error *);
    void (*planes)(void *state);
    /* Called once all that the handle needs is planned: takes room for what may be kept in memory.
     * Where there is none, reading is slower and nothing else; NULL = nothing is kept. */
    dp_status (*keep)(void *state, const dp_options *, dp_arena *, dp_error *);
    /* The file that a record is, for messages; NULL = records are no files. */
    const char *(*path)(const void *state, uint64_t record);
    /* Tells the cache that a record will be read soon; NULL = there is nothing to tell. */
    void (*prefetch)(const void *state, uint64_t record);
    /* Says, of files that lie elsewhere, that a record will be read, so that its bytes are under
     * way by then.  False = there is no room for more before an earlier turn is over.  NULL = each
     * read brings them itself. */
    bool (*ahead)(const void *state, uint64_t record, const dp_when *);
    /* DP_ESTATE, naming the file, when one that is read again and again may hold something else
     * than when it was opened (dp_file_unchanged); `accept` takes what is there now for what was
     * opened.  NULL = what is opened is in memory, or each read makes sure. */
    dp_status (*unchanged)(void *state, bool accept, dp_error *);
    /* The stamp of its files, where open does not take it; NULL = it does.  DP_ESTATE, naming the
     * file, when what was read from one may be gone. */
    dp_status (*stamp)(const void *state, uint64_t *stamp, dp_error *);
    void (*close)(void *state); /* NULL = nothing to close */
    /* Whether rows come in batches, which open makes then; NULL = never. */
    bool (*batched)(const void *params);
    /* Digest of what the records are made from; NULL = the records themselves are hashed. */
    void (*identity)(const void *state, uint8_t digest[16]);
} dp_reader;

/* The row that begins with it, or NULL: it is another kind's. */
static inline const dp_reader *dp_reader_of(const dp_stage_info *info)
{
    return dp_stage_is(info, "reader") ? (const dp_reader *)info : NULL;
}

extern const dp_reader *const dp_readers[]; /* ends with NULL */

#endif
