/* fixed.h - the deterministic transforms that do what a random one drew
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_RUN_FIXED_H
#define TOOLS_RUN_FIXED_H

#include <stdbool.h>
#include <stdio.h>

#include "tools/cli/text.h"

/* Prints stages that do to a sample what the random stage of a canonical text does with the numbers
 * of `drawn` ("left=3 top=8", as dp_draws prints them), joined and preceded by " | "; nothing when
 * it leaves the sample as it is.  False when there is no such form. */
bool fixed_print(FILE *, const dp_text_stage *, const char *drawn);

#endif
