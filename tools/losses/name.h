/* name.h - the name of a number: the words before it, and the keys of the braces that are open
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSSES_NAME_H
#define TOOLS_LOSSES_NAME_H

#include "tools/losses/reader.h"

/* The words before the place where the line is read. */
typedef struct loss_context {
    loss_reader *r;
    const char *words[3]; /* begins of the last words, without anything between them */
    int n_words;
    char key[LOSS_NAME]; /* the last word, if a brace may belong to it */
} loss_context;

void loss_name_begin(loss_context *);                /* of a line */
void loss_name_end(loss_context *, const char *end); /* of it */

/* What a word of n bytes is, 0 = none: by itself, by the braces around it, or as a tensor alone. */
loss_kind loss_name_kind(const loss_context *, const char *at, size_t n);
/* The word and those directly before it, behind the path of the open braces. */
void loss_name_make(const loss_context *, const char *at, size_t n, char out[LOSS_NAME]);

/* A word that names no loss may be the first of a name: returns where to go on. */
const char *loss_name_keep(loss_context *, const char *at, size_t n);
/* Whether it is a unit, and no part of a name: "93.9it/s train_loss=2.2". */
bool loss_name_is_unit(const loss_context *, const char *at, size_t n);
/* Passes what stands between words. */
const char *loss_name_pass(loss_context *, const char *at);

#endif
