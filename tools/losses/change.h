/* change.h - a loss that improved: from 2.4 to 2.3
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSSES_CHANGE_H
#define TOOLS_LOSSES_CHANGE_H

#include "tools/losses/reader.h"

/* "improved from inf to 2.3", "decreased (9.4 --> 2.3)": each number is of a series of its own.
 * Returns where to go on, `at` where this is none. */
const char *loss_read_change(loss_reader *, const char *name, loss_kind, const char *at);

#endif
