/* text.c - the first thing that differs in two files
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/compare/comparison.h"
#include "tools/compare/difference.h"
#include "tools/cli/memory.h"
#include "tools/results/results.h"
#include "tools/results/zip.h"

/* Two copies, and what is said of them. */
typedef struct sides {
    const char *path[2];
    uint64_t size[2];
    FILE *out;
} sides;

static bool ends_in(const char *name, const char *end)
{
    const size_t n = strlen(name), length = strlen(end);

    return n >= length && strcmp(name + n - length, end) == 0;
}

/* A part of a file, in which nothing is that a terminal would obey. */
static void print_part(FILE *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n && i < 40; i++)
        fputc(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?', out);
    if (n > 40)
        fputs("...", out);
}

void results_print_name(FILE *out, const char *name)
{
    for (; *name != '\0'; name++)
        fputc(iscntrl((unsigned char)*name) ? '?' : *name, out);
}

/* ---- tensors ---- */

static bool say_tensor(const sides *s, const dp_named_tensor *a, const dp_named_tensor *b)
{
    const char *name = a != NULL ? a->name : b->name;
    difference d;

    if (a == NULL || b == NULL) {
        fprintf(s->out, "tensor %s is in run %s alone", name, a != NULL ? "1's" : "the other's");
    } else if (strcmp(cli_type_of(a->type, a->rank, a->shape).text,
                      cli_type_of(b->type, b->rank, b->shape).text) != 0) {
        fprintf(s->out, "tensor %s: %s and %s", name, cli_type_of(a->type, a->rank, a->shape).text,
                cli_type_of(b->type, b->rank, b->shape).text);
    } else if (a->size > 0 && memcmp(a->data, b->data, (size_t)a->size) != 0) {
        d = difference_of(a, b);
        fputs("tensor ", s->out);
        difference_print_first(s->out, &d, a, b);
    } else {
        return false;
    }
    return true;
}

static bool say_tensors(const sides *s)
{
    const dp_options options = cli_options();
    dp_archive *a = NULL, *b = NULL;
    dp_error err;
    const dp_named_tensor *t;
    bool said = false;

    if (dp_archive_open(&a, s->path[0], &options, &err) == DP_OK &&
        dp_archive_open(&b, s->path[1], &options, &err) == DP_OK) {
        for (size_t i = 0; !said && (t = dp_archive_get(a, i)) != NULL; i++)
            said = say_tensor(s, t, dp_archive_find(b, t->name));
        for (size_t i = 0; !said && (t = dp_archive_get(b, i)) != NULL; i++)
            said = dp_archive_find(a, t->name) == NULL && say_tensor(s, NULL, t);
        if (!said && dp_archive_get(a, 0) != NULL) /* what stands around them is not */
            fputs("all tensors are equal; ", s->out);
    }
    dp_archive_close(a);
    dp_archive_close(b);
    return said;
}

/* ---- bytes ---- */

/* The first byte that differs in two ranges, or size. */
static uint64_t first_byte(const int fd[2], const uint64_t offset[2], uint64_t size)
{
    uint8_t a[65536], b[65536];

    for (uint64_t at = 0; at < size;) {
        const size_t n = size - at < sizeof a ? (size_t)(size - at) : sizeof a;
        if (pread(fd[0], a, n, (off_t)(offset[0] + at)) != (ssize_t)n ||
            pread(fd[1], b, n, (off_t)(offset[1] + at)) != (ssize_t)n)
            return at;
        for (size_t i = 0; i < n; i++) {
            if (a[i] != b[i])
                return at + i;
        }
        at += n;
    }
    return size;
}

static bool say_bytes(const sides *s, const int fd[2])
{
    const uint64_t least = s->size[0] < s->size[1] ? s->size[0] : s->size[1];
    const uint64_t at = first_byte(fd, (const uint64_t[]){0, 0}, least);

    if (at < least || s->size[0] == s->size[1])
        fprintf(s->out, "from byte %llu on", (unsigned long long)at);
    else
        fprintf(s->out, "the first %llu bytes are equal", (unsigned long long)least);
    if (s->size[0] != s->size[1])
        fprintf(s->out, ", %llu and %llu bytes", (unsigned long long)s->size[0],
                (unsigned long long)s->size[1]);
    return true;
}

