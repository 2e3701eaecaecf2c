/* verdict.c - what runs of one thing say together
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"

void verdict_print(const verdict *v, const char *const words[3], bool color)
{
    const bool equal = v->answer == VERDICT_EQUAL;

    color = color && cli_color();
    printf("%s%s", color ? (equal ? "\033[1;32m" : "\033[1;31m") : "", words[v->answer]);
    if (v->answer != VERDICT_OTHER && v->weakness[0] != '\0')
        printf(" (%s%s)", equal ? "weak evidence: " : "", v->weakness);
    puts(color ? "\033[0m" : "");
}

/* A difference is one however weak the evidence is. */
static int status_of(const verdict *v, bool strict)
{
    if (v->answer == VERDICT_OTHER)
        return EXIT_NO;
    return v->answer == VERDICT_NOTHING || (strict && v->weakness[0] != '\0') ? EXIT_NOT_TRIED
                                                                              : EXIT_YES;
}

/* ---- places ---- */

static const loss_series *series_of(const losses *a, const losses *b, const loss_pair *p)
{
    return p->a != SIZE_MAX ? &a->series[a->v[p->a].series] : &b->series[b->v[p->b].series];
}

static const loss *loss_of(const losses *a, const losses *b, const loss_pair *p)
{
    return p->a != SIZE_MAX ? &a->v[p->a] : &b->v[p->b];
}

static bool is_same(const loss_series *a, const loss_series *b)
{
    return a->stream == b->stream && strcmp(a->name, b->name) == 0;
}

printed_place printed_place_of(const losses *a, const losses *b, const losses_comparison *c,
                               const loss_pair *p)
{
    printed_place out = {.pair = p, .loss = loss_of(a, b, p), .series = series_of(a, b, p)};

    for (const loss_pair *q = c->pair; q < p; q++)
        out.ordinal += is_same(series_of(a, b, q), out.series);
    loss_step_text(&out.loss->step, out.step);
    return out;
}

/* The iterations that the first losses of a series are. */
static int iterations_of(const losses *a, const losses *b, const losses_comparison *c,
                         const loss_series *series)
{
    const loss *two[2] = {NULL, NULL};
    size_t n = 0;

    for (size_t i = 0; i < c->n && n < 2; i++) {
        if (is_same(series_of(a, b, &c->pair[i]), series))
            two[n++] = loss_of(a, b, &c->pair[i]);
    }
    return losses_iterations(two[0], two[1]);
}

static size_t count_of(const losses *l, const loss_series *s)
{
    size_t n = 0;

    for (size_t i = 0; i < l->n_series; i++) {
        if (is_same(&l->series[i], s))
            n = l->series[i].n;
    }
    return n;
}

/* The step at which the series of a loss begins, or ends, in a run; "none". */
static void end_of(const losses *l, const loss_series *s, bool last, char out[LOSS_STEP_TEXT])
{
    snprintf(out, LOSS_STEP_TEXT, "none");
    for (size_t k = 0; k < l->n; k++) {
        const size_t i = last ? l->n - 1 - k : k;
        if (!is_same(&l->series[l->v[i].series], s))
            continue;
        loss_step_text(&l->v[i].step, out);
        return;
    }
}

static void find_places(printed_verdict *v, const losses *a, const losses *b)
{
    const losses_comparison *c = &v->with[v->shown];

    for (size_t i = c->first; i < c->n; i++) {
        const loss_pair *p = &c->pair[i];
        printed_place *to = p->verdict == LOSSES_OTHER_VALUE ? &v->value : &v->place;
        if (p->verdict != LOSSES_EQUAL && to->pair == NULL)
            *to = printed_place_of(a, b, c, p);
    }
    if (c->first < c->n)
        v->first = printed_place_of(a, b, c, &c->pair[c->first]);
    if (v->value.pair != NULL)
        v->iterations = iterations_of(a, b, c, v->value.series);
    for (int k = 0; k < 2 && v->place.pair != NULL; k++) {
        const losses *l = k == 0 ? a : b;
        end_of(l, v->place.series, v->place.pair->verdict != LOSSES_OTHER_BEGIN, v->step[k]);
        v->count[k] = count_of(l, v->place.series);
    }
}

/* ---- printed losses and files ---- */

