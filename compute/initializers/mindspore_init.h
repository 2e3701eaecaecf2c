/* mindspore_init.h - the seeds of MindSpore's initial values
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_INITIALIZERS_MINDSPORE_INIT_H
#define COMPUTE_INITIALIZERS_MINDSPORE_INIT_H

#include "base/random/mt19937.h"

/* The next parameter's seed: numpy.random.randint(1, 2^63). */
uint64_t dp_mindspore_seed(dp_mt19937 *);

#endif
