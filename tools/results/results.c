/* results.c - files that a run of somebody's command wrote
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/results/results.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "tools/cli/memory.h"
#include "tools/results/zip.h"

#define CHUNK ((size_t)1 << 20)

__attribute__((format(printf, 2, 3))) static int fail(char why[RESULTS_TEXT], const char *format,
                                                      ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(why, RESULTS_TEXT, format, args);
    va_end(args);
    return EXIT_NOT_TRIED;
}

/* ---- patterns ---- */

/* The next of "a,b"; false past the last. */
static bool next_pattern(const cli_list *l, size_t *list, const char **at, char **out)
{
    size_t n;

    while (*list < l->n && (*at == NULL || **at == '\0')) {
        *at = *at == NULL ? l->v[*list] : NULL;
        if (*at == NULL)
            ++*list;
        else if (**at != '\0')
            break;
    }
    if (*list == l->n)
        return false;
    n = strcspn(*at, ",");
    *out = xmalloc(n + 1);
    memcpy(*out, *at, n);
    (*out)[n] = '\0';
    *at += n + ((*at)[n] == ',');
    return true;
}

size_t results_count_patterns(const cli_list *l)
{
    const char *at = NULL;
    size_t list = 0, n = 0;

    for (char *pattern; next_pattern(l, &list, &at, &pattern); n++)
        free(pattern);
    return n;
}

bool results_lacking(const cli_list *l, const results *r, char out[200], size_t *others)
{
    const char *at = NULL;
    size_t list = 0, n = 0;
    bool found = true;

    for (char *pattern; found && next_pattern(l, &list, &at, &pattern); n++) {
        found = false;
        *others = 0;
        for (size_t i = 0; i < r->n; i++) {
            const bool matches = (r->v[i].patterns >> n & 1) != 0;
            found = found || (matches && r->v[i].written);
            *others += matches && !r->v[i].written;
        }
        snprintf(out, 200, "%s", pattern);
        free(pattern);
    }
    return !found;
}

/* ---- what matches ---- */

typedef struct search {
    results *out;
    uint64_t pattern; /* its bit */
    struct stat without;
    char *why;
} search;

static int add(const search *s, const char *name, const struct stat *st)
{
    results *r = s->out;

    if (!S_ISREG(st->st_mode))
        return fail(s->why, "--file: %.700s is not a file: a device, a FIFO or a socket", name);
    if (r->n == RESULTS_MOST_FILES)
        return fail(s->why, "--file: more than %d files match", RESULTS_MOST_FILES);
    if ((r->n & (r->n - 1)) == 0) /* a power of two: full */
        r->v = xrealloc(r->v, (r->n != 0 ? 2 * r->n : 1) * sizeof *r->v);
    r->v[r->n++] =
        (result_file){.name = xstrdup(name), .size = (uint64_t)st->st_size, .patterns = s->pattern};
    return 0;
}

/* The folders on the way here: a link may lead back into one. */
typedef struct way {
    const struct way *above;
    dev_t device;
    ino_t inode;
} way;

static bool is_on(const way *w, const struct stat *st)
{
    while (w != NULL && (w->device != st->st_dev || w->inode != st->st_ino))
        w = w->above;
    return w != NULL;
}

static int look_into(const search *s, char path[PATH_MAX], const way *here);

/* The path may be longer meanwhile.  What is gone since it was listed is none, nor is a link to
 * nothing. */
static int look_at(const search *s, char path[PATH_MAX], const way *above)
{
    struct stat st;
    way here = {.above = above};

    if (stat(path, &st) != 0) {
        const int why = errno;
        return why == ENOENT || (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
                   ? 0
                   : fail(s->why, "--file: %.700s: %s", path, strerror(why));
    }
    if (!S_ISDIR(st.st_mode))
        return add(s, path, &st);
    here.device = st.st_dev;
    here.inode = st.st_ino;
    if ((st.st_dev == s->without.st_dev && st.st_ino == s->without.st_ino) || is_on(above, &st))
        return 0;
    return look_into(s, path, &here);
}

static int look_into(const search *s, char path[PATH_MAX], const way *here)
{
    const size_t n = strlen(path);
    const char *slash = path[n - 1] == '/' ? "" : "/";
    const struct dirent *e;
    int status = 0;
    DIR *d = opendir(path);

    if (d == NULL) {
        memory_check();
        return errno == ENOENT ? 0 : fail(s->why, "--file: %.700s: %s", path, strerror(errno));
    }
    while (status == 0 && (e = readdir(d)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (n + 1 + strlen(e->d_name) >= PATH_MAX)
            status = fail(s->why, "--file: %.700s: %s", path, strerror(ENAMETOOLONG));
        else
            snprintf(path + n, PATH_MAX - n, "%s%s", slash, e->d_name);
        if (status == 0)
            status = look_at(s, path, here);
        path[n] = '\0';
    }
    closedir(d);
    return status;
}

static int search_one(const search *s, const char *pattern)
{
    glob_t g;
    const int found = glob(pattern, GLOB_NOSORT, NULL, &g);
    char path[PATH_MAX];
    int status = 0;

    if (found == GLOB_NOMATCH)
        return 0;
    if (found == GLOB_NOSPACE)
        memory_out();
    if (found != 0)
        return fail(s->why, "--file: %.700s cannot be looked for", pattern);
    for (size_t i = 0; i < g.gl_pathc && status == 0; i++) {
        const int length = snprintf(path, sizeof path, "%s", g.gl_pathv[i]);
        status = length < (int)sizeof path
                     ? look_at(s, path, NULL)
                     : fail(s->why, "--file: %.700s: %s", path, strerror(ENAMETOOLONG));
    }
    globfree(&g);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const result_file *)a)->name, ((const result_file *)b)->name);
}

