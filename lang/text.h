/* text.h - the one language: stages with parameters, joined by "|"
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     text  = stage { "|" stage }      stage = name { name "=" value }
 *     name  = [a-z] { [a-z0-9_] }      value = bare word | quoted text
 * Stages and parameters are separated by blanks or new lines, none around "=".  A bare word is
 * printable ASCII without blank, "|" and quote.  Quoted text is UTF-8 between double quotes; \" and
 * \\ stand for themselves.  No parameter may be given twice.
 */
#ifndef LANG_TEXT_H
#define LANG_TEXT_H

#include "base/alloc.h"

#define DP_MAX_TEXT   65536 /* bytes of a text */
#define DP_MAX_STAGES 256
#define DP_MAX_NAME   63 /* bytes of a name */

typedef struct dp_text_arg {
    const char *name, *value;
    uint32_t column, value_column;
} dp_text_arg;

typedef struct dp_text_stage {
    const char *name;
    uint32_t column, end; /* of its first byte; behind its last one */
    uint32_t n_args;
    dp_text_arg *args;
} dp_text_stage;

typedef struct dp_text {
    uint32_t n_stages;
    dp_text_stage *stages;
} dp_text;

/* DP_ESPEC with the column of the first byte that is wrong. */
dp_status dp_text_parse(const char *text, size_t length, dp_arena *, dp_text *out, dp_error *);

/* Length of the printable UTF-8 sequence at s (Unicode 15, table 3-7), 0 when there is none. */
size_t dp_utf8_length(const unsigned char *s, size_t left);
bool dp_utf8_is_printable(const char *text, size_t length); /* all of it */

/* Appends to a buffer that may be too small (or NULL): length always counts on. */
typedef struct dp_out {
    char *text;
    size_t size, length;
} dp_out;
void dp_out_text(dp_out *, const char *text);
void dp_out_part(dp_out *, const char *text, size_t length);
void dp_out_value(dp_out *, const char *text); /* as a value: quoted where it must be */

/* All that print appends, in the arena (its bytes in *length, which may be NULL); NULL when it is
 * out of memory. */
char *dp_out_arena(dp_arena *, void (*print)(const void *ctx, dp_out *), const void *ctx,
                   size_t *length);

#endif
