/* choice.c - the tensors of a file that are asked for, under the names and types that are asked for
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/compare/choice.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/cast.h"
#include "tools/cli/memory.h"

/* ---- patterns ---- */

/* A text of n bytes; `star` is where its '*' stands, n where it has none. */
typedef struct pattern {
    const char *text;
    size_t n, star;
} pattern;

static bool take_pattern(const char *text, size_t n, pattern *out)
{
    const char *star = memchr(text, '*', n);

    *out = (pattern){text, n, star != NULL ? (size_t)(star - text) : n};
    return n > 0 && (star == NULL || memchr(star + 1, '*', n - out->star - 1) == NULL);
}

/* Whether it is the name, and what its '*' stands for there. */
static bool matches(const pattern *p, const char *name, const char **part, size_t *size)
{
    const bool any = p->star < p->n;
    const size_t length = strlen(name), behind = any ? p->n - p->star - 1 : 0;

    if ((any ? length < p->star + behind : length != p->n) || memcmp(name, p->text, p->star) != 0 ||
        memcmp(name + length - behind, p->text + p->n - behind, behind) != 0)
        return false;
    *part = name + p->star;
    *size = length - p->star - behind;
    return true;
}

/* ---- what is made ---- */

static void *keep(choice *c, void *memory)
{
    c->made = xrealloc(c->made, (c->n_made + 1) * sizeof *c->made);
    c->made[c->n_made++] = memory;
    return memory;
}

void choice_free(choice *c)
{
    for (size_t i = 0; i < c->n_made; i++)
        free(c->made[i]);
    free(c->made);
    free(c->old);
    free(c->tensors);
}

/* ---- select, rename, cast ---- */

static int select_some(const dp_archive *a, const char *path, const cli_list *asked, choice *c)
{
    bool used[CLI_MOST_VALUES] = {false};
    pattern patterns[CLI_MOST_VALUES];
    const dp_named_tensor *t;
    const char *part;
    size_t size;

    for (size_t k = 0; k < asked->n; k++) {
        if (!take_pattern(asked->v[k], strlen(asked->v[k]), &patterns[k]))
            return cli_fail(EXIT_MALFORMED, "--select takes a name with one '*' at most, not '%s'",
                            asked->v[k]);
    }
    for (size_t i = 0; (t = dp_archive_get(a, i)) != NULL; i++) {
        bool wanted = asked->n == 0;
        for (size_t k = 0; k < asked->n; k++) {
            const bool is = matches(&patterns[k], t->name, &part, &size);
            used[k] = used[k] || is;
            wanted = wanted || is;
        }
        if (wanted) {
            c->old[c->n] = t->name;
            c->tensors[c->n++] = *t;
        }
    }
    for (size_t k = 0; k < asked->n; k++) {
        if (!used[k])
            return cli_fail(EXIT_MALFORMED,
                            "--select %s: %s has no such tensor (ckpt info lists them)",
                            asked->v[k], path);
    }
    return 0;
}

/* TO with what FROM's '*' stood for in the place of its own. */
static char *renamed(const pattern *to, const char *part, size_t size)
{
    const size_t behind = to->star < to->n ? to->n - to->star - 1 : 0;
    char *name = xmalloc(to->n + size + 1);
    size_t n = to->star;

    memcpy(name, to->text, to->star);
    if (to->star < to->n) {
        memcpy(name + n, part, size);
        n += size;
    }
    memcpy(name + n, to->text + to->n - behind, behind);
    name[n + behind] = '\0';
    return name;
}

static int rename_by(choice *c, const char *rule)
{
    const char *equals = strchr(rule, '=');
    pattern from, to;
    const char *part;
    size_t size, n = 0;

    if (equals == NULL || !take_pattern(rule, (size_t)(equals - rule), &from) ||
        !take_pattern(equals + 1, strlen(equals + 1), &to) ||
        (to.star < to.n && from.star == from.n))
        return cli_fail(EXIT_MALFORMED,
                        "--rename takes FROM=TO, each with one '*' at most, not '%s'", rule);
    for (size_t i = 0; i < c->n; i++) {
        if (!matches(&from, c->tensors[i].name, &part, &size))
            continue;
        c->tensors[i].name = keep(c, renamed(&to, part, size));
        n++;
    }
    return n > 0 ? 0 : cli_fail(EXIT_MALFORMED, "--rename %s: no tensor has such a name", rule);
}

typedef struct named {
    const char *name;
    size_t index;
} named;

static int by_name(const void *x, const void *y)
{
    return strcmp(((const named *)x)->name, ((const named *)y)->name);
}

/* Two tensors that fall together are told by the names that they had. */
static int check_names(const choice *c)
{
    named *list = xcalloc(c->n + 1, sizeof *list);
    int status = 0;

    for (size_t i = 0; i < c->n; i++)
        list[i] = (named){c->tensors[i].name, i};
    qsort(list, c->n, sizeof *list, by_name);
    for (size_t i = 1; i < c->n && status == 0; i++) {
        if (by_name(&list[i - 1], &list[i]) == 0)
            status = cli_fail(EXIT_MALFORMED, "--rename: %s and %s would both be %s",
                              c->old[list[i - 1].index], c->old[list[i].index], list[i].name);
    }
    free(list);
    return status;
}

static void cast_all(choice *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const char *type = c->tensors[i].type;
        if (!cast_is_floating(type) || strcmp(type, "float32") == 0)
            continue;
        c->tensors[i] = cast_to_float32(&c->tensors[i]);
        keep(c, (void *)(uintptr_t)c->tensors[i].data);
    }
}

int choice_make(const dp_archive *a, const char *path, const choice_asked *asked, choice *out)
{
    size_t n = 0;
    int status = 0;

    if (asked->to != NULL && strcmp(asked->to, "float32") != 0)
        return cli_fail(EXIT_MALFORMED, "--to takes float32, not '%s'", asked->to);
    while (dp_archive_get(a, n) != NULL)
        n++;
    *out = (choice){.tensors = xcalloc(n + 1, sizeof *out->tensors),
                    .old = xcalloc(n + 1, sizeof *out->old)};
    status = select_some(a, path, &asked->select, out);
    for (size_t k = 0; status == 0 && k < asked->rename.n; k++)
        status = rename_by(out, asked->rename.v[k]);
    if (status == 0)
        status = check_names(out);
    if (status == 0 && asked->to != NULL)
        cast_all(out);
    return status;
}
