/* graph.h - texts fitted together: readers, order stages, transforms
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_GRAPH_H
#define PIPELINE_GRAPH_H

#include "io/reader.h"
#include "pipeline/order/branch.h"
#include "transforms/pass/pass.h"

#define DP_MAX_BRANCHES 16
#define DP_MAX_SLOTS    32 /* columns of all readers together */
#define DP_NO_GATE      UINT32_MAX

/* A transform fitted to its column. */
typedef struct dp_step {
    const dp_transform *transform;
    void *params;
    uint64_t key;
    uint32_t slot, segment;
    uint32_t node;        /* order stages of its text before it */
    uint32_t draws;       /* place of its numbers among those of a row */
    bool replayed;        /* they are drawn when the row is claimed */
    bool drawn;           /* it has some, and they are drawn by its own key */
    bool last;            /* of its column: writes into the batch */
    bool second;          /* the transform's second pass */
    uint32_t gate;        /* place of the number that says whether it is applied; DP_NO_GATE */
    double opens;         /* the number that says so */
    bool among;           /* or a bit of that number, which `opens` numbers */
    dp_tensor in, out;    /* types of one row; in: of the largest, where they differ */
    dp_tensor made;       /* what it makes by itself: out is that of its pass */
    struct dp_each *each; /* it is planned for each row (vary.h); NULL = once, at open */
    const struct dp_step *reader; /* the next one, if it says which part it reads of what this one
                                     makes; NULL = all of that is wanted */
    bool follows;                 /* it is one's reader, and fitted to a row together with that */
    dp_pass *pass;                /* this step and those after it in one; NULL = alone */
    bool passed;                  /* done by the pass of a step before */
} dp_step;

/* Whether the number of its gate says that it is applied. */
static inline bool dp_step_opens(const dp_step *step, double number)
{
    return step->among ? (uint64_t)number >> (uint32_t)step->opens & 1 : number == step->opens;
}

/* A transform of whole batches. */
typedef struct dp_mix {
    const dp_transform *transform;
    void *params;
    uint64_t key;
    uint32_t image, label; /* columns */
    uint32_t draws;        /* place of its numbers among those of a row */
    bool replayed;         /* they are drawn when the rows are claimed */
} dp_mix;

/* Which rows of a batch are made; row NULL = all. */
typedef struct dp_wanted {
    int (*row)(void *ctx, uint64_t n_rows, uint64_t row);
    void *ctx;
} dp_wanted;

static inline bool dp_is_wanted(const dp_wanted *w, uint64_t n_rows, uint64_t row)
{
    return w->row == NULL || w->row(w->ctx, n_rows, row) != 0;
}

typedef struct dp_graph {
    dp_arena arena;
    dp_branch *branches; /* the main text is the first */
    uint32_t n_branches, n_segments, n_slots, n_steps, n_draws;
    uint32_t parent[DP_MAX_BRANCHES * 2]; /* of each segment: the one above it; itself at the top */
    const struct dp_shard *shard;         /* NULL = all rows of a batch */
    dp_step *steps;                       /* in the order in which they are run */
    dp_mix *mixes;                        /* in the order in which they are run */
    uint32_t n_mixes;
    dp_columns columns;               /* of one row, as delivered */
    size_t row_bytes[DP_MAX_COLUMNS]; /* of each of them, the most */
    int32_t delivered[DP_MAX_SLOTS];  /* the column that a slot is; -1 = none */
    size_t scratch[DP_MAX_SLOTS][2];  /* bytes of the largest sample of the slot that is not written
                                         into the batch, of all and of those that steps make; 0 =
                                         none */
    /* What is known of a slot behind its last step, while it is planned behind those so far: the
     * least sizes, where rows differ in shape, and the pictures, where they are files of some. */
    const int64_t *least[DP_MAX_SLOTS];
    const dp_pictures *pictures[DP_MAX_SLOTS];
    bool decodes;               /* a step looks at what is in a file */
    bool fits;                  /* steps are planned for each row, or make parts of images */
    struct dp_each_room *rooms; /* where workers do it */
    size_t space;               /* bytes of the workspace of a step, the most */
    dp_cpu_level cpu;
    uint64_t length;  /* batches */
    bool digests;     /* are made with the batches */
    dp_wanted wanted; /* of the batches that are claimed from now on */
    char *spec;       /* canonical */
    uint8_t fingerprint[16];
    const dp_origin *origin; /* the stream that this one is, read back; NULL = it is its own */
} dp_graph;

/* Everything about the stream that may fail, but for reading, into a graph that is zero but for its
 * arena.  dp_graph_close takes a half-built one. */
dp_status dp_graph_open(dp_graph *, const char *spec, uint64_t seed, const dp_options *,
                        dp_error *);
/* Its canonical text alone, for which nothing is opened. */
dp_status dp_graph_name(dp_graph *, const char *spec, const dp_options *, dp_error *);
void dp_graph_close(dp_graph *);

/* Readers take what memory they may for records that are read again: last of all, so that it is
 * never missed elsewhere. */
dp_status dp_graph_keep(dp_graph *, const dp_options *, dp_error *);

/* The workspace of workers is as large as this one's, at least. */
void dp_graph_keep_space(dp_graph *, const dp_transform *, const void *params);

/* Whether the stream's rows come in batches. */
bool dp_graph_batched(const dp_graph *);

/* Whether a stage may draw. */
bool dp_graph_random(const dp_graph *);

/* Batches of what the text's last stage repeats, and how often (DP_ENDLESS); of all, once. */
uint64_t dp_graph_epoch(const dp_graph *, uint64_t *epochs);

extern const dp_stage_info
    *const dp_stage_table[]; /* all rows of all lists, sorted by kind and name */
extern const size_t dp_n_stages;

#endif
