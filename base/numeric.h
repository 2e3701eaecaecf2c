/* numeric.h - entering a call that computes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_NUMERIC_H
#define BASE_NUMERIC_H

#include "base/cpu.h"

/* Every open: sets the environment (leave with dp_fp_leave, on failure too) and checks it. */
dp_status dp_numeric_enter(dp_fp *, const dp_options *, dp_error *);

#endif
