/* lint.h - what in a pipeline is random, and the pipeline without it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_MINDSPORE_LINT_H
#define TOOLS_MINDSPORE_LINT_H

#include "tools/run/session.h"
#include "tools/cli/text.h"

typedef enum lint_level { LINT_NOTE, LINT_WARNING } lint_level;

typedef struct lint_finding {
    lint_level level;
    const char *where; /* "data", "net", "recipe" */
    unsigned column;   /* in that text; 0 = none */
    char stage[64], why[256], remedy[160];
} lint_finding;

typedef struct lint_report {
    lint_finding *finding;
    size_t n;
} lint_report;

/* Findings in the order of the procedure of MindSpore's guide on fixed randomness: seed,
 * hyperparameters, weights, random operations, shuffles and samplers, workers, dropout, operators
 * that differ from run to run, the start; and what randomness breaks.  A session without its data
 * set is looked at by its texts.  0, or the exit status. */
int lint_session(const session *, lint_report *);
void lint_free(lint_report *);

/* The data text without what is random, in *out (to be freed).  at: "x,y" of the crops, or NULL for
 * the middle.  0, or the exit status after saying why. */
int lint_fix(const session *, const char *at, char **out);

/* ---- between lint's files ---- */

/* A text as it was written, and its canonical form, which has every parameter. */
typedef struct lint_text {
    const char *where; /* the recipe's key */
    text_stages given, canonical;
} lint_text;

struct lint_fixing;
typedef struct lint_rule {
    const char *stage;
    const char *when, *is; /* a parameter that must have this value; or NULL */
    const char *why, *remedy;
    void (*fix)(const struct lint_fixing *, const dp_text_stage *); /* NULL: it is left out */
} lint_rule;
bool lint_matches(const lint_rule *, const dp_text_stage *);

/* The row of a stage that draws numbers for each row, or the order of rows; NULL: it does not. */
const lint_rule *lint_random_transform(const dp_text_stage *);
const lint_rule *lint_random_order(const dp_text_stage *);

/* Without its words, of stage i of the canonical text. */
lint_finding lint_finding_of(lint_level, const lint_text *, size_t i);
void lint_add(lint_report *, const lint_finding *);

/* The canonical form of a text, to be freed; NULL after saying what is wrong with it, in *status.
 */
char *lint_canonical(const char *text, int *status);

/* Rows cut by place above an order that changes, batches left out of each epoch. */
void lint_cuts(lint_report *, const lint_text *);
/* Epochs that repeat the order or the random numbers of the first. */
void lint_repeats(lint_report *, const lint_text *);
/* Streams side by side in different orders. */
void lint_zips(lint_report *, const lint_text *);
/* Streams side by side of different lengths: `text` is the canonical one, its data set in `root`.
 * 0, or the exit status. */
int lint_lengths(lint_report *, const lint_text *, const char *text, const char *root);

#endif
