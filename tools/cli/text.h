/* text.h - where the stages and parameters of a pipeline text stand
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * For texts that the library has accepted: it checks, this only cuts.
 */
#ifndef TOOLS_CLI_TEXT_H
#define TOOLS_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct text_arg {
    char *name, *value;             /* unquoted */
    size_t start, value_start, end; /* bytes of the text; a quoted value begins behind its quote */
} text_arg;

typedef struct text_stage {
    char *name;
    size_t start, end; /* of the stage, without blanks around */
    text_arg *arg;
    size_t n;
} text_stage;

typedef struct text_stages {
    text_stage *stage;
    size_t n;
} text_stages;

void text_parse(const char *text, text_stages *out);
void text_free(text_stages *);

bool text_is(const text_stage *, const char *name);
/* NULL when it is not given. */
const text_arg *text_find(const text_stage *, const char *name);
const char *text_value(const text_stage *, const char *name);

/* A value in quotes; and in quotes only where it must be. */
void text_put_quoted(FILE *, const char *);
void text_put_value(FILE *, const char *);

#endif
