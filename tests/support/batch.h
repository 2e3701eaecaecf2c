/* batch.h - made numbers for a net to learn
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SUPPORT_BATCH_H
#define TESTS_SUPPORT_BATCH_H

#include "detpipe.h"

/* The same each time, for an input of that type: *x, numbers around 0 of which each seventh is far
 * away, or whole ones below `whole` unless that is 0; *labels, below 5: `places` a sample, 0 = one.
 * The caller frees both. */
void test_batch(const dp_tensor *input, uint64_t whole, int64_t places, float **x,
                int32_t **labels);

#endif
