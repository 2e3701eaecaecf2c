/* closeness.h - the reference rule: numpy.allclose of the first two losses of two runs
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * atol 1e-3, rtol 1e-5, NaN never close (docs/numerics.md).  What the runs do not have is not
 * tested, which is neither yes nor no.
 */
#ifndef TOOLS_COMPARE_CLOSENESS_H
#define TOOLS_COMPARE_CLOSENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "tools/losses/losses.h"

typedef enum close_answer { CLOSE_NO, CLOSE_YES, CLOSE_UNTESTED } close_answer;

typedef struct closeness {
    const char *seen; /* "printed": what is done with losses */
    size_t most;      /* first losses that were compared, of the series that has most of them */
    bool finite;      /* one of them at least */
    bool far;         /* two numbers are not close, or counts differ */
    bool nan;         /* one of two, or both */
} closeness;

/* Loss number i of its series, from 0, in both runs; those from 2 on do not count. */
void closeness_add(closeness *, size_t i, double a, double b);
/* How close all losses of two runs are. */
closeness closeness_of(const char *seen, const loss_values *, const loss_values *);

close_answer closeness_answer(const closeness *);
/* Why it was not tested: "iteration 2 was not printed"; into out, "" where it was. */
#define CLOSE_TEXT 80
void closeness_reason(const closeness *, char out[CLOSE_TEXT]);
/* "yes", "no", "no: NaN is never close", "not tested: ..." */
void closeness_print(FILE *, const closeness *);
/* Members "allclose", which is null where it was not tested, and "allclose_not_tested": why. */
void closeness_to_json(const closeness *, cJSON *to);

#endif
