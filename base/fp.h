/* fp.h - the floating-point environment of a call
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_FP_H
#define BASE_FP_H

#include <stdint.h>

/* Round to nearest even, subnormals kept, exceptions masked, between enter and leave.  enter tells
 * whether the caller's control word was another one (its sticky flags do not count). */
typedef struct dp_fp {
    uint64_t saved;
} dp_fp;
int dp_fp_enter(dp_fp *);
void dp_fp_leave(const dp_fp *);

#endif
