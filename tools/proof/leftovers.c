/* leftovers.c - what run 1 leaves in the working directory, and whether run 2 reads it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/leftovers.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/cli.h"
#include "tools/cli/memory.h"

/* ---- whether it is read ---- */

/* The next reading is the first since it was written: a later one need not change the time. */
static bool forget_reading(int fd, const struct stat *s)
{
    const struct timespec before = {s->st_mtim.tv_sec - 1, s->st_mtim.tv_nsec};
    return futimens(fd, (const struct timespec[]){before, s->st_mtim}) == 0;
}

/* false: the disk keeps no time of access, the file is not ours to set it, or it is empty: what it
 * says is that it is there. */
static bool watch(const char *name)
{
    const int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    struct stat s, read_once;
    char byte;
    bool works = fd >= 0 && fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_size > 0 &&
                 forget_reading(fd, &s) && read(fd, &byte, 1) >= 0 && fstat(fd, &read_once) == 0 &&
                 written_since(read_once.st_atim, s.st_mtim) && forget_reading(fd, &s);

    if (fd >= 0)
        close(fd);
    return works;
}

/* ---- what was written ---- */

#define MOST_FILES 1000

static void keep_digests(leftovers *l, uint64_t most)
{
    char why[RESULTS_TEXT];
    struct stat s;

    for (size_t i = 0; most > 0 && i < l->made.n && l->files.n < MOST_FILES; i++) {
        const char *name = l->made.v[i].name;
        if (lstat(name, &s) != 0 || !S_ISREG(s.st_mode) || (uint64_t)s.st_size > most)
            continue;
        most -= (uint64_t)s.st_size;
        results_add(&l->files, name, name, why);
    }
}

static void find_unlike(leftovers *l, const written *now, const char *cwd)
{
    results second = {0};
    char path[8192], why[RESULTS_TEXT];
    struct stat s;

    l->unlike.v = xmalloc((l->files.n + 1) * sizeof *l->unlike.v);
    for (size_t i = 0; i < l->files.n; i++) {
        char *name = l->files.v[i].name;
        snprintf(path, sizeof path, "%s/%s", cwd, name);
        if (written_has(now, name) && lstat(path, &s) == 0 && S_ISREG(s.st_mode) &&
            results_add(&second, name, path, why) == 0 &&
            memcmp(second.v[0].digest, l->files.v[i].digest, sizeof second.v[0].digest) != 0)
            l->unlike.v[l->unlike.n++] = (written_file){.name = name};
        results_free(&second);
    }
}

void leftovers_watch(leftovers *l, struct timespec began, const char *folder, uint64_t most)
{
    written_find(".", began, folder, &l->made);
    keep_digests(l, most);
    l->watched = xcalloc(l->made.n + 1, sizeof *l->watched);
    for (size_t i = 0; i < l->made.n; i++)
        l->watched[i] = watch(l->made.v[i].name);
}

/* ---- names that each run makes anew ---- */

typedef struct token {
    const char *at;
    size_t n;
    bool number; /* it has a digit */
} token;

/* The next letters and digits, or one '/'. */
static token next_token(const char **at)
{
    token t = {*at, 0, false};

    while (**at != '\0' && **at != '/' && !isalnum((unsigned char)**at))
        ++*at;
    t.at = *at;
    if (**at == '/')
        ++*at;
    while (*t.at != '/' && isalnum((unsigned char)**at))
        t.number = isdigit((unsigned char)*(*at)++) != 0 || t.number;
    t.n = (size_t)(*at - t.at);
    return t;
}

#define RANDOM_NAME 6 /* letters, of which some are digits in most names */

/* Dates, times, process numbers, counts, hexadecimal and random words may be others: in
 * "runs/Nov30_host/7.log" and "runs/Dec01_host/12.log", "tmpk3x9qa" and "tmpabcdef". */
static bool is_sibling(const char *a, const char *b)
{
    token s = next_token(&a), t = next_token(&b);

    while (s.n > 0 || t.n > 0) {
        const bool alike = s.n == t.n && (memcmp(s.at, t.at, s.n) == 0 ||
                                          (s.n >= RANDOM_NAME && (s.number || t.number)));
        if (!alike && !s.number && !t.number)
            return false;
        if (alike || s.number)
            s = next_token(&a);
        if (alike || t.number)
            t = next_token(&b);
    }
    return true;
}

/* Whether a file of another name than those of run 1, in the place, is one that stands for it. */
static bool has_sibling(const leftovers *l, const written *now, bool elsewhere, const char *name)
{
    for (size_t i = 0; i < now->n; i++) {
        const char *other = now->v[i].name;
        struct stat s;
        if (!written_is_folder(other) && !written_has(&l->made, other) &&
            (!elsewhere || lstat(other, &s) != 0) && is_sibling(name, other))
            return true;
    }
    return false;
}

static bool find_in(const char *place, const char *name, struct stat *s)
{
    char path[8192];

    snprintf(path, sizeof path, "%s/%s", place, name);
    return lstat(path, s) == 0;
}

