/* inject.h - faults that show that verify can fail
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_INJECT_H
#define TOOLS_PROOF_INJECT_H

#include "tools/run/session.h"

typedef enum inject {
    INJECT_NONE,
    INJECT_FTZ,
    INJECT_PIXEL,
    INJECT_RECORD,
    INJECT_SEED,
    INJECT_WEIGHT
} inject;

#define INJECT_WORDS "ftz, pixel, record, seed or weight"

/* 0, or the exit status after saying that the word is unknown.  NULL is INJECT_NONE. */
int inject_parse(const char *word, inject *out);
const char *inject_name(inject);

/* Each does its part when it is the one asked for; 0, or the exit status when it cannot be done
 * here. */
int inject_environment(inject); /* ftz: this thread flushes subnormals */
int inject_batch(inject, const session *,
                 uint64_t number); /* pixel: one bit; record: the first two rows change places */
int inject_net(inject, const session *); /* weight: the first one moves by one ulp */

#endif