/* Sorts; what several patterns found is one. */
static void tidy(results *r)
{
    size_t n = 0;

    if (r->n > 0)
        qsort(r->v, r->n, sizeof *r->v, by_name);
    for (size_t i = 0; i < r->n; i++) {
        if (n > 0 && strcmp(r->v[n - 1].name, r->v[i].name) == 0) {
            r->v[n - 1].patterns |= r->v[i].patterns;
            free(r->v[i].name);
        } else {
            r->v[n++] = r->v[i];
        }
    }
    r->n = n;
    for (size_t i = 0; i < n; i++)
        r->v[i].stamp = dp_stamp_of(r->v[i].name);
}

/* The working directory is that of the run, until leave(). */
static int enter(const results_place *p, char *why)
{
    const int back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (back >= 0 && (p->cwd == NULL || chdir(p->cwd) == 0))
        return back;
    fail(why, "--file: the working directory: %s", strerror(errno));
    if (back >= 0)
        close(back);
    return -1;
}

static int leave(int back, int status, char *why)
{
    if (fchdir(back) != 0)
        status = fail(why, "--file: the working directory: %s", strerror(errno));
    close(back);
    return status;
}

static int find_here(const cli_list *l, const results_place *p, results *out, char *why)
{
    search s = {.out = out, .pattern = 1, .why = why};
    const char *at = NULL;
    size_t list = 0;
    int status = 0;

    if (stat(p->without, &s.without) != 0)
        s.without = (struct stat){0};
    for (char *pattern; status == 0 && next_pattern(l, &list, &at, &pattern); s.pattern <<= 1) {
        status = search_one(&s, pattern);
        free(pattern);
    }
    tidy(out);
    return status;
}

int results_find(const cli_list *l, const results_place *p, results *out, char why[RESULTS_TEXT])
{
    const int back = enter(p, why);

    *out = (results){0};
    return back < 0 ? EXIT_NOT_TRIED : leave(back, find_here(l, p, out, why), why);
}

/* ---- what was written ---- */

/* Folds `size` bytes from `offset` on; false: they are not there. */
static bool digest_bytes(int fd, uint64_t offset, uint64_t size, int copy, dp_hash *h)
{
    const size_t room = size < CHUNK ? (size_t)size : CHUNK; /* a ZIP file may have many members */
    uint8_t *chunk = xmalloc(room + 1);
    bool good = true;

    while (good && size > 0) {
        const ssize_t n = pread(fd, chunk, size < room ? (size_t)size : room, (off_t)offset);
        good = n > 0 && (copy < 0 || write(copy, chunk, (size_t)n) == n);
        if (!good)
            break;
        dp_hash_bytes(h, chunk, (size_t)n);
        offset += (uint64_t)n;
        size -= (uint64_t)n;
    }
    free(chunk);
    return good;
}

/* Digests names and packed bytes. */
static bool digest_members(int fd, const dp_zip_file *z, dp_hash *h)
{
    bool good = true;

    for (uint64_t i = 0; i < z->n && good; i++) {
        const dp_zip_member *m = &z->members[i];
        dp_hash_u64(h, m->name_length);
        dp_hash_bytes(h, m->name, m->name_length);
        dp_hash_u64(h, m->method);
        dp_hash_u64(h, m->size);
        dp_hash_u64(h, m->packed);
        good = digest_bytes(fd, m->offset, m->packed, -1, h);
    }
    return good;
}

static bool digest_file(int fd, int copy, result_file *f)
{
    dp_hash h, members;
    zip_file z;
    bool good;

    dp_hash_init(&h);
    errno = EIO; /* of a file that ends early */
    good = digest_bytes(fd, 0, f->size, copy, &h);
    if (good && zip_open(fd, f->size, &z)) {
        dp_hash_init(&members);
        if (digest_members(fd, &z.zip, &members))
            h = members;
        zip_close(&z);
    }
    dp_hash_final(&h, f->digest);
    return good;
}

