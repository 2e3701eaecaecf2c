/* detpipe.h - a data set as a function of (its bytes, a text, a seed)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     cifar10 usage=train | shuffle | random_crop size=32 padding=4 | rescale rescale=1/255
 *       | hwc2chw | batch batch_size=128 drop_remainder=true | repeat count=10
 *
 * A text is stages joined by "|": one reader, then transforms (what a row holds) and order stages
 * (which rows come when) in any order that makes sense; `detpipe stages` lists them with their
 * parameters.  A list of numbers may stand in a file, "weights=@w.npy" (docs/files.md), which is
 * part of the text: dp_open reads it, and the canonical text has its digest.  Nothing but the three
 * arguments of the function changes a byte of the stream. The stream is a sequence of batches (of
 * single rows without a batch stage), numbered from 0.
 */
#ifndef DETPIPE_H
#define DETPIPE_H

#include "detpipe_base.h"

DP_BEGIN_DECLS

typedef struct dp_pipeline dp_pipeline;
typedef struct dp_batch dp_batch;
#define DP_STATE_SIZE 64
typedef struct dp_state {
    uint8_t bytes[DP_STATE_SIZE];
} dp_state; /* layout: docs/state.md */

/* Reads no record, but for filter and pk_sampler, the first ones that tell copies of CIFAR's files,
 * and what docs/formats.md says of arrays and shards.  DP_ESPEC has the column, DP_EIO the file.
 * Starts dp_options.threads threads, which end with the handle; they make dp_options.prefetch
 * batches ahead from here on. */
DP_CALL dp_status dp_open(dp_pipeline **out, const char *spec, uint64_t seed, const dp_options *,
                          dp_error *);
DP_API void dp_close(dp_pipeline *); /* frees its batches too; NULL allowed */

/* What dp_spec() would say, without the data set and lists in files (which have a digest only where
 * it was given): the text is checked as far as it goes by itself.
 * *length: its bytes without NUL.  text NULL asks for the length alone; DP_ELIMIT if size bytes,
 * NUL included, are too few, with the length. */
DP_CALL dp_status dp_canonical(const char *spec, char *text, size_t size, size_t *length,
                               dp_error *);

/* The canonical text, with every parameter (one that came later than its stage only where it is not
 * its default), until close; the fingerprint covers it and the stages' revisions. */
DP_API const char *dp_spec(const dp_pipeline *);
DP_API void dp_fingerprint(const dp_pipeline *, uint8_t digest[16]);

/* Type of a column in a full batch (shape[0] = rows; data is NULL); NULL = no such column.  Where
 * rows come one by one they may differ in shape: dp_output has the most of each size, and
 * dp_output_least the least.  Both are equal where rows do not differ. */
DP_API const dp_tensor *dp_output(const dp_pipeline *, const char *column);
DP_API const dp_tensor *dp_output_least(const dp_pipeline *, const char *column);
DP_API const char *dp_column_name(const dp_pipeline *, size_t index); /* NULL past the last */

/* The next batch.  *batch is NULL at first; afterwards it is the batch to recycle, and it becomes
 * NULL on DP_END and on every error: the library has it back then.  A batch is the caller's, to
 * write into as well, on any thread, until it is passed again or the pipeline closes.  After an
 * error the call repeats it until the position is moved; of several bad records the first in the
 * order of the stream is reported. */
DP_CALL dp_status dp_next(dp_pipeline *, dp_batch **batch, dp_error *);

/* A column, shape[0] = the rows of this batch, or the row itself in its own shape where rows come
 * one by one, as long as the batch; NULL = no such column.  The digest covers names, types, shapes
 * and elements (little-endian, every NaN as one); with options.digests, as made. */
DP_API const dp_tensor *dp_batch_get(const dp_batch *, const char *column);
DP_API void dp_batch_digest(const dp_batch *, uint8_t digest[16]);

/* What the text makes of its data set.  An epoch is what a repeat at the end of the text repeats;
 * without one the stream is one epoch. */
typedef struct dp_info {
    size_t size;            /* set to sizeof(dp_info); a shorter struct gets what it has room for */
    uint32_t batched;       /* 1 = rows come in batches, 0 = one by one */
    uint32_t random;        /* 1 = a stage may draw: the seed counts */
    uint32_t n_readers;     /* of dp_records */
    uint32_t n_columns;     /* of dp_column_name */
    uint64_t batch_rows;    /* rows of a full batch, on this rank; 1 without batches */
    uint64_t epoch_batches; /* batches of an epoch; UINT64_MAX = endless */
    uint64_t epochs;        /* UINT64_MAX = endless */
    uint64_t label_names; /* equal where the labels of the first reader are called the same, in the
                             same order; 0 = they have no names */
    uint64_t left_out;    /* damaged records that on_error=skip left out, of all readers */
} dp_info;
DP_CALL dp_status dp_get_info(const dp_pipeline *, dp_info *, dp_error *);

