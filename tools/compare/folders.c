/* folders.c - two folders of ledgers, those of one name side by side: each rank has its own
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/compare/folders.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "tools/cli/memory.h"

bool folders_is(const char *path) { return dp_dir_exists(path); }

/* A FIFO is not opened: it would be waited for. */
static char *ledger_path(const char *folder, const char *name)
{
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = xmalloc(size);
    struct stat st;

    snprintf(path, size, "%s/%s", folder, name);
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && ledger_is(path))
        return path;
    free(path);
    return NULL;
}

/* The pair of this name, which may be new: names come in their order, of one folder, then of the
 * other. */
static folder_pair *pair_of(folders *f, const char *name)
{
    size_t at = 0;

    while (at < f->n && strcmp(f->pair[at].name, name) < 0)
        at++;
    if (at < f->n && strcmp(f->pair[at].name, name) == 0)
        return &f->pair[at];
    f->pair = xrealloc(f->pair, (f->n + 1) * sizeof *f->pair);
    memmove(&f->pair[at + 1], &f->pair[at], (f->n++ - at) * sizeof *f->pair);
    f->pair[at] = (folder_pair){.name = name, .place = {UINT64_MAX, 0, SIZE_MAX}};
    return &f->pair[at];
}

static int find(folders *f, int k)
{
    char **names, *path;
    dp_error err;
    size_t n;

    if (dp_dir_list(f->path[k], "", &f->arena, &names, &n, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    for (size_t i = 0; i < n; i++) {
        path = ledger_path(f->path[k], names[i]);
        if (path != NULL)
            pair_of(f, names[i])->path[k] = path;
        else
            f->others[k]++;
    }
    return 0;
}

static void compare(folder_pair *p)
{
    comparison c = {.path = {p->path[0], p->path[1]}};

    p->status = comparison_make(&c);
    if (p->status == 0) {
        p->status = comparison_equal(&c) ? EXIT_YES : EXIT_NO;
        p->steps = c.n;
        p->entries = c.entries;
        p->place = comparison_place_of(&c);
        p->cause = c.cause != NULL ? xstrdup(c.cause) : NULL;
    }
    comparison_free(&c);
}

/* One that has steps alone comes behind those that part within a step. */
static void count(folders *f, size_t i)
{
    const folder_pair *p = &f->pair[i];

    f->compared += p->status == EXIT_YES || p->status == EXIT_NO;
    if (p->status != EXIT_NO)
        return;
    f->different++;
    if (f->earliest == f->n || comparison_is_before(&p->place, &f->pair[f->earliest].place))
        f->earliest = i;
}

int folders_compare(folders *f)
{
    int status;

    f->arena = (dp_arena){.alloc = &dp_libc_allocator};
    status = find(f, 0);
    if (status == 0)
        status = find(f, 1);
    if (status != 0)
        return status;
    f->earliest = f->n;
    for (size_t i = 0; i < f->n; i++) {
        if (f->pair[i].path[0] == NULL || f->pair[i].path[1] == NULL) {
            f->alone++;
            continue;
        }
        compare(&f->pair[i]);
        count(f, i);
    }
    if (f->compared == 0 && f->alone == f->n)
        status = cli_fail(EXIT_NOT_TRIED,
                          "diff: %s and %s have no ledger of one name: nothing was compared",
                          f->path[0], f->path[1]);
    return status;
}

void folders_free(folders *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->pair[i].path[0]);
        free(f->pair[i].path[1]);
        free(f->pair[i].cause);
    }
    free(f->pair);
    dp_arena_free(&f->arena);
}

/* ---- what came of it ---- */

int folders_status(const folders *f)
{
    if (f->different > 0 || f->alone > 0)
        return EXIT_NO;
    return f->compared < f->n ? EXIT_NOT_TRIED : EXIT_YES;
}

static void print_pair(const folders *f, const folder_pair *p)
{
    printf("  %-24s ", p->name);
    if (p->path[0] == NULL || p->path[1] == NULL)
        printf("in %s alone\n", f->path[p->path[0] == NULL]);
    else if (p->status == EXIT_NO && p->cause == NULL)
        puts("one of them has steps alone");
    else if (p->status == EXIT_NO)
        printf("DIFFERS from step %llu, \"%s\"\n", (unsigned long long)p->place.step, p->cause);
    else if (p->status == EXIT_YES)
        printf("equal, %llu steps with %llu entries\n", (unsigned long long)p->steps,
               (unsigned long long)p->entries);
    else
        puts("not compared");
}

void folders_print(const folders *f)
{
    printf("%s, %s: %zu ledgers of one name, %zu compared, %zu different, %zu in one folder "
           "alone\n",
           f->path[0], f->path[1], f->n - f->alone, f->compared, f->different, f->alone);
    for (size_t i = 0; i < f->n; i++)
        print_pair(f, &f->pair[i]);
    for (int k = 0; k < 2; k++) {
        if (f->others[k] > 0)
            printf("in %s, not compared as they are not ledgers: %zu\n", f->path[k], f->others[k]);
    }
}

void folders_to_json(const folders *f, cJSON *json)
{
    cJSON *list = cJSON_AddArrayToObject(json, "ledgers");

    for (size_t i = 0; i < f->n; i++) {
        const folder_pair *p = &f->pair[i];
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "name", p->name);
        cJSON_AddBoolToObject(one, "in_both", p->path[0] != NULL && p->path[1] != NULL);
        cJSON_AddBoolToObject(one, "compared",
                              p->steps > 0 && (p->status == EXIT_YES || p->status == EXIT_NO));
        cJSON_AddBoolToObject(one, "equal", p->steps > 0 && p->status == EXIT_YES);
        cli_add_count(one, "steps_in_common", p->steps);
        cli_add_count(one, "entries_in_common", p->entries);
        if (p->cause != NULL) {
            cli_add_count(one, "first_different_step", p->place.step);
            cJSON_AddStringToObject(one, "cause", p->cause);
        }
        cJSON_AddItemToArray(list, one);
    }
    cli_add_count(json, "others", f->others[0] + f->others[1]);
}
