/* ledger.h - the ledgers of runs: written by detpipe train, read by detpipe diff
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_COMPARE_LEDGER_H
#define TOOLS_COMPARE_LEDGER_H

#include "detpipe_ledger.h"
#include "tools/losses/losses.h"
#include "tools/run/session.h"

#define LEDGER_ABOUT 256

/* What a ledger of the session is about: data, pipeline, net and seed. */
void ledger_about(const session *, char *out, size_t size);
/* 0, or the exit status. */
int ledger_open(const session *, const char *path, dp_ledger **out);
/* The step that was done: rows, batch, loss, gradients, weights; all that a trace has when all.
 * test: the loss of the test behind it, or NULL. */
int ledger_record(const session *, dp_ledger *, uint64_t step, const dp_net_result *, bool all,
                  const double *test);

/* The status to exit with, which is `status` unless a good one would hide a ledger that is not on
 * the disk. */
int ledger_close(dp_ledger *, const char *path, int status);

/* ---- reading ---- */

#define LEDGER_LOSS 64
typedef struct ledger_step {
    uint64_t step;
    char loss[LEDGER_LOSS]; /* as it is printed */
    char test[LEDGER_LOSS]; /* likewise, of a test behind it; "": there was none */
    cJSON *tensors;         /* an object: names and digests, in their order */
} ledger_step;

typedef struct ledger {
    char about[LEDGER_ABOUT];
    cli_optional seed;  /* of the run, where detpipe train wrote it */
    uint64_t left_out;  /* damaged records, likewise */
    ledger_step *steps; /* in ascending order, each once */
    size_t n;
    bool torn; /* the last line does not count */
} ledger;

bool ledger_is(const char *path); /* by its first bytes */
/* 0, or the exit status after saying which line is damaged. */
int ledger_read(const char *path, ledger *);
void ledger_free(ledger *);

ledger_step *ledger_find(const ledger *, uint64_t step);          /* NULL: it is not there */
const char *ledger_digest(const ledger_step *, const char *name); /* "": it has no such thing */

#endif
