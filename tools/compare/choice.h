/* choice.h - the tensors of a file that are asked for, under the names and types that are asked for
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A pattern is a text that is meant as it stands, but for one '*' at most, which is any text, also
 * an empty one: "fc.*", "*.gamma".
 */
#ifndef TOOLS_COMPARE_CHOICE_H
#define TOOLS_COMPARE_CHOICE_H

#include "detpipe_archive.h"
#include "tools/cli/cli.h"

typedef struct choice_asked {
    cli_list select; /* patterns; none: all tensors */
    cli_list rename; /* "FROM=TO", one after the other; a '*' of TO is what FROM's stands for */
    const char *to;  /* a type; NULL: as they are */
} choice_asked;

typedef struct choice {
    dp_named_tensor *tensors; /* of the archive, but for names and data that were made */
    const char **old;         /* their names there */
    size_t n;
    void **made; /* what is freed with it */
    size_t n_made;
} choice;

/* 0, or the exit status after saying why: a pattern that matches no tensor, two tensors of one
 * name.  The archive stays open as long as the choice, which is freed on failure, too. */
int choice_make(const dp_archive *, const char *path, const choice_asked *, choice *out);
void choice_free(choice *);

#endif
