/* stage.h - a stage of a text: the row that its name means, its parameters, where it fails
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A row is one constant: a dp_reader, a dp_transform, a dp_layer, ...  It begins with its
 * dp_stage_info, so a pointer to that is one to the row, of the type that `kind` says.
 */
#ifndef LANG_STAGE_H
#define LANG_STAGE_H

#include "lang/params.h"

/* Rows that a text may name. */
typedef struct dp_stage_list {
    const char *what; /* they are: "stage", "initializer" */
    const dp_stage_info *const *rows;
    size_t n;
} dp_stage_list;

/* A row with its parameters, in the arena. */
typedef struct dp_bound {
    const dp_stage_info *info;
    void *params;
} dp_bound;

bool dp_stage_is(const dp_stage_info *, const char *kind);

/* The row that the stage names.  DP_ESPEC with its column, and the nearest name. */
dp_status dp_stage_find(const dp_stage_list *, const dp_text_stage *, const dp_stage_info **out,
                        dp_error *);

/* Its parameters, in the arena: dp_params_bind. */
dp_status dp_stage_bind(const dp_stage_info *, const dp_text_stage *, const dp_options *files,
                        dp_arena *, dp_bound *out, dp_error *);

/* A text of one stage.  DP_ESPEC when there are more. */
dp_status dp_stage_read(const dp_stage_list *, const char *text, const dp_options *files,
                        dp_arena *, dp_bound *out, dp_error *);

/* Where a row's own failures pass: the stage's name is put in front of the message, and its column
 * (0 = none) stands in the error, unless an inner text's does.  Returns `status`. */
dp_status dp_stage_failed(const dp_stage_info *, uint32_t column, dp_status, dp_error *);

#endif