DP_API uint64_t dp_tell(const dp_pipeline *);   /* number of the next batch */
DP_API uint64_t dp_length(const dp_pipeline *); /* batches in all; UINT64_MAX = endless */

/* Which records make a batch; nothing is read.  records[i * *n_readers + r] is that of row i in
 * reader r of the text (-1: concat took another).  records NULL asks for the counts alone;
 * DP_ELIMIT if capacity numbers are fewer than rows x readers, with the counts. */
DP_CALL dp_status dp_records(dp_pipeline *, uint64_t batch, int64_t *records, size_t capacity,
                             size_t *n_rows, size_t *n_readers, dp_error *);

/* What random transforms draw for a row, a line each ("stage name=number ...", "stage -" if left
 * out), into size bytes, NUL included; the length of all.  text NULL asks for the length alone;
 * 0 and "" when there is no such row, or a file in it that decides what is drawn cannot be
 * read. */
DP_API size_t dp_draws(dp_pipeline *, uint64_t batch, size_t row, char *text, size_t size);

/* A text that makes the same row without drawing: the reader, its record, and stages that do what
 * the transforms did ("cifar10 ... | subset_sampler indices=17 | crop coordinates=3,0 ..."), into
 * size bytes, NUL included; the length of all.  text NULL asks for the length alone.  0 and "" when
 * there is no such row or text: a transform has no such stages, draws for pictures of various
 * sizes out of files, or mixes rows of a batch, streams are joined, or the reader delivers batches.
 */
DP_API size_t dp_fixed(dp_pipeline *, uint64_t batch, size_t row, char *text, size_t size);

/* Moving is arithmetic: no record is read.  dp_length() itself is allowed; past it is DP_EINVAL. */
DP_CALL dp_status dp_seek(dp_pipeline *, uint64_t batch, dp_error *);
DP_CALL dp_status dp_skip(dp_pipeline *, uint64_t n_batches, dp_error *);

/* Which rows of the next batches are read and made; NULL = all, as after open.  The others have
 * whatever bytes there are, so a digest of such a batch is not the stream's.  For a rank that needs
 * its share alone (dp_net_takes); wanted is called on any thread and must give equal answers to
 * equal questions.  Batches whose rows are mixed, and those with options.digests, are made whole.
 */
DP_CALL dp_status dp_set_wanted(dp_pipeline *,
                                int (*wanted)(void *ctx, uint64_t n_rows, uint64_t row), void *ctx,
                                dp_error *);

/* A position that another process, machine or thread count can go on from.  The first call hashes
 * the data set once, so that another text, seed or data set is refused (DP_ESTATE).  The data set
 * is the one that was opened: when a file of it changed since, both are DP_ESTATE and name it. */
DP_CALL dp_status dp_get_state(dp_pipeline *, dp_state *, dp_error *);
DP_CALL dp_status dp_set_state(dp_pipeline *, const dp_state *, dp_error *);

/* Identity of the data set: a digest of every record that the reader offers, in reader order (of
 * its parameters, where the records are made from them).  Known from the first call on: take it
 * before the first batch, and a bad record or a change costs no work. */
DP_CALL dp_status dp_dataset_digest(dp_pipeline *, uint8_t digest[16], dp_error *);

/* A number of the files that were opened: which, how large, when they were changed; pictures of
 * png_folder as they are now.  No record is read.  Two handles with one number read the same data;
 * with two, dp_dataset_digest decides.  DP_ESTATE when a file changed since it was opened.  A child
 * of fork() may ask, too. */
DP_CALL dp_status dp_dataset_stamp(dp_pipeline *, uint64_t *stamp, dp_error *);

/* The whole language, sorted by kind and name.  count may be NULL. */
DP_API const dp_stage_info *const *dp_stages(size_t *count);

/* What MindSpore's JSON calls one of dp_stages(), and the parameters that it has there, in their
 * order: "Pad padding:4 fill_value:fill padding_mode=constant,edge,reflect,symmetric".  Each is
 *     key            the value of that parameter; numbers are float32 there
 *     key:double     a number that is not
 *     key:4          a list there is one of four numbers: fewer here are taken in turn
 *     key:zeros      a list there is one of four numbers: more are 0
 *     key:range      a list there is one of two numbers: one number d here is -d,d
 *     key:around     or 1-d,1+d, not below 0
 *     key:reversed   a list, its last number first
 *     key:fill       a list of three, of no meaning unless padding_mode is constant
 *     key:held       transforms that this one holds
 *     key=a,b,,c     a number there, the place of the word here; no word = not known here
 *     key>name=a,b   it is called `name` here
 *     key!true       must have this value there (true, false, [], a word), and is nothing here
 *     workers        is that of the map; MindSpore's draws are known
 *     batches        MindSpore takes batches in it, not rows alone
 *     null           there is no object of parameters
 *     unread         MindSpore writes it, and cannot read it back
 * NULL = it has no counterpart there. */
DP_API const char *dp_foreign(const dp_stage_info *);
DP_END_DECLS
#endif
