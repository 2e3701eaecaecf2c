/* file.c - whole files of a size that is bound
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/cli/file.h"

#include <errno.h>
#include <stdlib.h>

#include "tools/cli/memory.h"

/* The size is not asked for: a pipe has none. */
char *file_read_rest(FILE *f, size_t most, size_t *size)
{
    size_t room = 1 << 16, got;
    char *text = xmalloc(room);

    *size = 0;
    while ((got = fread(text + *size, 1, room - 1 - *size, f)) > 0 && (*size += got) <= most) {
        if (*size == room - 1)
            text = xrealloc(text, room *= 2);
    }
    if (got == 0 && ferror(f)) {
        const int error = errno;
        free(text);
        errno = error;
        return NULL;
    }
    text[*size] = '\0';
    return text;
}

char *file_read(const char *path, size_t most, size_t *size)
{
    FILE *f = xfopen(path, "rb");
    char *text = f != NULL ? file_read_rest(f, most, size) : NULL;
    const int error = errno;

    if (f != NULL)
        fclose(f);
    errno = error;
    return text;
}
