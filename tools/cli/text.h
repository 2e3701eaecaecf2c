/* text.h - where the stages and parameters of a pipeline text stand
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_CLI_TEXT_H
#define TOOLS_CLI_TEXT_H

#include <stdio.h>

#include "lang/text.h"

/* The stages of a text: bytes column - 1 to end - 1 of it. */
typedef struct text_stages {
    dp_text_stage *stage;
    size_t n; /* 0 = the text is malformed */
    dp_arena arena;
} text_stages;

void text_parse(const char *text, text_stages *out);
void text_free(text_stages *);

bool text_is(const dp_text_stage *, const char *name);
/* NULL when it is not given. */
const char *text_value(const dp_text_stage *, const char *name);

/* A value, in quotes where it must be. */
void text_put_value(FILE *, const char *);

#endif
