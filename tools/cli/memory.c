/* memory.c - memory and files that need some, or the end of the tool
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/cli/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli/cli.h"

void memory_out(void) { exit(cli_fail(EXIT_NOT_TRIED, "out of memory")); }

void memory_check(void)
{
    if (errno == ENOMEM)
        memory_out();
}

static void *checked(void *p)
{
    if (p == NULL)
        memory_out();
    return p;
}

void *xmalloc(size_t size) { return checked(malloc(size != 0 ? size : 1)); }

void *xcalloc(size_t n, size_t size) { return checked(calloc(n != 0 ? n : 1, size)); }

void *xrealloc(void *p, size_t size) { return checked(realloc(p, size != 0 ? size : 1)); }

char *xstrdup(const char *text)
{
    const size_t size = strlen(text) + 1;

    return memcpy(xmalloc(size), text, size);
}

FILE *xfopen(const char *path, const char *mode)
{
    FILE *f;

    errno = 0;
    f = fopen(path, mode);
    if (f == NULL)
        memory_check();
    return f;
}

FILE *xopen_memstream(char **text, size_t *size) { return checked(open_memstream(text, size)); }

/* Its buffer may have had no room to grow; fclose itself makes it anew, and tells only there. */
void xclose_memstream(FILE *f, char *const *text)
{
    const bool failed = ferror(f) != 0;

    if (fclose(f) != 0 || failed || *text == NULL)
        memory_out();
}

ssize_t xgetdelim(char **piece, size_t *size, int end, FILE *f)
{
    ssize_t n;

    errno = 0;
    n = getdelim(piece, size, end, f);
    if (n < 0 && !feof(f))
        memory_check();
    return n;
}

ssize_t xgetline(char **line, size_t *size, FILE *f) { return xgetdelim(line, size, '\n', f); }

/* The number in the file, if it has one: "max" is none. */
static uint64_t limit_in(const char *path)
{
    FILE *f = fopen(path, "r");
    unsigned long long value = 0;

    if (f == NULL)
        return 0;
    if (fscanf(f, "%20llu", &value) != 1)
        value = 0;
    fclose(f);
    return value;
}

uint64_t memory_of_machine(void)
{
    static const char *const containers[] = {"/sys/fs/cgroup/memory.max",
                                             "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    uint64_t most = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;

    for (size_t i = 0; i < sizeof containers / sizeof containers[0]; i++) {
        const uint64_t limit = limit_in(containers[i]);
        if (limit != 0 && (most == 0 || limit < most))
            most = limit;
    }
    return most;
}

void memory_begin(void)
{
    cJSON_Hooks hooks = {xmalloc, free};

    cJSON_InitHooks(&hooks);
}
