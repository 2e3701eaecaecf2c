/* written.c - files of a folder that were written since a moment
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/written.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/memory.h"

#define SHOWN       3
#define TICKS       100 /* a clock that stands (faketime) is not waited for */
#define MOST_LOOKED ((size_t)1 << 20)
#define MOST_KEPT   ((size_t)1 << 16)

bool written_since(struct timespec time, struct timespec moment)
{
    return time.tv_sec != moment.tv_sec ? time.tv_sec > moment.tv_sec
                                        : time.tv_nsec >= moment.tv_nsec;
}

struct timespec written_moment(void)
{
    struct timespec before = {0, 0}, now;

    clock_gettime(CLOCK_REALTIME_COARSE, &before); /* that of files */
    now = before;
    for (int i = 0; i < TICKS && written_since(before, now); i++) {
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
    }
    return now;
}

/* ---- what is left out ---- */

static bool is_one(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Where our own output goes. */
static bool is_output(const struct stat *s)
{
    struct stat own;

    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fstat(fd, &own) == 0 && is_one(&own, s))
            return true;
    }
    return false;
}

static bool matches(const char *const *patterns, const char *name)
{
    while (*patterns != NULL && fnmatch(*patterns, name, 0) != 0)
        patterns++;
    return *patterns != NULL;
}

typedef struct search {
    struct timespec moment;
    struct stat folder; /* verify's */
    bool keeps;         /* it is the place itself */
    size_t skip;        /* of the paths: the place */
} search;

static bool is_left_out(const search *s, const FTSENT *e)
{
    static const char *const kept[] = {"run[0-9].*", "run[0-9][0-9].*", NULL};
    static const char *const other[] = {".git", "__pycache__", "detpipe-verify-??????", NULL};

    if (e->fts_level == 1 && s->keeps && matches(kept, e->fts_name))
        return true;
    return e->fts_info == FTS_D ? is_one(e->fts_statp, &s->folder) || matches(other, e->fts_name)
                                : is_output(e->fts_statp);
}

/* ---- what there is ---- */

bool written_is_fresh(const char *path, struct timespec moment)
{
    struct statx s;

    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &s) == 0 &&
           ((s.stx_mask & STATX_BTIME) == 0 ||
            written_since((struct timespec){s.stx_btime.tv_sec, s.stx_btime.tv_nsec}, moment));
}

static void add(const search *s, const FTSENT *e, written *w)
{
    const size_t size = e->fts_pathlen - s->skip + 2;
    char *name = xmalloc(size);

    snprintf(name, size, "%s%s", e->fts_path + s->skip, e->fts_info == FTS_D ? "/" : "");
    if ((w->n & (w->n - 1)) == 0) /* a power of two: full */
        w->v = xrealloc(w->v, (w->n != 0 ? 2 * w->n : 1) * sizeof *w->v);
    w->v[w->n++] = (written_file){name, written_is_fresh(e->fts_path, s->moment)};
}

static void visit(const search *s, FTS *tree, FTSENT *e, written *w)
{
    const bool kind = e->fts_info == FTS_D || e->fts_info == FTS_F || e->fts_info == FTS_SL;

    if (!kind || e->fts_level == 0) {
        errno = e->fts_errno; /* 0 for all that can be looked at */
        memory_check();
        return;
    }
    if (is_left_out(s, e))
        fts_set(tree, e, FTS_SKIP);
    else if (written_since(e->fts_statp->st_ctim, s->moment))
        add(s, e, w);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const written_file *)a)->name, ((const written_file *)b)->name);
}

void written_find(const char *place, struct timespec moment, const char *folder, written *w)
{
    search s = {.moment = moment, .skip = strlen(place) + 1};
    char *const roots[] = {(char *)(uintptr_t)place, NULL};
    struct stat here;
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    FTSENT *e = NULL;

    *w = (written){0};
    s.keeps = stat(place, &here) == 0 && stat(folder, &s.folder) == 0 && is_one(&here, &s.folder);
    for (size_t looked = 0; tree != NULL && !w->more && (e = fts_read(tree)) != NULL; looked++) {
        visit(&s, tree, e, w);
        w->more = looked == MOST_LOOKED || w->n == MOST_KEPT;
    }
    if (e == NULL)
        memory_check(); /* fts_open, or the last fts_read */
    if (tree != NULL)
        fts_close(tree);
    if (w->n > 0)
        qsort(w->v, w->n, sizeof *w->v, by_name);
}

void written_free(written *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->v[i].name);
    free(w->v);
    *w = (written){0};
}

size_t written_place(const written *w, const char *name)
{
    size_t low = 0, high = w->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(w->v[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool written_has(const written *w, const char *name)
{
    const size_t i = written_place(w, name);
    return i < w->n && strcmp(w->v[i].name, name) == 0;
}

bool written_is_folder(const char *name) { return name[strlen(name) - 1] == '/'; }

size_t written_text(const written *w, char out[WRITTEN_TEXT])
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < w->n; i++) {
        const size_t at = strlen(out);
        if (!written_is_folder(w->v[i].name) && n++ <= SHOWN)
            snprintf(out + at, WRITTEN_TEXT - at, "%s%.80s", n > 1 ? ", " : "",
                     n > SHOWN ? "..." : w->v[i].name);
    }
    return n;
}
