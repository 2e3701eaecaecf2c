/* transform.h - what a transform is: one constant, of this type, in one file
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A random transform is two halves: `draw` chooses numbers for a row, and `apply` does what they
 * say.  So the numbers can be printed, drawn ahead in another library's order (`replay`), or
 * written down as the deterministic transform that does the same.
 */
#ifndef TRANSFORMS_SHARED_TRANSFORM_H
#define TRANSFORMS_SHARED_TRANSFORM_H

#include "base/column.h"
#include "base/cpu.h"
#include "base/picture/picture.h"
#include "base/random/rng.h"
#include "base/random/std_random.h"
#include "base/status.h"
#include "base/tensor.h"
#include "lang/stage.h"
#include "libraries/library.h"

/* The first member of every parameter struct, and its row. */
#define DP_COLUMN(owner) DP_TEXT(owner, column, "image", "the column that is changed")

/* The first members of a random transform's parameter struct, and the rows of the last two. */
#define DP_RANDOM_PARAMS                                                                           \
    const char *column;                                                                            \
    int32_t order, iterator;                                                                       \
    int64_t workers
typedef struct dp_random {
    DP_RANDOM_PARAMS;
} dp_random;
#define DP_RANDOM_ORDER(owner)                                                                     \
    DP_ORDER_OF(owner, draws, "whose random stream"),                                              \
        DP_INT(owner, workers, "1", 1, 4096, "num_parallel_workers that order=mindspore replays"), \
        DP_LATER_CHOICE(owner, iterator, "one", "one,new",                                         \
                        "new: a loop over the data set, which draws epoch 0's numbers in each")

/* A transform that holds others, which keep the type of what they get: its one number says whether
 * all of them are applied, or which one, or which ones, a bit each.  It does nothing by itself. */
typedef enum dp_holds { DP_HOLDS_NONE, DP_HOLDS_ALL, DP_HOLDS_ONE, DP_HOLDS_SOME } dp_holds;
typedef struct dp_holder {
    DP_RANDOM_PARAMS;
    const char *transforms; /* their text */
    double prob;            /* that all are applied */
    int64_t num_ops;        /* that are chosen */
    uint32_t n;             /* how many they are */
} dp_holder;

/* A row to draw for: its own stream of random numbers, and what it is. */
typedef struct dp_place {
    dp_rng rng;
    uint64_t key, epoch, record;
} dp_place;

#define DP_PASS_SIDE 512 /* pixels of a side, at most */

/* From which pixel of the pass's input each row and column is; -1 = the fill value.  A transform
 * finds those of its input, and height and width of its output, which it has to fill in. */
typedef struct dp_places {
    int32_t height, width;
    int32_t rows[DP_PASS_SIDE], cols[DP_PASS_SIDE];
} dp_places;

/* What values become when it is ((v * a + b) - m) / s: one fused multiply-add, then each step
 * rounded. */
typedef struct dp_linear {
    float a, b, m, s;
} dp_linear;

/* What the worker that makes a sample has for it. */
typedef struct dp_workspace {
    void *bytes; /* as many as `space` said, on a 64-byte boundary; their contents are anything */
    dp_cpu_level cpu;
    dp_picture_part part; /* of an image, what is wanted of it: the rest may be anything */
} dp_workspace;

/* All of an image <H,W> or <H,W,C>. */
static inline dp_picture_part dp_part_whole(const dp_tensor *t)
{
    return (dp_picture_part){0, 0, t->shape[0], t->shape[1]};
}

/* The numbers of the rows of a batch: those of row i begin at first[i * stride]. */
typedef struct dp_batch_draws {
    double *first;
    size_t stride;
    uint64_t rows;
} dp_batch_draws;

/* Where the stages go that do without drawing what a random one did: dp_fix puts them there. */
typedef struct dp_fixing {
    const dp_stage_info *info; /* of the random one */
    const void *params;
    const char *drawn; /* names of the numbers */
    const double *draws;
    dp_out *out;
} dp_fixing;

/* What MindSpore draws for a batch: it takes none; for each row what it draws for it alone; once,
 * for all of its rows. */
typedef enum dp_replays_batch {
    DP_TAKES_NO_BATCH,
    DP_DRAWS_EACH_ROW,
    DP_DRAWS_ONCE
} dp_replays_batch;