/* The name of a copy, which is new: "FOLDER/3-weights.npz". */
static char *copy_name(const char *folder, size_t i, const char *name)
{
    const char *base = strrchr(name, '/');
    char path[4400];

    snprintf(path, sizeof path, "%.4100s/%zu-%.200s", folder, i + 1,
             base != NULL ? base + 1 : name);
    return xstrdup(path);
}

static int take(const results_place *p, size_t i, uint64_t *left, result_file *f, char *why)
{
    const int fd = open(f->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    int copy = -1;
    bool good = fd >= 0 && fstat(fd, &st) == 0;

    if (good && !S_ISREG(st.st_mode)) {
        errno = EINVAL;
        good = false;
    }
    f->size = good ? (uint64_t)st.st_size : 0;
    if (good && p->copies != NULL && f->size <= *left) {
        f->copy = copy_name(p->copies, i, f->name);
        copy = open(f->copy, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        good = copy >= 0;
        *left -= f->size;
    }
    good = good && digest_file(fd, copy, f);
    if (!good)
        fail(why, "--file: %.700s cannot be read and kept: %s", f->name, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (copy >= 0)
        close(copy);
    return good ? 0 : EXIT_NOT_TRIED;
}

static bool is_written(const results *before, const result_file *f)
{
    const result_file *old =
        before->n > 0 ? bsearch(f, before->v, before->n, sizeof *f, by_name) : NULL;
    return old == NULL || old->stamp != f->stamp;
}

int results_take(const cli_list *l, const results_place *p, const results *before, results *out,
                 char why[RESULTS_TEXT])
{
    const int back = enter(p, why);
    uint64_t left = p->most;
    int status;

    *out = (results){0};
    if (back < 0)
        return EXIT_NOT_TRIED;
    status = find_here(l, p, out, why);
    if (status == 0 && p->copies != NULL && mkdir(p->copies, 0700) != 0)
        status = fail(why, "--file: %.700s: %s", p->copies, strerror(errno));
    for (size_t i = 0; i < out->n && status == 0; i++) {
        out->v[i].written = is_written(before, &out->v[i]);
        if (out->v[i].written)
            status = take(p, i, &left, &out->v[i], why);
    }
    return leave(back, status, why);
}

int results_add(results *r, const char *name, const char *path, char why[RESULTS_TEXT])
{
    result_file f = {.name = xstrdup(name), .copy = xstrdup(path), .written = true};
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    bool good = fd >= 0 && fstat(fd, &st) == 0;

    f.size = good ? (uint64_t)st.st_size : 0;
    good = good && digest_file(fd, -1, &f);
    if (!good)
        fail(why, "%.700s cannot be read: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    r->v = xrealloc(r->v, (r->n == 0 ? 1 : 2 * r->n) * sizeof *r->v); /* as add() has it, or more */
    r->v[r->n++] = f;
    qsort(r->v, r->n, sizeof *r->v, by_name);
    return good ? 0 : EXIT_NOT_TRIED;
}

void results_free(results *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->v[i].name);
        free(r->v[i].copy);
    }
    free(r->v);
    *r = (results){0};
}

size_t results_count(const results *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++)
        n += r->v[i].written && r->v[i].size > 0;
    return n;
}

/* ---- two runs ---- */

static result_verdict judge(const result_file *a, const result_file *b)
{
    const bool in_a = a != NULL && a->written, in_b = b != NULL && b->written;

    if (!in_a && !in_b)
        return RESULT_UNTOUCHED;
    if (!in_a || !in_b)
        return RESULT_ONE_RUN;
    if (memcmp(a->digest, b->digest, sizeof a->digest) != 0)
        return RESULT_OTHER;
    return a->size == 0 ? RESULT_EMPTY : RESULT_EQUAL;
}

void results_compare_pair(const result_file *a, const result_file *b, results_comparison *c)
{
    const result_pair p = {a, b, judge(a, b)};

    c->unlike = c->unlike || p.verdict == RESULT_ONE_RUN || p.verdict == RESULT_OTHER;
    if (p.verdict == RESULT_EQUAL || p.verdict == RESULT_OTHER) {
        c->compared++;
        c->bytes += a->size;
    }
    c->pair[c->n++] = p;
}

void results_compare(const results *a, const results *b, results_comparison *c)
{
    size_t i = 0, k = 0;

    *c = (results_comparison){.pair = xmalloc((a->n + b->n) * sizeof *c->pair)};
    while (i < a->n || k < b->n) {
        const int order = i == a->n ? 1 : k == b->n ? -1 : by_name(&a->v[i], &b->v[k]);
        const result_file *of_a = order <= 0 ? &a->v[i++] : NULL;
        results_compare_pair(of_a, order >= 0 ? &b->v[k++] : NULL, c);
    }
}

void results_comparison_free(results_comparison *c)
{
    free(c->pair);
    *c = (results_comparison){0};
}
