/* column.h - a named column of a row: what a reader offers and a transform changes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_COLUMN_H
#define BASE_COLUMN_H

#include "detpipe_base.h"

#define DP_MAX_COLUMNS     8
#define DP_MAX_SAMPLE_SIZE ((uint64_t)1 << 30) /* bytes of one column of one row */

typedef struct dp_column {
    const char *name;
    dp_tensor type; /* of one row; data is NULL */
    uint64_t limit; /* every value is an integer below this; 0 = nothing is known */
} dp_column;

#endif
