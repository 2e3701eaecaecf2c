/* table.c - the list of transforms
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/rows.h"

#define DP_TRANSFORM(name) &dp_transform_##name,
const dp_transform *const dp_transforms[] = {
#include "transforms/list.def"
    NULL};
#undef DP_TRANSFORM