static void compare_runs(printed_verdict *v, const printed_question *q)
{
    for (int i = 1; i < q->n; i++) {
        losses_compare(q->losses[0], q->losses[i], &v->with[i]);
        evidence_add(&v->evidence, q->losses[i], &v->with[i]);
        if (q->files) {
            results_compare(q->results[0], q->results[i], &v->files[i]);
            evidence_add_files(&v->evidence, &v->files[i]);
        }
        if (q->ledgers) {
            why_compare(q->recorded[0], q->recorded[i], &v->ledgers[i]);
            evidence_add_ledgers(&v->evidence, q->recorded[0], q->recorded[i], &v->ledgers[i]);
        }
        v->digits = v->digits && v->with[i].verdict == LOSSES_EQUAL;
        if (v->other == 0 && (v->with[i].verdict != LOSSES_EQUAL || v->files[i].unlike ||
                              v->ledgers[i].files.unlike))
            v->other = i;
    }
    v->shown = v->other > 0 ? v->other : 1;
}

/* By the reference rule: half of it proves nothing. */
static void judge_close(printed_verdict *v)
{
    static const verdict_answer by_answer[] = {[CLOSE_NO] = VERDICT_OTHER,
                                               [CLOSE_UNTESTED] = VERDICT_NOTHING,
                                               [CLOSE_YES] = VERDICT_EQUAL};

    v->all.answer = by_answer[closeness_answer(&v->evidence.close)];
    if (v->all.answer == VERDICT_NOTHING)
        closeness_reason(&v->evidence.close, v->all.weakness);
}

/* The growth of the difference, by the losses that both runs have. */
static void find_sensitivity(printed_verdict *v, const losses *a, const losses *b)
{
    const losses_comparison *c = &v->with[v->shown];
    loss_values x = {xmalloc(c->n * sizeof *x.v), 0}, y = {xmalloc(c->n * sizeof *y.v), 0};

    for (size_t i = 0; i < c->n; i++) {
        const loss_pair *p = &c->pair[i];
        if (p->a == SIZE_MAX || p->b == SIZE_MAX)
            continue;
        x.v[x.n++] = a->v[p->a].value;
        y.v[y.n++] = b->v[p->b].value;
    }
    growth_text("", &x, &y, v->sensitivity);
    free(x.v);
    free(y.v);
}

void printed_verdict_make(printed_verdict *v, const printed_question *q)
{
    *v = (printed_verdict){.evidence = evidence_of(q->losses[0], q->left), .digits = true};
    compare_runs(v, q);
    find_places(v, q->losses[0], q->losses[v->shown]);
    evidence_weakness(&v->evidence, v->all.weakness);
    if (q->allclose)
        judge_close(v);
    else
        v->all.answer = v->other > 0                     ? VERDICT_OTHER
                        : evidence_is_none(&v->evidence) ? VERDICT_NOTHING
                                                         : VERDICT_EQUAL;
    v->all.status = status_of(&v->all, q->strict);
    if (q->sensitivity)
        find_sensitivity(v, q->losses[0], q->losses[v->shown]);
}

void printed_verdict_free(printed_verdict *v)
{
    for (int i = 0; i < VERDICT_ROOM; i++) {
        losses_comparison_free(&v->with[i]);
        results_comparison_free(&v->files[i]);
        why_comparison_free(&v->ledgers[i]);
    }
    evidence_free(&v->evidence);
}

/* ---- ladders ---- */

static int first_other(const ladder *const runs[], int n, int rung)
{
    for (int i = 0; i < n; i++) {
        const bool sound = rung != RUNG_NUMERICS || runs[i]->numerics[0] == '\0';
        if (!sound || strcmp(runs[i]->digests[rung].text, runs[0]->digests[rung].text) != 0)
            return i > 0 ? i : 1;
    }
    return 0;
}

static void add_close(closeness *c, const ladder *a, const ladder *b)
{
    c->far = c->far || a->n_losses != b->n_losses;
    for (uint64_t k = 0; k < a->n_losses && k < b->n_losses; k++)
        closeness_add(c, k, (double)ladder_loss(a, k), (double)ladder_loss(b, k));
}

ladder_verdict ladder_verdict_of(const ladder *const runs[], int n, uint64_t asked)
{
    ladder_verdict v = {
        .close = {.seen = "done"}, .broken = N_RUNGS, .asked = asked, .done = runs[0]->n_losses};
    int differ = 0;

    for (int i = 1; i < n; i++)
        add_close(&v.close, runs[0], runs[i]);
    for (int r = N_RUNGS - 1; r >= 0; r--) {
        v.other[r] = first_other(runs, n, r);
        v.broken = v.other[r] != 0 ? r : v.broken;
        differ += v.other[r] != 0;
    }
    v.alone = differ == 1;
    v.all.answer = differ > 0       ? VERDICT_OTHER /* however long the runs were */
                   : v.done < asked ? VERDICT_NOTHING
                                    : VERDICT_EQUAL;
    v.all.status = status_of(&v.all, false);
    return v;
}
