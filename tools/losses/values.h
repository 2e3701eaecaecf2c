/* values.h - the numbers of a name: one, a list, and those that belong to it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSSES_VALUES_H
#define TOOLS_LOSSES_VALUES_H

#include "tools/losses/reader.h"

bool loss_begins_number(const char *at);
/* Digits alone: 7, not 7.0. */
bool loss_is_count(const char *at);
/* What counts something is not a loss: "0.5 s", "3.5 GB", "12.5 it/s"; unit is behind the number.
 */
bool loss_is_quantity(const char *unit);

/* The number at `at`, those of its list and those that belong to it, with so many brackets open;
 * returns where it ends. */
const char *loss_read_numbers(loss_reader *, const char *name, loss_kind, const char *at,
                              int depth);
/* What stands behind these without a name; returns where it ends. */
const char *loss_read_unnamed(loss_reader *, const char *name, loss_kind, const char *at);
/* To the next number of a list, or to where the list or the line ends. */
const char *loss_pass_in_list(const char *at, int *depth);

/* A number of such a name is not read. */
void loss_leave(loss_reader *, loss_kind);
/* The next line has the number of this name, or more of its list, in so many brackets. */
void loss_leave_open(loss_reader *, const char *name, loss_kind, int depth);

#endif
