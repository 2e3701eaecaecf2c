/* comparison.h - two ledgers side by side, and the first thing that differs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_COMPARE_COMPARISON_H
#define TOOLS_COMPARE_COMPARISON_H

#include "tools/compare/closeness.h"
#include "tools/compare/ledger.h"

/* A step that both have. */
typedef struct pair {
    const ledger_step *a, *b;
} pair;

typedef struct comparison {
    const char *path[2];
    ledger ledger[2];
    loss_values losses[2]; /* of the common steps */
    closeness close;       /* of these */
    pair *common;
    size_t n;
    size_t first;      /* of common, that differs; n: none */
    const char *cause; /* name in that step; "loss" for the loss; NULL: none */
    uint64_t entries;  /* that both have in a common step, its loss if it is finite among them */
    uint64_t alone[2]; /* that one of them has alone in a common step */
    const ledger_step *alone_first; /* that one of them has alone; NULL: none */
    char *meaning; /* what is to blame for the first thing that differs; NULL: they are equal */
} comparison;

/* Fills all but the paths.  0, or the exit status after saying why not. */
int comparison_make(comparison *);
void comparison_free(comparison *);
bool comparison_equal(const comparison *);

/* Where two ledgers part; SIZE_MAX as the entry: nowhere. */
typedef struct comparison_place {
    uint64_t step, before; /* UINT64_MAX: in no common step; before: the one before it, or 0 */
    size_t entry;          /* of that step */
} comparison_place;

comparison_place comparison_place_of(const comparison *);
bool comparison_is_before(const comparison_place *, const comparison_place *);

#define COMPARISON_TEST "test loss"

/* Entry number i of a step, of both: its name (NULL past the last), whether it is equal.  The loss
 * has its place before gradients and weights, that of a test is the last, where both have one. */
const char *comparison_entry(const pair *, size_t i, bool *equal);
/* What a side has of that name, as text; "": nothing. */
const char *comparison_value(const ledger_step *, const char *name);

/* A page of its own: verdict, the first step that differs, what its replay says (NULL: there was
 * none), curves of both losses and tests, steps x names.  0, or the exit status. */
int comparison_page(const comparison *, const char *replay, const char *path);

#endif
