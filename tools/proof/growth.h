/* growth.h - how a small difference between two runs grows, and what a tolerance hides of it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_GROWTH_H
#define TOOLS_PROOF_GROWTH_H

#include "tools/losses/losses.h"

/* what: how the second run was disturbed, "" if it was not.  From where the losses part, when they
 * are 1e-3 apart, or, by the rate at which their distance grew, when they would be. */
#define GROWTH_TEXT 500
void growth_text(const char *what, const loss_values *, const loss_values *, char out[GROWTH_TEXT]);

#endif