/* ---- members of a ZIP file ---- */

static bool say_member(const sides *s, const int fd[2], const dp_zip_member *a,
                       const dp_zip_member *b)
{
    const uint64_t offset[2] = {a->offset, b->offset};
    uint64_t at;

    if (a->name_length != b->name_length || memcmp(a->name, b->name, a->name_length) != 0) {
        fputs("members ", s->out);
        print_part(s->out, a->name, a->name_length);
        fputs(" and ", s->out);
        print_part(s->out, b->name, b->name_length);
        fputs(" stand in one place", s->out);
        return true;
    }
    at = a->packed == b->packed ? first_byte(fd, offset, a->packed) : 0;
    if (a->method == b->method && a->size == b->size && a->packed == b->packed && at == a->packed)
        return false;
    fputs("member ", s->out);
    print_part(s->out, a->name, a->name_length);
    if (a->size != b->size)
        fprintf(s->out, " of %llu and %llu bytes", (unsigned long long)a->size,
                (unsigned long long)b->size);
    else if (a->method == 0 && b->method == 0)
        fprintf(s->out, " from its byte %llu on", (unsigned long long)at);
    return true;
}

static bool say_members(const sides *s, const int fd[2])
{
    zip_file a, b;
    bool said = false;

    if (!zip_open(fd[0], s->size[0], &a))
        return false;
    if (zip_open(fd[1], s->size[1], &b)) {
        for (uint64_t i = 0; i < a.zip.n && i < b.zip.n && !said; i++)
            said = say_member(s, fd, &a.zip.members[i], &b.zip.members[i]);
        if (!said && a.zip.n != b.zip.n) {
            fprintf(s->out, "%llu and %llu members", (unsigned long long)a.zip.n,
                    (unsigned long long)b.zip.n);
            said = true;
        }
        zip_close(&b);
    }
    zip_close(&a);
    return said;
}

/* ---- tables ---- */

/* The cell that begins at *at, which moves behind its comma; false past the last. */
static bool next_cell(const char **at, char comma, const char **cell, size_t *n)
{
    const char *p = *at;
    bool quoted = false;

    if (p == NULL)
        return false;
    for (; *p != '\0' && (quoted || *p != comma); p++)
        quoted = *p == '"' ? !quoted : quoted;
    *cell = *at;
    *n = (size_t)(p - *at);
    *at = *p != '\0' ? p + 1 : NULL;
    return true;
}

static void say_cell(const sides *s, const char *head, const char *a, const char *b, char comma)
{
    const char *cell[2] = {"", ""}, *name = "";
    size_t n[2] = {0, 0}, length = 0, column = 0;
    bool in[2];

    do {
        column++;
        in[0] = next_cell(&a, comma, &cell[0], &n[0]);
        in[1] = next_cell(&b, comma, &cell[1], &n[1]);
        length = next_cell(&head, comma, &name, &length) ? length : 0;
    } while (in[0] && in[1] && n[0] == n[1] && memcmp(cell[0], cell[1], n[0]) == 0);
    fprintf(s->out, ", column %zu", column);
    if (length > 0) {
        fputs(" (", s->out);
        print_part(s->out, name, length);
        fputs(")", s->out);
    }
    for (int i = 0; i < 2; i++) {
        fputs(i == 0 ? ": " : " and ", s->out);
        if (in[i])
            print_part(s->out, cell[i], n[i]);
        else
            fputs("no cell", s->out);
    }
}

static ssize_t read_line(char **line, size_t *room, FILE *f)
{
    const ssize_t n = f != NULL ? xgetline(line, room, f) : -1;

    if (n > 0 && (*line)[n - 1] == '\n')
        (*line)[n - 1] = '\0';
    return n;
}

