/* column.h - how much a dp_column may hold
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_COLUMN_H
#define BASE_COLUMN_H

#include "detpipe_base.h"

#define DP_MAX_COLUMNS     8
#define DP_MAX_SAMPLE_SIZE ((uint64_t)1 << 30) /* bytes of one column of one row */

#endif
