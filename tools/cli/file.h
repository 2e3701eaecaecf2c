/* file.h - whole files of a size that is bound
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_CLI_FILE_H
#define TOOLS_CLI_FILE_H

#include <stddef.h>
#include <stdio.h>

/* All of a file or pipe, with a NUL behind it, to be freed; of one that is larger than `most`
 * bytes its beginning, with *size > most.  NULL: it cannot be read, and errno says why. */
char *file_read(const char *path, size_t most, size_t *size);
/* The same from here on. */
char *file_read_rest(FILE *, size_t most, size_t *size);

#endif