typedef struct dp_transform {
    dp_stage_info info;
    const char *foreign; /* dp_foreign */
    /* Fit the stage to its input: check, say what comes out (*out is *in at first).  All failure is
     * here.  NULL = any column will do, and keeps its type. */
    dp_status (*plan)(void *params, const dp_column *in, dp_column *out, dp_arena *, dp_error *);
    /* Where rows differ in shape, `plan` is called at open for the largest and the smallest of
     * them, then on a worker for each row, whose params and arena are then `draw`'s and `apply`'s
     * alone: the larger the row, the more memory and the more of a result there may be.  This is
     * called in its place then, where one row has a faster way; NULL = it has none. */
    dp_status (*plan_row)(void *params, const dp_column *in, dp_column *out, dp_arena *,
                          dp_error *);
    /* One sample.  Cannot fail; allocates nothing; reads only its arguments; in and out do not
     * overlap.  draws is NULL when the transform draws nothing. */
    void (*apply)(const void *params, const double *draws, const dp_tensor *in,
                  const dp_tensor *out);
    /* In place of apply, for one that works in memory beside its samples, so many bytes of it as
     * `space` says of what was planned, or that has a form for an instruction set. */
    void (*apply_in)(const void *params, const double *draws, const dp_tensor *in,
                     const dp_tensor *out, const dp_workspace *);
    size_t (*space)(const void *params);
    /* In place of apply, where rows are the files of pictures (dp_source.pictures): its head, then
     * the pixels of a part of it.  plan gets the picture as *out.  A failure says what is wrong
     * with the file; the room is emptied behind each.  `ready`, at open: whether this machine
     * decodes to the bytes that are specified.  `sizes`: the height, width and channels that are
     * delivered of a picture with this head. */
    dp_status (*ready)(void *params, dp_arena *, dp_error *);
    dp_status (*look)(const void *params, const dp_tensor *file, dp_picture_head *,
                      dp_picture_room *, dp_error *);
    void (*sizes)(const void *params, const dp_picture_head *, int64_t picture[3]);
    dp_status (*decode)(const void *params, const dp_tensor *file, const dp_picture_head *,
                        const dp_picture_part *, const dp_tensor *out, dp_picture_room *,
                        dp_error *);
    /* What apply reads of an image for a part of what it makes of it: *part is of `out`, and is of
     * `in` then.  No more is made of `in`, to its place in all of it: what is outside of the part
     * may be anything.  NULL = all of it is read. */
    void (*reads)(const void *params, const double *draws, const dp_tensor *in,
                  const dp_tensor *out, dp_picture_part *part);
    bool makes_parts; /* apply_in makes no more of an image than the part of its workspace */
    /* The numbers of a row, and their names ("left,top"), one a number.  NULL = not random. */
    void (*draw)(const void *params, dp_place *, double *draws);
    const char *drawn;
    /* The same numbers as MindSpore draws them, the one library whose `draws` are not keyed; NULL =
     * not known. */
    void (*replay)(const void *params, dp_mt19937 *engine, double *draws);
    bool replays_any_shape; /* it draws the same for a sample of any shape */
    dp_replays_batch replays_batch;
    /* The stages that do the same to a row for which these numbers were drawn: none, one, or
     * several.  False (or NULL) = there are none that do. */
    bool (*fixed)(const dp_fixing *);
    dp_holds holds;
    /* A second pass over what apply made, with the same numbers; NULL = one is enough. */
    void (*then)(const void *params, const double *draws, const dp_tensor *in,
                 const dp_tensor *out);
    /* In place of draw, replay and apply: a whole batch behind `batch`, in place, its draws keyed
     * by the batch's number.  A row's first number is the row that it is mixed with, and every row
     * is one's.  The struct begins with dp_mixing; the image is of uint8 or floats, the label of
     * floats, their first dimension the row; spare: room for a row.  It fails where the library
     * that is replayed does. */
    void (*draw_batch)(const void *params, dp_place *, const dp_batch_draws *);
    void (*replay_batch)(const void *params, dp_mt19937 *engine, const dp_batch_draws *);
    dp_status (*mix)(const void *params, const dp_batch_draws *, void *spare,
                     const dp_tensor *image, const dp_tensor *label, dp_error *);
    /* For transforms/pass/pass.h.  Whether every value is changed by itself, the same at every
     * pixel. */
    bool (*pointwise)(const void *params);
    /* What it is of ((v * a + b) - m) / s for a channel, into a and b, or m and s; NULL = nothing.
     */
    void (*affine)(const void *params, int32_t channel, dp_linear *);
    /* Pixels are moved and nothing else: the places that they come from, of this transform's input
     * before, of its output after.  fill: the pixel around the image; NULL = there is none. */
    void (*move)(const void *params, const double *draws, dp_places *);
    const uint8_t *(*fill)(const void *params);
    bool makes_planes; /* <H,W,C> becomes <C,H,W>, and no more is done: a pass may end with it */
} dp_transform;

typedef struct dp_mixing {
    DP_RANDOM_PARAMS;
    const char *label;
} dp_mixing;
#define DP_LABEL(owner) DP_TEXT(owner, label, "label", "the column of the labels, one-hot floats")

/* The row that begins with it, or NULL: it is another kind's. */
static inline const dp_transform *dp_transform_of(const dp_stage_info *info)
{
    return dp_stage_is(info, "transform") ? (const dp_transform *)info : NULL;
}

extern const dp_transform *const dp_transforms[]; /* ends with NULL */

uint32_t dp_n_draws(const dp_transform *);

/* Whether it draws numbers, for a row or for the rows of a batch. */
static inline bool dp_draws_numbers(const dp_transform *t)
{
    return t->draw != NULL || t->draw_batch != NULL;
}

/* Whether it makes samples; else it draws for those that it holds, or mixes a batch. */
static inline bool dp_makes_samples(const dp_transform *t)
{
    return t->apply != NULL || t->apply_in != NULL || t->decode != NULL;
}

size_t dp_transform_space(const dp_transform *, const void *params); /* bytes; 0 = none */
void dp_transform_apply(const dp_transform *, const void *params, const double *draws,
                        const dp_tensor *in, const dp_tensor *out, const dp_workspace *);
bool dp_always(const void *params); /* a `pointwise` */

/* Prints stages, "crop coordinates={top},{left} size={size} | ...", each behind " | " and with the
 * column of the random one; {name} is a number that was drawn, or the value of its parameter.  A
 * `fixed` that fits ends with it: always true. */
bool dp_fix(const dp_fixing *, const char *stages);

#endif
