/* difference.h - two tensors of one type, element by element
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_COMPARE_DIFFERENCE_H
#define TOOLS_COMPARE_DIFFERENCE_H

#include <stdio.h>

#include "detpipe_net.h"

typedef struct difference {
    uint64_t n, first; /* elements that differ, the first of them */
    double most;       /* the largest distance; NaN where one is NaN */
    double ulps;       /* the most numbers of the type between two; 0 of whole numbers */
} difference;

/* The difference of two tensors of one type and shape. */
difference difference_of(const dp_named_tensor *, const dp_named_tensor *);

/* "w: 3 of 8 elements differ, first at 2: 0.5 (0x3f000000) and 0.25 (0x3e800000)" */
void difference_print_first(FILE *, const difference *, const dp_named_tensor *,
                            const dp_named_tensor *);
/* What it is, in two lines that begin with the name. */
void difference_print(FILE *, const difference *, const dp_named_tensor *, const dp_named_tensor *);

#endif