/* ---- what run 2 read ---- */

typedef struct second_run {
    struct timespec began;
    const char *cwd;
    written now; /* files that it wrote */
} second_run;

/* A file in the place of another was not read by its own time; what is read when it was written
 * is the run's own. */
static bool was_read(const char *name, const struct stat *s, struct timespec began)
{
    const bool own = written_since(s->st_mtim, began) && !written_since(s->st_mtim, s->st_atim);
    return written_since(s->st_atim, began) && !own && !written_is_fresh(name, began);
}

static bool may_be_read(const leftovers *l, size_t i, const second_run *r)
{
    const char *name = l->made.v[i].name;
    struct stat s, own;

    if (written_is_folder(name) || lstat(name, &s) != 0)
        return false;
    if (l->watched[i])
        return was_read(name, &s, r->began);
    if (r->cwd != NULL && find_in(r->cwd, name, &own) && S_ISREG(own.st_mode))
        return false;
    return !written_since(s.st_ctim, r->began) && !has_sibling(l, &r->now, r->cwd != NULL, name);
}

void leftovers_judge(leftovers *l, struct timespec began, const char *folder, const char *cwd)
{
    second_run r = {.began = began, .cwd = cwd};

    written_find(cwd != NULL ? cwd : ".", began, folder, &r.now);
    l->read.v = xmalloc((l->made.n + 1) * sizeof *l->read.v);
    for (size_t i = 0; i < l->made.n; i++) {
        if (may_be_read(l, i, &r))
            l->read.v[l->read.n++] = l->made.v[i];
    }
    find_unlike(l, &r.now, cwd != NULL ? cwd : ".");
    written_free(&r.now);
}

/* ---- a run without ---- */

bool leftovers_may_go(leftovers *l, uint64_t most)
{
    uint64_t bytes = 0;
    size_t fresh = 0;
    struct stat s;

    for (size_t i = 0; i < l->made.n; i++) {
        if (l->made.v[i].fresh && lstat(l->made.v[i].name, &s) == 0 && S_ISREG(s.st_mode))
            bytes += (uint64_t)s.st_size;
    }
    for (size_t i = 0; i < l->read.n; i++)
        fresh += l->read.v[i].fresh;
    if (fresh == 0)
        snprintf(l->why, sizeof l->why, "It was there before, and run 1 changed it.");
    else if (l->made.more || bytes > most)
        snprintf(l->why, sizeof l->why,
                 "A run without it would make more than %llu bytes once more (--max-output): "
                 "--vary left does.",
                 (unsigned long long)most);
    return l->why[0] == '\0';
}

void leftovers_confirm(leftovers *l, int run, const char *cwd)
{
    written now;
    struct stat s;

    l->without = run;
    written_find(cwd, (struct timespec){0, 0}, cwd, &now);
    for (size_t i = 0; i < l->read.n && l->why[0] == '\0'; i++) {
        const written_file *f = &l->read.v[i];
        if (!f->fresh)
            snprintf(l->why, sizeof l->why, "%.80s was there before, and run 1 changed it.",
                     f->name);
        else if (!find_in(cwd, f->name, &s) && !has_sibling(l, &now, true, f->name))
            snprintf(l->why, sizeof l->why,
                     "Run %d began without it, and did not make %.80s again.", run, f->name);
    }
    written_free(&now);
}

void leftovers_free(leftovers *l)
{
    free(l->read.v);
    free(l->watched);
    free(l->unlike.v);
    results_free(&l->files);
    written_free(&l->made);
    *l = (leftovers){0};
}

/* ---- what is said of it ---- */

bool leftovers_weak(const leftovers *l)
{
    return l->read.n > 0 && (l->without == 0 || l->why[0] != '\0');
}

void leftovers_text(const leftovers *l, char out[LEFTOVERS_TEXT])
{
    char names[WRITTEN_TEXT];

    out[0] = '\0';
    if (l->read.n == 0)
        return;
    written_text(&l->read, names);
    if (leftovers_weak(l))
        snprintf(out, LEFTOVERS_TEXT,
                 "Run 2 may have read what run 1 left: %s.  %.500s  To be sure, let the command "
                 "remove it first.",
                 names, l->why);
    else
        snprintf(out, LEFTOVERS_TEXT,
                 "Run 2 may have read what run 1 left: %s.  Run %d began without it.", names,
                 l->without);
}

#define LISTED 20

void leftovers_to_json(const leftovers *l, cJSON *to)
{
    cJSON *json = cJSON_AddObjectToObject(to, "left_by_run_1"), *list;

    cli_add_count(json, "n", l->read.n);
    list = cJSON_AddArrayToObject(json, "first");
    for (size_t i = 0; i < l->read.n && i < LISTED; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(l->read.v[i].name));
    cli_add_count(json, "run_without", (uint64_t)l->without);
    cJSON_AddStringToObject(json, "why", l->why);
    list = cJSON_AddArrayToObject(to, "files_written_otherwise");
    for (size_t i = 0; i < l->unlike.n && i < LISTED; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(l->unlike.v[i].name));
}
