/* layout.h - where arrays of floats lie in one block
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_MATH_LAYOUT_H
#define COMPUTE_MATH_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

static inline size_t dp_floats(int64_t n) { return sizeof(float) * (size_t)n; }

/* Bytes of n arrays of so many floats (SIZE_MAX: of too many); where they lie from `at` on, if it
 * is not NULL. */
size_t dp_lay_out(const int64_t floats[], size_t n, void *at, float **const places[]);

#endif
