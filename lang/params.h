/* params.h - typed parameters of a stage, from its table
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LANG_PARAMS_H
#define LANG_PARAMS_H

#include "lang/list.h"
#include "lang/text.h"

#define DP_MAX_LIST 16

/* The C types behind the tables. */
typedef struct dp_ints {
    int32_t n;
    int64_t v[DP_MAX_LIST];
    const char *file; /* that they came from, as canonical texts have it; NULL = written out */
} dp_ints;
typedef struct dp_numbers {
    int32_t n;
    double v[DP_MAX_LIST];
    const char *file;
} dp_numbers;

/* Rows of a table: owner's field, default (NULL = required), range, help.  A choice is an int32_t,
 * the index of the word; a list has at most DP_MAX_LIST numbers, each in the range.  Lists may
 * stand in files (list.h). */
#define DP_INT(owner, field, def, lo, hi, help)                                                    \
    {                                                                                              \
#field, DP_PARAM_INT, offsetof(owner, field), def, lo, hi, NULL, help                      \
    }
#define DP_NUMBER(owner, field, def, lo, hi, help)                                                 \
    {                                                                                              \
#field, DP_PARAM_NUMBER, offsetof(owner, field), def, lo, hi, NULL, help                   \
    }
#define DP_BOOLEAN(owner, field, def, help)                                                        \
    {                                                                                              \
#field, DP_PARAM_BOOL, offsetof(owner, field), def, 0, 1, NULL, help                       \
    }
#define DP_CHOICE(owner, field, def, words, help)                                                  \
    {                                                                                              \
#field, DP_PARAM_CHOICE, offsetof(owner, field), def, 0, 0, words, help                    \
    }
#define DP_TEXT(owner, field, def, help)                                                           \
    {                                                                                              \
#field, DP_PARAM_TEXT, offsetof(owner, field), def, 0, 4096, NULL, help                    \
    }
/* Names of any number, or another text: as long as a text may be. */
#define DP_LONG_TEXT(owner, field, def, help)                                                      \
    {                                                                                              \
#field, DP_PARAM_TEXT, offsetof(owner, field), def, 0, DP_MAX_TEXT, NULL, help             \
    }
#define DP_INTS(owner, field, def, lo, hi, help)                                                   \
    {                                                                                              \
#field, DP_PARAM_INTS, offsetof(owner, field), def, lo, hi, NULL, help                     \
    }
#define DP_NUMBERS(owner, field, def, lo, hi, help)                                                \
    {                                                                                              \
#field, DP_PARAM_NUMBERS, offsetof(owner, field), def, lo, hi, NULL, help                  \
    }
/* A dp_list: of any length. */
#define DP_LONG 0x40000000u
#define DP_LONG_INTS(owner, field, def, lo, hi, help)                                              \
    {                                                                                              \
#field, DP_PARAM_INTS, DP_LONG | offsetof(owner, field), def, lo, hi, NULL, help           \
    }
#define DP_LONG_NUMBERS(owner, field, def, lo, hi, help)                                           \
    {                                                                                              \
#field, DP_PARAM_NUMBERS, DP_LONG | offsetof(owner, field), def, lo, hi, NULL, help        \
    }
/* Rows that came to a stage after texts without them: a canonical text names them only where they
 * are not the default, so that it stays what it was.  The flags are in the row's offset. */
#define DP_LATER 0x80000000u
#define DP_LATER_INT(owner, field, def, lo, hi, help)                                              \
    {                                                                                              \
#field, DP_PARAM_INT, DP_LATER | offsetof(owner, field), def, lo, hi, NULL, help           \
    }
#define DP_LATER_BOOLEAN(owner, field, def, help)                                                  \
    {                                                                                              \
#field, DP_PARAM_BOOL, DP_LATER | offsetof(owner, field), def, 0, 1, NULL, help            \
    }
#define DP_LATER_CHOICE(owner, field, def, words, help)                                            \
    {                                                                                              \
#field, DP_PARAM_CHOICE, DP_LATER | offsetof(owner, field), def, 0, 0, words, help         \
    }
#define DP_LATER_NUMBER(owner, field, def, lo, hi, help)                                           \
    {                                                                                              \
#field, DP_PARAM_NUMBER, DP_LATER | offsetof(owner, field), def, lo, hi, NULL, help        \
    }
#define DP_LATER_NUMBERS(owner, field, def, least, most, help)                                     \
    {                                                                                              \
#field, DP_PARAM_NUMBERS, DP_LATER | offsetof(owner, field), def, least, most, NULL, help  \
    }
#define DP_LATER_TEXT(owner, field, def, help)                                                     \
    {                                                                                              \
#field, DP_PARAM_TEXT, DP_LATER | offsetof(owner, field), def, 0, DP_MAX_TEXT, NULL, help  \
    }
#define DP_PARAMS_END                                                                              \
    {                                                                                              \
        NULL, DP_PARAM_INT, 0, NULL, 0, 0, NULL, NULL                                              \
    }

/* Fills the struct from what was given and the defaults.  DP_ESPEC with the column of the parameter
 * or value that is wrong, of the stage when one is missing; what is wrong with a list in a file,
 * whose path is relative to the root of `files` (NULL: none is read).  Lists that are long or in
 * files stand in the arena. */
dp_status dp_params_bind(const dp_stage_info *, const dp_text_stage *, const dp_options *files,
                         dp_arena *, void *params, dp_error *);

/* Likewise, but what was not given stays as it is. */
dp_status dp_params_replace(const dp_stage_info *, const dp_text_stage *, const dp_options *files,
                            dp_arena *, void *params, dp_error *);

/* DP_ESPEC for a value that does nothing beside the others: `needs` says when it would. */
dp_status dp_params_idle(const char *param, const char *needs, dp_error *);

/* Whether its row is one of DP_LATER. */
bool dp_param_is_later(const dp_param *);

/* A value, as a text gives it. */
void dp_param_print(const dp_param *, const void *params, dp_out *);

/* "name a=1 b=2,3": the parameters in the order of the table, later ones as DP_LATER says. */
void dp_params_print(const dp_stage_info *, const void *params, dp_out *);

extern const dp_param dp_no_params[]; /* of a stage that takes none */

#endif
