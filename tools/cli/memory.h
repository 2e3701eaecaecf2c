/* memory.h - memory and files that need some, or the end of the tool
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where there is no memory the tool says so in one line and exits with EXIT_NOT_TRIED: NULL never
 * means "not there" by accident, and no verdict or JSON is made of what was left out.
 */
#ifndef TOOLS_CLI_MEMORY_H
#define TOOLS_CLI_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *, size_t size);
char *xstrdup(const char *);

/* NULL as from fopen, but never for want of memory. */
FILE *xfopen(const char *path, const char *mode);
/* A file whose text is in *text, to be freed, once it is closed. */
FILE *xopen_memstream(char **text, size_t *size);
void xclose_memstream(FILE *, char *const *text);
/* The length of the line, or of what goes up to a byte `end`, -1 at the end of the file or where it
 * cannot be read. */
ssize_t xgetline(char **line, size_t *size, FILE *);
ssize_t xgetdelim(char **piece, size_t *size, int end, FILE *);

/* Ends the tool where errno says that there is no memory. */
void memory_check(void);
/* Ends the tool. */
_Noreturn void memory_out(void);
/* Bytes of memory that this machine, or the container around the tool, has; 0 = nobody says. */
uint64_t memory_of_machine(void);
/* cJSON's, too, from here on. */
void memory_begin(void);

#endif
