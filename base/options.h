/* options.h - structs of the caller that say their size; options with their defaults filled in
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "detpipe_base.h"

/* A struct of the caller's that begins with its size_t size, as this library knows it (`known`
 * bytes).  An older program's is shorter: what it lacks is zero.  A newer one's is longer:
 * DP_EINVAL where it sets what is not known here. */
dp_status dp_struct_take(const void *given, const char *name, size_t known, void *out, dp_error *);

/* The same the other way: as much of `known` bytes as the caller's struct has room for. */
dp_status dp_struct_give(void *given, const char *name, size_t known, const void *from, dp_error *);

/* Whether a group (NULL: none) has functions to call and a rank of its ranks. */
dp_status dp_group_usable(const struct dp_group *, dp_error *);

/* The caller's options over the defaults (alloc, threads), checked. */
dp_status dp_options_get(const dp_options *given, dp_options *out, dp_error *err);

/* Tells options->progress (options NULL: nobody); DP_ECANCEL when it wants no more. */
dp_status dp_progress(const dp_options *, const char *what, uint64_t done, uint64_t total,
                      dp_error *);

/* A line for options->log, if there is one. */
__attribute__((format(printf, 2, 3))) void dp_log(const dp_options *, const char *format, ...);

#endif
