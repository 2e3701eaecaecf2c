/* own.h - readers of the program that opens the pipeline, given in dp_options.readers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_OWN_H
#define IO_OWN_H

#include "io/reader.h"

/* DP_EINVAL names what is wrong with one of them: a name that a row of the table has, too, ... */
dp_status dp_own_check(const dp_options *, const dp_stage_info *const *table, size_t n, dp_error *);

/* The row of the caller's reader that the stage names, and its parameters, in the arena; out->info
 * is NULL when there is none.  DP_ESPEC: it takes no parameters. */
dp_status dp_own_find(const dp_options *, const dp_text_stage *, dp_arena *, dp_bound *out,
                      dp_error *);

#endif
