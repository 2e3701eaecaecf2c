/* cast.h - floating numbers of every width: their values, and as float32
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_CLI_CAST_H
#define TOOLS_CLI_CAST_H

#include <stdbool.h>

#include "detpipe_archive.h"

/* Whether the type is a floating one. */
bool cast_is_floating(const char *type);

/* The value of such a number. */
double cast_value(const char *type, uint64_t bits);

/* A floating tensor as float32: data is to be freed.  Narrow types are exact, float64 is rounded to
 * nearest, half to even; a NaN keeps its sign and first bits, and becomes quiet (but of bfloat16,
 * whose bits are the upper half of a float32's). */
dp_named_tensor cast_to_float32(const dp_named_tensor *);

#endif
