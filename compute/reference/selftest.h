/* selftest.h - kernels against the scalar reference on random shapes, bit for bit
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_REFERENCE_SELFTEST_H
#define COMPUTE_REFERENCE_SELFTEST_H

#include "compute/kernels/kernels.h"

/* n_cases shapes drawn from seed; DP_ESTATE names the operation and the case that differs. */
dp_status dp_selftest_kernels(const dp_kernels *, uint32_t threads, uint64_t seed, uint64_t n_cases,
                              const dp_allocator *, dp_error *);

#endif
