/* lint_cuts.c - what in a pipeline is reproducible, and reproducibly wrong
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Rows that are cut off by their place in an order that every epoch draws anew; streams that are
 * put side by side in different orders or lengths; batches left out of every epoch, not of the run;
 * epochs that repeat the order or the numbers of the first.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/mindspore/lint.h"
#include "tools/cli/memory.h"

static const lint_rule reshuffled[] = {
    {"distributed_sampler", "shuffle", "true", NULL, NULL, NULL},
    {"pk_sampler", NULL, NULL, NULL, NULL, NULL},
    {"random_sampler", NULL, NULL, NULL, NULL, NULL},
    {"shuffle", NULL, NULL, NULL, NULL, NULL},
    {"subset_random_sampler", NULL, NULL, NULL, NULL, NULL},
    {"weighted_random_sampler", NULL, NULL, NULL, NULL, NULL},
};

static bool has_value(const dp_text_stage *s, const char *name, const char *value)
{
    const char *given = text_value(s, name);

    return given != NULL && strcmp(given, value) == 0;
}

/* Whether `rule` has the word. */
static bool has_rule(const dp_text_stage *s, const char *word)
{
    const size_t n = strlen(word);

    for (const char *at = text_value(s, "rule"); at != NULL && *at != '\0';) {
        const size_t length = strcspn(at, ",");
        if (length >= n && memcmp(at, word, n) == 0 && (length == n || at[n] == ':'))
            return true;
        at += length + (at[length] == ',');
    }
    return false;
}

/* Whether it keeps rows by their place. */
static bool cuts(const dp_text_stage *s)
{
    if (text_is(s, "take"))
        return !has_value(s, "count", "-1");
    if (text_is(s, "skip"))
        return !has_value(s, "count", "0");
    if (text_is(s, "sequential_sampler"))
        return !has_value(s, "start_index", "0") || !has_value(s, "num_samples", "0");
    return text_is(s, "split") || text_is(s, "kfold") || text_is(s, "subset_sampler") ||
           text_is(s, "subset_random_sampler");
}

static bool is_repeat(const dp_text_stage *s)
{
    return text_is(s, "repeat") && !has_value(s, "count", "1");
}

/* What counts no epochs, or in workers that do not live on. */
static bool one_of_webdataset(const dp_text_stage *s)
{
    const bool counts = has_rule(s, "det") || has_rule(s, "shard_det");

    return has_value(s, "order", "webdataset") &&
           (!counts || (has_rule(s, "workers") && !has_rule(s, "persistent_workers")));
}

static bool one_for_all_epochs(const dp_text_stage *s)
{
    return has_value(s, "reshuffle_each_epoch", "false") || has_value(s, "order", "jax") ||
           has_value(s, "order", "sklearn") || one_of_webdataset(s) ||
           (text_is(s, "weighted_random_sampler") && has_value(s, "order", "mindspore")) ||
           (has_value(s, "order", "datasets") && has_value(s, "buffer_size", "0"));
}

/* The stage whose order the text ends with another one of each epoch, its name in *name. */
static void take_order(const dp_text_stage *s, char name[64])
{
    const char *with = text_value(s, "with");
    text_stages inner;

    for (size_t k = 0; k < sizeof reshuffled / sizeof reshuffled[0]; k++) {
        if (lint_matches(&reshuffled[k], s) && !one_for_all_epochs(s))
            snprintf(name, 64, "%s", s->name);
    }
    if (is_repeat(s))
        name[0] = '\0'; /* one order from here on, of all epochs */
    if (with == NULL)
        return;
    text_parse(with, &inner);
    for (size_t i = 0; i < inner.n; i++)
        take_order(&inner.stage[i], name);
    text_free(&inner);
}

static void say_cut(lint_report *r, const lint_text *t, size_t i, const char *order)
{
    const char *name = t->canonical.stage[i].name;
    lint_finding f = lint_finding_of(LINT_WARNING, t, i);

    snprintf(
        f.why, sizeof f.why,
        "cuts by place what %s puts in another order each epoch: rows that are held out in one "
        "epoch are delivered in the next",
        order);
    snprintf(f.remedy, sizeof f.remedy, "put %s before %s, or %s reshuffle_each_epoch=false", name,
             order, order);
    lint_add(r, &f);
}

