/* written.c - files of the working directory that were written since a moment
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/written.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN 3
#define TICKS 100 /* a clock that stands (faketime) is not waited for */

static int compare(struct timespec a, struct timespec b)
{
    if (a.tv_sec != b.tv_sec)
        return a.tv_sec < b.tv_sec ? -1 : 1;
    return a.tv_nsec < b.tv_nsec ? -1 : a.tv_nsec > b.tv_nsec;
}

struct timespec written_moment(void)
{
    struct timespec before = {0, 0}, now;

    clock_gettime(CLOCK_REALTIME_COARSE, &before); /* that of files */
    now = before;
    for (int i = 0; i < TICKS && compare(now, before) == 0; i++) {
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
    }
    return now;
}

static bool is_one(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Where our own output goes. */
static bool is_ours(const char *name, const struct stat *s, bool keeps)
{
    struct stat own;

    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fstat(fd, &own) == 0 && is_one(&own, s))
            return true;
    }
    return keeps &&
           (fnmatch("run[0-9]*.out", name, 0) == 0 || fnmatch("run[0-9]*.err", name, 0) == 0);
}

static bool is_written(const char *name, struct timespec since, bool keeps)
{
    struct stat s;

    return lstat(name, &s) == 0 && S_ISREG(s.st_mode) && compare(s.st_mtim, since) >= 0 &&
           !is_ours(name, &s, keeps);
}

size_t written_since(struct timespec moment, const char *folder, char out[WRITTEN_TEXT])
{
    struct dirent **entries = NULL;
    struct stat here, other;
    const bool keeps = stat(".", &here) == 0 && stat(folder, &other) == 0 && is_one(&here, &other);
    const int all = scandir(".", &entries, NULL, alphasort);
    size_t n = 0;

    out[0] = '\0';
    for (int i = 0; i < all; i++) {
        const size_t at = strlen(out);
        const char *name = entries[i]->d_name;
        if (is_written(name, moment, keeps) && n++ <= SHOWN)
            snprintf(out + at, WRITTEN_TEXT - at, "%s%.80s", n > 1 ? ", " : "",
                     n > SHOWN ? "..." : name);
        free(entries[i]);
    }
    free(entries);
    return n;
}
