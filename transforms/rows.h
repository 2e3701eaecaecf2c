/* rows.h - the transforms by name
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TRANSFORMS_ROWS_H
#define TRANSFORMS_ROWS_H

#include "transforms/shared/transform.h"

#define DP_TRANSFORM(name) extern const dp_transform dp_transform_##name;
#include "transforms/list.def"
#undef DP_TRANSFORM

#endif
