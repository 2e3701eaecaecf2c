/* ranks.h - a group whose ranks are threads of the test
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SUPPORT_RANKS_H
#define TESTS_SUPPORT_RANKS_H

#include "detpipe_group.h"

#define MAX_RANKS 16

/* run(rank's group, ctx, rank) on every rank at once.  fail_at: the call of `begin` on the last
 * rank, from 1, with which its transfers and everybody's after it begin to fail; 0 = none. */
void test_run_ranks(uint32_t ranks, unsigned fail_at,
                    void (*run)(const dp_group *, void *ctx, uint32_t rank), void *ctx);

#endif
