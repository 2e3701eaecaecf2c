/* import_ops.h - the operations of a MindSpore map, as stages
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_MINDSPORE_IMPORT_OPS_H
#define TOOLS_MINDSPORE_IMPORT_OPS_H

#include <stdio.h>

#include <cjson/cJSON.h>

#include "tools/mindspore/import.h"
#include "tools/mindspore/operations.h"

/* An import under way. */
typedef struct import {
    const char *path;
    int status; /* 0, or the exit status of the first failure */
    import_order order;
    bool held, zipped; /* held: inside RandomApply or RandomChoice; zipped: has a Zip */
    bool batched;      /* behind Batch */
    bool mixed;        /* and behind what mixes batches */
    const char *label; /* the second column of the map; NULL = it has one */
    int workers;       /* of the map */
    FILE *comments;
    const char *reader; /* for what the file does not say; NULL = none is left */
} import;

/* Says the first failure. */
int import_fail(import *, const char *what, const char *where);
/* A line on what could not be carried over; the format has two texts. */
void import_comment(import *, const char *format, const char *a, const char *b);

/* Values of an object; a missing or mistyped one is a failure. */
const cJSON *import_item(import *, const cJSON *, const char *name);
double import_number(import *, const cJSON *, const char *name);
bool import_bool(import *, const cJSON *, const char *name);
const char *import_text(import *, const cJSON *, const char *name);
bool import_is_word(const char *); /* letters, digits and _ */
void import_list(import *, FILE *, const cJSON *, const char *key, const char *name);
/* "a,b" of a list of names; false when it is empty. */
bool import_names(import *, FILE *, const cJSON *list, const char *key);
void import_print_number(FILE *, double);

/* A comment for every key of an object that is not one of `known` (" a b ", each between blanks).
 */
void import_note_keys(import *, const cJSON *, const char *what, const char *known);

/* " key=value" of what has a value here. */
void import_parameter(import *, FILE *, const cJSON *object, const carried *, const char *column);
/* One operation as a stage on the column. */
void import_operation(import *, FILE *, const cJSON *op, const char *column);

/* import.h's, from a text. */
int import_parse(const char *path, const char *text, import_order, const char *reader,
                 char **recipe);

#endif