static bool say_lines(const sides *s, FILE *const f[2], char comma)
{
    char *line[2] = {NULL, NULL}, *head = NULL;
    size_t room[2] = {0, 0}, number = 0;
    ssize_t n[2];
    bool said = false;

    do {
        for (int i = 0; i < 2; i++)
            n[i] = read_line(&line[i], &room[i], f[i]);
        if (number++ == 0 && n[0] > 0)
            head = xstrdup(line[0]);
    } while (n[0] >= 0 && n[0] == n[1] && memcmp(line[0], line[1], (size_t)n[0]) == 0);
    if (n[0] >= 0 && n[1] >= 0 && strcmp(line[0], line[1]) != 0) {
        fprintf(s->out, "line %zu", number);
        say_cell(s, head, line[0], line[1], comma);
        said = true;
    } else if ((n[0] < 0) != (n[1] < 0)) {
        fprintf(s->out, "line %zu is in %s alone", number, n[0] >= 0 ? "run 1's" : "the other's");
        said = true;
    }
    free(line[0]);
    free(line[1]);
    free(head);
    return said;
}

static bool say_table(const sides *s, char comma)
{
    FILE *const f[2] = {xfopen(s->path[0], "re"), xfopen(s->path[1], "re")};
    const bool said = f[0] != NULL && f[1] != NULL && say_lines(s, f, comma);

    for (int i = 0; i < 2; i++) {
        if (f[i] != NULL)
            fclose(f[i]);
    }
    return said;
}

/* ---- ledgers ---- */

static bool say_ledgers(const sides *s)
{
    comparison c = {.path = {s->path[0], s->path[1]}};
    bool said;

    if (!ledger_is(s->path[0]) || !ledger_is(s->path[1]))
        return false;
    said = comparison_make(&c) == 0;
    if (said && c.cause != NULL)
        fprintf(s->out, "step %llu, \"%s\". %s", (unsigned long long)c.common[c.first].a->step,
                c.cause, c.meaning);
    else if (said && c.meaning != NULL)
        fprintf(s->out, "%zu steps and %zu: those of both are equal. %s", c.ledger[0].n,
                c.ledger[1].n, c.meaning);
    else if (said)
        fprintf(s->out, "all steps are equal; about \"%s\" and \"%s\"", c.ledger[0].about,
                c.ledger[1].about);
    comparison_free(&c);
    return said;
}

/* ---- the line ---- */

static void say_difference(const result_pair *p, FILE *out)
{
    const sides s = {{p->a->copy, p->b->copy}, {p->a->size, p->b->size}, out};
    const char *name = p->a->name;
    const bool tensors = ends_in(name, ".npz") || ends_in(name, ".safetensors") ||
                         ends_in(name, ".ckpt") || ends_in(name, ".pt") || ends_in(name, ".pth");
    const bool table = ends_in(name, ".csv") || ends_in(name, ".tsv");
    int fd[2];

    if (p->a->copy == NULL || p->b->copy == NULL) {
        fputs("where is not known: it is larger than --max-output", out);
        return;
    }
    for (int i = 0; i < 2; i++)
        fd[i] = open(s.path[i], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (!say_ledgers(&s) && !(tensors && say_tensors(&s)) &&
        !(table && say_table(&s, name[strlen(name) - 3] == 't' ? '\t' : ',')) &&
        !say_members(&s, fd))
        say_bytes(&s, fd);
    for (int i = 0; i < 2; i++) {
        if (fd[i] >= 0)
            close(fd[i]);
    }
}

char *results_text(const result_pair *p, int run_b)
{
    char *text;
    size_t size;
    FILE *out = xopen_memstream(&text, &size);

    if (p->verdict == RESULT_OTHER)
        say_difference(p, out);
    else if (p->verdict == RESULT_EMPTY)
        fputs("empty in both runs: no evidence", out);
    else if (p->verdict == RESULT_UNTOUCHED)
        fputs("was there before and no run wrote it: no evidence", out);
    else if (p->verdict == RESULT_ONE_RUN)
        fprintf(out, "only run %d wrote it%s", p->a != NULL && p->a->written ? 1 : run_b,
                p->a != NULL && p->b != NULL ? ", the other found it there and left it" : "");
    xclose_memstream(out, &text);
    return text;
}
