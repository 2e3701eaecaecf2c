/* written.c - files of a folder that were written since a moment
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/written.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/memory.h"

#define SHOWN       3
#define TICKS       100 /* a clock that stands (faketime) is not waited for */
#define MOST_LOOKED ((size_t)1 << 20)
#define MOST_KEPT   ((size_t)1 << 16)
#define MOST_DEPTH  64
#define PATH_SIZE   4400

bool written_since(struct timespec time, struct timespec moment)
{
    return time.tv_sec != moment.tv_sec ? time.tv_sec > moment.tv_sec
                                        : time.tv_nsec >= moment.tv_nsec;
}

/* The time that a change has: files of Linux 6.13 and newer are ahead of CLOCK_REALTIME_COARSE. */
static struct timespec time_of_change(int fd)
{
    struct stat s;
    struct timespec now = {0, 0};

    if (fd >= 0 && fchmod(fd, 0600) == 0 && fstat(fd, &s) == 0)
        return s.st_ctim;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now;
}

struct timespec written_moment(void)
{
    const int fd = memfd_create("moment", MFD_CLOEXEC);
    const struct timespec before = time_of_change(fd);
    struct timespec now = time_of_change(fd);

    for (int i = 0; i < TICKS && written_since(before, now); i++) {
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        now = time_of_change(fd);
    }
    if (fd >= 0)
        close(fd);
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
    struct stat place, folder; /* verify's folder */
    size_t skip, looked;       /* of the paths: the place; files so far */
    written *out;
} search;

static bool is_left_out(const search *s, const char *path, const char *name, const struct stat *st)
{
    static const char *const kept[] = {"run[0-9].*", "run[0-9][0-9].*", NULL};
    static const char *const other[] = {".git", "__pycache__", "detpipe-verify-??????", NULL};

    if (path + s->skip == name && is_one(&s->place, &s->folder) && matches(kept, name))
        return true;
    return S_ISDIR(st->st_mode)
               ? st->st_dev != s->place.st_dev || is_one(st, &s->folder) || matches(other, name)
               : is_output(st);
}

/* ---- what there is ---- */

bool written_is_fresh(const char *path, struct timespec moment)
{
    struct statx s;

    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &s) == 0 &&
           ((s.stx_mask & STATX_BTIME) == 0 ||
            written_since((struct timespec){s.stx_btime.tv_sec, s.stx_btime.tv_nsec}, moment));
}

static void add(const search *s, const char *path, bool folder)
{
    const size_t size = strlen(path + s->skip) + 2;
    written *w = s->out;
    char *name = xmalloc(size);

    snprintf(name, size, "%s%s", path + s->skip, folder ? "/" : "");
    if ((w->n & (w->n - 1)) == 0) /* a power of two: full */
        w->v = xrealloc(w->v, (w->n != 0 ? 2 * w->n : 1) * sizeof *w->v);
    w->v[w->n++] = (written_file){name, written_is_fresh(path, s->moment)};
}

static void look_into(search *s, char path[PATH_SIZE], int depth);

/* The entry's path is path[0..n] and the name behind it. */
static void look_at(search *s, char path[PATH_SIZE], size_t n, int depth)
{
    struct stat st;

    if (lstat(path, &st) != 0 || is_left_out(s, path, path + n, &st))
        return;
    if (S_ISDIR(st.st_mode) && depth < MOST_DEPTH)
        look_into(s, path, depth + 1);
    if ((S_ISDIR(st.st_mode) || S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)) &&
        written_since(st.st_ctim, s->moment))
        add(s, path, S_ISDIR(st.st_mode));
    s->out->more = ++s->looked >= MOST_LOOKED || s->out->n >= MOST_KEPT;
}

static void look_into(search *s, char path[PATH_SIZE], int depth)
{
    const size_t n = strlen(path);
    const struct dirent *e;
    DIR *d = opendir(path);

    if (d == NULL) {
        memory_check();
        return;
    }
    while (!s->out->more && (e = readdir(d)) != NULL) {
        const bool fits = n + 2 + strlen(e->d_name) < PATH_SIZE;
        if (!fits || strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(path + n, PATH_SIZE - n, "/%s", e->d_name);
        look_at(s, path, n + 1, depth);
        path[n] = '\0';
    }
    closedir(d);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const written_file *)a)->name, ((const written_file *)b)->name);
}

void written_find(const char *place, struct timespec moment, const char *folder, written *w)
{
    search s = {.moment = moment, .skip = strlen(place) + 1, .out = w};
    char path[PATH_SIZE];

    *w = (written){0};
    snprintf(path, sizeof path, "%s", place);
    if (stat(place, &s.place) == 0) {
        if (stat(folder, &s.folder) != 0)
            s.folder = (struct stat){0};
        look_into(&s, path, 0);
    }
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
