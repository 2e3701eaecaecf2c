/* ranks.h - a group whose ranks are threads of the test
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SUPPORT_RANKS_H
#define TESTS_SUPPORT_RANKS_H

#include "detpipe_group.h"

#define MAX_RANKS  16 /* of tests that draw a number of them */
#define MOST_RANKS 64

/* run(rank's group, ctx, rank) on every rank at once.  fail_at: the call of `begin` on the last
 * rank, from 1, with which its transfers and everybody's after it begin to fail; 0 = none. */
void test_run_ranks(uint32_t ranks, unsigned fail_at,
                    void (*run)(const dp_group *, void *ctx, uint32_t rank), void *ctx);

/* Bytes that this rank has sent so far. */
uint64_t test_rank_sent(const dp_group *);

#endif
