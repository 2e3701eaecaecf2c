/* vary.h - columns whose rows differ in shape, and transforms that are planned for each of them
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A reader may know of each record what shape it has, and of all the least and the most of each
 * size.  A transform of such a column is planned at open for the rows that have the least or the
 * most: that says what comes out at least and at most, and how much memory a plan takes.  The
 * worker that makes a row plans the transform for it, in that memory.
 *
 * Steps that follow one another, where each says which part it reads of what the one before makes,
 * are planned together, before any of them is run: so no more of a picture is decoded and resampled
 * than what is wanted in the end.
 */
#ifndef PIPELINE_VARY_H
#define PIPELINE_VARY_H

#include "pipeline/graph.h"

/* What a step needs to be planned for each row. */
struct dp_each {
    dp_column in;                                /* the largest row */
    bool decodes;                                /* rows are files: their pictures' sizes count */
    int32_t n;                                   /* of sizes of a row */
    int64_t low[DP_MAX_RANK], high[DP_MAX_RANK]; /* of each */
    int64_t least[DP_MAX_RANK];                  /* of what comes out; step->out has the most */
    size_t room;                                 /* bytes that a plan takes, at most */
};

/* A step fitted to a row. */
typedef struct dp_fit {
    void *params;         /* the step's, or those of a plan for the row */
    dp_arena arena;       /* of that plan, emptied for each row */
    dp_tensor out;        /* what it makes */
    dp_picture_part part; /* of that, what is wanted; only where it makes an image */
    dp_picture_head head; /* of the file that it decodes */
} dp_fit;

/* Where a worker does it. */
typedef struct dp_each_room {
    dp_fit *fits;              /* one for each step */
    dp_picture_room decoding;  /* empty between rows */
    struct dp_each_room *next; /* of the graph */
} dp_each_room;

/* Where stages chose some of the records, the least and the most of these: of columns that the
 * reader delivers as they are, below the first n nodes of a text of `length` rows. */
dp_status dp_vary_narrow(dp_graph *, const dp_branch *, uint32_t n, uint64_t length, dp_columns *,
                         dp_error *);

/* What is known of a column of one stream and of the same one of another, as of one: of its slot.
 * DP_ESPEC when they are two types; where neither varies, two shapes. */
dp_status dp_vary_join(dp_graph *, dp_column *, uint32_t slot, const dp_column *other,
                       uint32_t other_slot, dp_error *);

/* Whether the step has to be planned so: its column varies, or it decodes. */
bool dp_varies(const dp_graph *, const dp_step *);
/* Plans it at open; g->least says whether what comes out varies. */
dp_status dp_each_plan(dp_graph *, dp_step *, const dp_column *in, dp_column *out, dp_error *);
/* It goes with the graph; not for several threads. */
dp_status dp_each_room_new(dp_graph *, dp_each_room **out, dp_error *);
void dp_each_rooms_close(dp_graph *);

/* A fit of the step, in the graph's memory; false = there is none. */
bool dp_fit_new(dp_graph *, const dp_step *, dp_fit *);
/* Plans the step for a row of this type, whose bytes are not looked at: where it decodes, fit->head
 * is that of the file. */
dp_status dp_each_fit(const dp_step *, const dp_tensor *in, dp_fit *, dp_error *);

/* Plans the step for a sample, into its fit.  It fails only for a row that the plans at open did
 * not know, or a file that is damaged. */
dp_status dp_each_begin(const dp_step *, const dp_tensor *in, dp_fit *, dp_picture_room *,
                        dp_error *);
/* Decodes the part of the fit. */
dp_status dp_each_decode(const dp_step *, const dp_tensor *in, const dp_fit *, dp_picture_room *,
                         const dp_tensor *out, dp_error *);

/* DP_ESPEC, saying what to put before it, when a stage of rows of one shape gets others. */
dp_status dp_vary_check(const dp_graph *, const dp_columns *, dp_error *);

#endif
