/* ladder.h - one run, with a digest for each rung (docs/ladder.md)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_LADDER_H
#define TOOLS_PROOF_LADDER_H

#include "tools/cli/cli.h"
#include "tools/proof/inject.h"

enum {
    RUNG_NUMERICS,
    RUNG_DATASET,
    RUNG_ORDER,
    RUNG_PIXELS,
    RUNG_WEIGHTS,
    RUNG_LOSS_1,
    RUNG_LOSS_2,
    RUNG_BITS,
    N_RUNGS
};

extern const char *const rung_names[N_RUNGS];
extern const char *const rung_meanings[N_RUNGS];

typedef struct ladder {
    cli_hex digests[N_RUNGS]; /* empty = the recipe has no such rung */
    char numerics[240];       /* what the canary said; "" = all well */
    uint64_t n_losses;        /* steps that were done */
    uint64_t left_out;        /* damaged records */
    uint32_t *losses;         /* bits */
    double seconds;
} ladder;

/* 0, or the exit status after saying why not. */
int ladder_run(session *, inject, ladder *);
void ladder_free(ladder *);

cJSON *ladder_to_json(const ladder *);          /* NULL = out of memory */
bool ladder_from_json(const cJSON *, ladder *); /* false: it is none */

float ladder_loss(const ladder *, uint64_t step);

#endif
