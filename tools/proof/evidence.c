/* evidence.c - how much the equality of printed losses, files and ledgers says
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/cli.h"
#include "tools/cli/memory.h"

#define ENOUGH_LOSSES 2
#define ENOUGH_DIGITS 7 /* float has 7 to 9 */
#define SERIES_SHOWN  8

evidence evidence_of(const losses *first, const leftovers *left)
{
    return (evidence){.first = first,
                      .left = left,
                      .compared = SIZE_MAX,
                      .files = SIZE_MAX,
                      .ledgers = SIZE_MAX,
                      .means = true,
                      .unnamed = true,
                      .close = {.seen = "printed"}};
}

/* The reference rule: the first two of each series, which may be no iterations 1 and 2, and the
 * counts. */
static void check_close(evidence *e, const losses *other, const losses_comparison *c)
{
    struct {
        const loss *last;
        size_t n;
    } *begun = xcalloc(e->first->n_series + 1, sizeof *begun);

    for (size_t i = 0; i < c->n; i++) {
        const loss_pair *p = &c->pair[i];
        const loss *a = p->a != SIZE_MAX ? &e->first->v[p->a] : NULL;
        e->close.far =
            e->close.far || (p->verdict != LOSSES_EQUAL && p->verdict != LOSSES_OTHER_VALUE);
        if (a == NULL || p->b == SIZE_MAX || begun[a->series].n++ >= 2)
            continue;
        closeness_add(&e->close,
                      begun[a->series].n == 2 && losses_iterations(begun[a->series].last, a) == 2,
                      a->value, other->v[p->b].value);
        begun[a->series].last = a;
    }
    free(begun);
}

void evidence_add(evidence *e, const losses *other, const losses_comparison *c)
{
    size_t finite = 0;

    for (size_t i = 0; i < c->n; i++) {
        const size_t a = c->pair[i].a;
        const loss_series *s = a != SIZE_MAX ? &e->first->series[e->first->v[a].series] : NULL;
        if (s == NULL || c->pair[i].b == SIZE_MAX)
            continue;
        finite += isfinite(e->first->v[a].value);
        e->digits = s->digits > e->digits ? s->digits : e->digits;
        e->means = e->means && s->mean;
        e->unnamed = e->unnamed && s->unnamed;
    }
    if (c->compared < e->compared) {
        e->compared = c->compared;
        e->finite = finite;
    }
    e->late = c->late > e->late ? c->late : e->late;
    e->missing = c->missing > e->missing ? c->missing : e->missing;
    check_close(e, other, c);
}

/* The fewest of all runs. */
void evidence_add_files(evidence *e, const results_comparison *c)
{
    if (c->compared < e->files) {
        e->files = c->compared;
        e->bytes = c->bytes;
    }
}

void evidence_add_ledgers(evidence *e, const why_run *a, const why_run *b, const why_comparison *c)
{
    if (e->ledgers == SIZE_MAX || c->entries < e->entries) {
        e->ledgers = c->ledgers;
        e->steps = c->steps;
        e->entries = c->entries;
    }
    why_unseen_add(&e->unseen, &a->unseen);
    why_unseen_add(&e->unseen, &b->unseen);
    e->open = a->open > e->open ? a->open : e->open;
    e->open = b->open > e->open ? b->open : e->open;
}

void evidence_free(evidence *e) { why_unseen_free(&e->unseen); }

static bool has_files(const evidence *e) { return e->files > 0 && e->files != SIZE_MAX; }

/* All digits of something. */
static bool has_all_digits(const evidence *e) { return has_files(e) || e->entries > 0; }

bool evidence_is_none(const evidence *e) { return e->finite == 0 && !has_all_digits(e); }

static const char *plural(size_t n, const char *one, const char *more)
{
    return n == 1 ? one : more;
}

/* Of lines that begin so: there was something to see, and nobody knows what. */
static uint64_t count_unseen(const why_unseen *u, const char *begin)
{
    uint64_t n = 0;

    for (size_t i = 0; i < u->n; i++) {
        if (strncmp(u->v[i].text, begin, strlen(begin)) == 0)
            n += u->v[i].n;
    }
    return n;
}

