/* output.h - files of commands: whole or not at all
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

typedef struct output {
    FILE *file;
    const char *path; /* "-" = standard output */
    char temporary[4096];
} output;

/* -1, or the exit status after saying why. */
int output_open(output *, const char *path);

/* Puts the file in its place when `written` and nothing failed on the way, else removes it.  -1, or
 * the exit status after saying why. */
int output_close(output *, bool written);

#endif
