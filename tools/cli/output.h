/* output.h - files of commands: whole or not at all, whatever ends the tool
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_CLI_OUTPUT_H
#define TOOLS_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "detpipe_net.h"

typedef struct output {
    FILE *file;       /* in memory, or standard output */
    const char *path; /* "-" = standard output */
    char *bytes;
    size_t size;
} output;

/* 0, or the exit status after saying why: of these and all below. */
int output_open(output *, const char *path);

/* Puts the file in its place when `written` and nothing failed on the way, else leaves none. */
int output_close(output *, bool written);

int output_tensors(const dp_named_tensor *, size_t n, const char *path);
int output_net(dp_net *, const char *path);

/* Whether a file can be written there, before the work that makes it; nothing is left behind. */
int output_check(const char *path);

/* A standard stream that is closed stays so: no file that a command opens takes its number. */
void output_hold_streams(void);

/* Lets files past a limit of the system's (ulimit -f) fail as full disks do. */
void output_survive_limits(void);

#endif