/* People skip batches to resume a run; rows may well be held out by skipping them. */
static void say_skip(lint_report *r, const lint_text *t, size_t i, bool batches)
{
    lint_finding f = lint_finding_of(batches ? LINT_WARNING : LINT_NOTE, t, i);

    snprintf(f.why, sizeof f.why, "leaves out the first %s of every epoch, not of the run",
             batches ? "batches" : "rows");
    snprintf(f.remedy, sizeof f.remedy, "skip behind repeat, to go on where a run stopped%s",
             batches ? "" : "; none, to hold rows out");
    lint_add(r, &f);
}

static bool repeats_later(const lint_text *t, size_t i)
{
    while (++i < t->canonical.n) {
        if (is_repeat(&t->canonical.stage[i]))
            return true;
    }
    return false;
}

void lint_cuts(lint_report *r, const lint_text *t)
{
    char order[64] = "";
    bool batched = false;

    for (size_t i = 0; i < t->canonical.n; i++) {
        const dp_text_stage *s = &t->canonical.stage[i];
        const bool skips = text_is(s, "skip") && cuts(s) && repeats_later(t, i);
        if (skips && (batched || order[0] == '\0'))
            say_skip(r, t, i, batched);
        else if (cuts(s) && order[0] != '\0')
            say_cut(r, t, i, order);
        take_order(s, order);
        batched = batched || text_is(s, "batch");
    }
}

/* ---- epochs that repeat the first ---- */

/* To cut an order by place it has to be one for all epochs. */
static bool cut_later(const lint_text *t, size_t i)
{
    while (++i < t->canonical.n && !is_repeat(&t->canonical.stage[i])) {
        if (cuts(&t->canonical.stage[i]))
            return true;
    }
    return false;
}

static void say_repeated(lint_report *r, const lint_text *t, size_t i, const char *what,
                         const char *remedy)
{
    lint_finding f = lint_finding_of(LINT_WARNING, t, i);

    snprintf(f.why, sizeof f.why, "has in every epoch the %s of the first", what);
    snprintf(f.remedy, sizeof f.remedy, "%s, unless that is meant", remedy);
    lint_add(r, &f);
}

void lint_repeats(lint_report *r, const lint_text *t)
{
    for (size_t i = 0; i < t->canonical.n; i++) {
        const dp_text_stage *s = &t->canonical.stage[i];
        if (!repeats_later(t, i))
            continue;
        if (has_value(s, "iterator", "new"))
            say_repeated(r, t, i, "random numbers", "iterator=one");
        else if (lint_random_order(s) != NULL && one_for_all_epochs(s) && !cut_later(t, i))
            say_repeated(r, t, i, "order",
                         has_value(s, "reshuffle_each_epoch", "false") ? "reshuffle_each_epoch=true"
                                                                       : "order=native");
    }
}

/* ---- streams side by side ---- */

/* The last stage of n that draws the order of rows, or NULL; its name in the text. */
static const dp_text_stage *random_order(const text_stages *t, size_t n)
{
    while (n-- > 0) {
        if (lint_random_order(&t->stage[n]) != NULL)
            return &t->stage[n];
    }
    return NULL;
}

/* Whether two stages draw one order of as many rows: another library's, of the run's seed alone. */
static bool draws_the_same(const dp_text_stage *a, const dp_text_stage *b)
{
    bool same = strcmp(a->name, b->name) == 0 && a->n_args == b->n_args &&
                text_value(a, "order") != NULL && !has_value(a, "order", "native");

    for (uint32_t k = 0; same && k < a->n_args; k++)
        same = has_value(b, a->args[k].name, a->args[k].value);
    return same;
}

/* Whether what draws the order of n stages and of others is the same, one after the other. */
static bool one_order(const text_stages *a, size_t n, const text_stages *b, size_t m)
{
    const dp_text_stage *x, *y;

    do {
        x = random_order(a, n);
        y = random_order(b, m);
        n = x != NULL ? (size_t)(x - a->stage) : 0;
        m = y != NULL ? (size_t)(y - b->stage) : 0;
    } while (x != NULL && y != NULL && draws_the_same(x, y));
    return x == NULL && y == NULL;
}