void evidence_weakness(const evidence *e, char out[EVIDENCE_TEXT])
{
    const uint64_t failures = count_unseen(&e->unseen, WHY_FAILURES);
    const uint64_t hidden = count_unseen(&e->unseen, WHY_HIDDEN);
    size_t n = 0;

    out[0] = '\0';
    if (e->left != NULL && leftovers_weak(e->left))
        n += (size_t)snprintf(out, EVIDENCE_TEXT, "run 2 may have read what run 1 left");
    if (e->open > 0)
        n += (size_t)snprintf(out + n, EVIDENCE_TEXT - n, "%s%zu %s not closed", n > 0 ? ", " : "",
                              e->open, plural(e->open, "ledger was", "ledgers were"));
    if (failures > 0)
        n += (size_t)snprintf(out + n, EVIDENCE_TEXT - n, "%s%llu %s", n > 0 ? ", " : "",
                              (unsigned long long)failures,
                              plural(failures, "failure to record", WHY_FAILURES));
    if (hidden > 0)
        n += (size_t)snprintf(out + n, EVIDENCE_TEXT - n, "%s%llu %s", n > 0 ? ", " : "",
                              (unsigned long long)hidden,
                              plural(hidden, "process that was not recorded", WHY_HIDDEN));
    if (has_all_digits(e))
        return;
    if (e->compared < ENOUGH_LOSSES)
        n += (size_t)snprintf(out + n, EVIDENCE_TEXT - n, "%s%zu %s", n > 0 ? ", " : "",
                              e->compared, plural(e->compared, "loss", "losses"));
    if (evidence_is_none(e))
        n += (size_t)snprintf(out + n, EVIDENCE_TEXT - n, "%sno finite loss", n > 0 ? ", " : "");
    else if (e->digits < ENOUGH_DIGITS)
        n += (size_t)snprintf(out + n, EVIDENCE_TEXT - n, "%s%d %s", n > 0 ? ", " : "", e->digits,
                              plural((size_t)e->digits, "digit", "digits"));
    if (e->means)
        n += (size_t)snprintf(out + n, EVIDENCE_TEXT - n, "%srunning means", n > 0 ? ", " : "");
    if (e->late > 0)
        n += (size_t)snprintf(out + n, EVIDENCE_TEXT - n, "%sa bar begins at another step",
                              n > 0 ? ", " : "");
    if (e->unnamed)
        n += (size_t)snprintf(out + n, EVIDENCE_TEXT - n, "%svalues without a name",
                              n > 0 ? ", " : "");
    if (e->first->strange.n > 0)
        n += (size_t)snprintf(out + n, EVIDENCE_TEXT - n, "%s%zu not understood", n > 0 ? ", " : "",
                              e->first->strange.n);
    if (e->first->unread.n > 0)
        snprintf(out + n, EVIDENCE_TEXT - n, "%s%zu %s not read", n > 0 ? ", " : "",
                 e->first->unread.n, plural(e->first->unread.n, "line", "lines"));
}

/* ---- as text ---- */

static void print_series(FILE *f, const losses *l)
{
    size_t shown = 0, all = 0;

    for (size_t i = 0; i < l->n_series; i++)
        all += l->series[i].n > 0;
    for (size_t i = 0; i < l->n_series && shown < SERIES_SHOWN; i++) {
        const loss_series *s = &l->series[i];
        if (s->n == 0)
            continue;
        fprintf(f, "%s%zu of \"%s\"%s%s", shown++ > 0 ? ", " : "", s->n, s->name,
                s->stream == 1 ? " (stderr)" : "", s->mean ? " (a running mean)" : "");
    }
    if (all > shown)
        fprintf(f, ", and %zu more names", all - shown);
}

static void print_lines(FILE *f, const loss_lines *l, const char *what)
{
    if (l->n == 0)
        return;
    fprintf(f, "%zu %s:\n", l->n, what);
    for (size_t i = 0; i < l->n && i < LOSS_LINES; i++)
        fprintf(f, "    %sline %llu: %.70s\n", l->stream[i] == 1 ? "stderr, " : "",
                (unsigned long long)l->number[i], l->text[i] != NULL ? l->text[i] : "");
}

/* What no ledger has: bytes, rows of a table, a model that was written by hand. */
static void print_unlike(FILE *f, const leftovers *l)
{
    char names[WRITTEN_TEXT];

    if (written_text(&l->unlike, names) == 0)
        return;
    fputs("not compared: what run 2 wrote otherwise than run 1: ", f);
    results_print_name(f, names);
    fputs(" (--file compares it)\n", f);
}

static void print_ledgers(FILE *f, const evidence *e)
{
    if (e->ledgers == SIZE_MAX)
        return;
    fprintf(f, "ledgers: %zu compared, %llu %s, %llu entries\n", e->ledgers,
            (unsigned long long)e->steps, plural((size_t)e->steps, "step", "steps"),
            (unsigned long long)e->entries);
    for (size_t i = 0; i < e->unseen.n; i++)
        fprintf(f, "not recorded: %s (%llu)\n", e->unseen.v[i].text,
                (unsigned long long)e->unseen.v[i].n);
}

