/* table.c - the list of readers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/rows.h"

#define DP_READER(name) &dp_reader_##name,
const dp_reader *const dp_readers[] = {
#include "io/list.def"
    NULL};
#undef DP_READER