static void look_at_zip(lint_report *r, const lint_text *t, size_t i)
{
    const char *with = text_value(&t->canonical.stage[i], "with");
    const dp_text_stage *order = random_order(&t->canonical, i);
    lint_finding f = lint_finding_of(LINT_WARNING, t, i);
    text_stages inner;

    text_parse(with, &inner);
    order = order != NULL ? order : random_order(&inner, inner.n);
    if (!one_order(&t->canonical, i, &inner, inner.n)) {
        snprintf(
            f.why, sizeof f.why,
            "puts rows side by side by their place, and %s drew the order of one stream alone: "
            "columns of different rows meet",
            order->name);
        snprintf(f.remedy, sizeof f.remedy, "zip first, then %s", order->name);
        lint_add(r, &f);
    }
    text_free(&inner);
}

void lint_zips(lint_report *r, const lint_text *t)
{
    for (size_t i = 0; i < t->canonical.n; i++) {
        if (text_is(&t->canonical.stage[i], "zip"))
            look_at_zip(r, t, i);
    }
}

/* 0 and the length of the stream, or the exit status. */
static int length_of(const char *text, size_t length, const char *root, uint64_t *out)
{
    dp_options options = cli_options();
    char *part = xmalloc(length + 1);
    dp_pipeline *p = NULL;
    dp_error err;
    int status = 0;

    memcpy(part, text, length);
    part[length] = '\0';
    options.root = root;
    options.threads = 1;
    if (dp_open(&p, part, 1, &options, &err) != DP_OK)
        status = cli_fail_error(&err, part);
    else
        *out = dp_length(p);
    dp_close(p);
    free(part);
    return status;
}

static int compare_lengths(lint_report *r, const lint_text *t, size_t i, const char *text,
                           const char *root)
{
    const dp_text_stage *s = &t->canonical.stage[i];
    const char *with = text_value(s, "with");
    lint_finding f = lint_finding_of(LINT_WARNING, t, i);
    uint64_t a, b;
    int status = length_of(text, s[-1].end - 1, root, &a);

    if (status == 0)
        status = length_of(with, strlen(with), root, &b);
    if (status != 0 || a == b || a == UINT64_MAX || b == UINT64_MAX)
        return status;
    snprintf(f.why, sizeof f.why,
             "joins streams of %llu and of %llu: what the longer has more is lost",
             (unsigned long long)a, (unsigned long long)b);
    snprintf(f.remedy, sizeof f.remedy, "take count=%llu in the longer, if that is meant",
             (unsigned long long)(a < b ? a : b));
    lint_add(r, &f);
    return 0;
}

/* Their network has 2^k values for 2^k + 1 rows, where k is even and 16 or more. */
static int look_at_network(lint_report *r, const lint_text *t, size_t i, const char *text,
                           const char *root)
{
    const dp_text_stage *s = &t->canonical.stage[i];
    lint_finding f = lint_finding_of(LINT_WARNING, t, i);
    uint64_t n;
    int k = 16;
    const int status = length_of(text, s[-1].end - 1, root, &n);

    while (k < 62 && n - 1 != (uint64_t)1 << k)
        k += 2;
    if (status != 0 || k == 62)
        return status;
    snprintf(f.why, sizeof f.why,
             "is not a permutation of %llu rows in %s: the last is never delivered, another twice",
             (unsigned long long)n, has_value(s, "order", "grain") ? "Grain" : "TensorFlow");
    snprintf(f.remedy, sizeof f.remedy, "one row less or more, or order=native");
    lint_add(r, &f);
    return 0;
}

int lint_lengths(lint_report *r, const lint_text *t, const char *text, const char *root)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < t->canonical.n; i++) {
        const dp_text_stage *s = &t->canonical.stage[i];
        if (text_is(s, "zip"))
            status = compare_lengths(r, t, i, text, root);
        else if (text_is(s, "shuffle") &&
                 (has_value(s, "order", "grain") || has_value(s, "order", "tf_index_shuffle")))
            status = look_at_network(r, t, i, text, root);
    }
    return status;
}