void evidence_print(FILE *f, const evidence *e)
{
    if (e->first->n == 0) {
        fputs("losses: none printed\n", f);
    } else {
        fputs("losses: ", f);
        print_series(f, e->first);
        fprintf(f, "; %zu compared, ", e->compared);
        fprintf(f, e->digits > 16 ? "all digits\n" : "%d %s\n", e->digits,
                plural((size_t)e->digits, "digit", "digits"));
    }
    if (e->files != SIZE_MAX)
        fprintf(f, "files: %zu compared, %llu bytes\n", e->files, (unsigned long long)e->bytes);
    print_ledgers(f, e);
    if (e->left != NULL)
        print_unlike(f, e->left);
    if (e->missing > 0)
        fprintf(f, "not compared: %zu that a bar printed in one run only\n", e->missing);
    print_lines(f, &e->first->strange,
                plural(e->first->strange.n, "number is not understood, and compared as text",
                       "numbers are not understood, and compared as text"));
    print_lines(f, &e->first->unread,
                plural(e->first->unread.n, "line with the word loss was not read (whole)",
                       "lines with the word loss were not read (whole)"));
}

/* ---- as JSON ---- */

static void add_lines(cJSON *to, const char *name, const loss_lines *l)
{
    cJSON *json = cJSON_AddObjectToObject(to, name), *list;

    cli_add_count(json, "n", l->n);
    list = cJSON_AddArrayToObject(json, "first");
    for (size_t i = 0; i < l->n && i < LOSS_LINES; i++) {
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "stream", l->stream[i] == 1 ? "stderr" : "stdout");
        cli_add_count(one, "line", l->number[i]);
        cJSON_AddItemToArray(list, one);
    }
}

static void add_series(cJSON *to, const losses *l)
{
    cJSON *list = cJSON_AddArrayToObject(to, "series");

    for (size_t i = 0; i < l->n_series; i++) {
        const loss_series *s = &l->series[i];
        cJSON *one;
        if (s->n == 0)
            continue;
        one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "name", s->name);
        cJSON_AddStringToObject(one, "stream", s->stream == 1 ? "stderr" : "stdout");
        cli_add_count(one, "losses", s->n);
        cli_add_count(one, "digits", (uint64_t)s->digits);
        cJSON_AddBoolToObject(one, "running_mean", s->mean);
        cJSON_AddItemToArray(list, one);
    }
}

static void add_ledgers(cJSON *to, const evidence *e)
{
    cJSON *json = cJSON_AddObjectToObject(to, "ledgers"), *list;

    cli_add_count(json, "compared", e->ledgers);
    cli_add_count(json, "steps", e->steps);
    cli_add_count(json, "entries", e->entries);
    cli_add_count(json, "not_closed", e->open);
    list = cJSON_AddArrayToObject(json, "not_recorded");
    for (size_t i = 0; i < e->unseen.n; i++) {
        cJSON *one = cJSON_CreateObject();
        cli_add_count(one, "n", e->unseen.v[i].n);
        cJSON_AddStringToObject(one, "what", e->unseen.v[i].text);
        cJSON_AddItemToArray(list, one);
    }
}

void evidence_to_json(const evidence *e, cJSON *to)
{
    cJSON *json = cJSON_AddObjectToObject(to, "evidence");
    char weakness[EVIDENCE_TEXT];

    evidence_weakness(e, weakness);
    cJSON_AddBoolToObject(json, "weak", weakness[0] != '\0');
    cJSON_AddStringToObject(json, "weakness", weakness);
    cli_add_count(json, "compared", e->compared);
    cli_add_count(json, "finite", e->finite);
    cli_add_count(json, "files", has_files(e) ? e->files : 0);
    cli_add_count(json, "bytes_of_files", has_files(e) ? e->bytes : 0);
    cli_add_count(json, "digits", (uint64_t)e->digits);
    cli_add_count(json, "printed_in_one_run_only", e->missing);
    cJSON_AddBoolToObject(json, "second_iteration_tested", e->close.finite && e->close.most > 1);
    if (e->ledgers != SIZE_MAX)
        add_ledgers(json, e);
    if (e->left != NULL)
        leftovers_to_json(e->left, json);
    add_series(json, e->first);
    add_lines(json, "lines_not_read", &e->first->unread);
    add_lines(json, "numbers_not_understood", &e->first->strange);
}

/* ---- nothing ---- */

void evidence_print_none(FILE *f, const losses *l)
{
    const loss_form *form = losses_proposal(l);

    print_lines(f, &l->unread,
                plural(l->unread.n, "line with the word loss was not read (whole)",
                       "lines with the word loss were not read (whole)"));
    print_lines(f, &l->numbers, plural(l->numbers.n, "line has a number", "lines have numbers"));
    if (form != NULL)
        fprintf(f, "for %s%sline %llu: --loss '%s'\n", form->n > 1 ? "all that are like " : "",
                form->stream == 1 ? "stderr, " : "", (unsigned long long)form->number,
                form->pattern);
}
