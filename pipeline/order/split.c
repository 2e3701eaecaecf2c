/* split.c - one part of the rows, cut in parts of given sizes
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part j is the rows from size 0 + ... + size j-1 on of one fixed order: the order below, or a
 * permutation of it that is the same in every epoch.  Fractions become round-half-even(f * rows);
 * rows left over go to the first part, rows too many are taken from the first part that keeps one.
 */
#include <stdio.h>

#include "pipeline/order/ordering.h"

typedef struct split {
    dp_numbers sizes;
    int64_t part;
    bool randomize;
    int32_t order;
    const char *rule;
    const char *class_column;
    uint64_t first;
    dp_ordering ordering;
    uint32_t *rows; /* of all parts, where the classes' shares are kept */
} split;

static const dp_param params[] = {
    DP_NUMBERS(split, sizes, NULL, 0, 4294967295.0,
               "rows of each part, or fractions that sum to 1"),
    DP_INT(split, part, NULL, 0, DP_MAX_LIST - 1, "the part delivered, from 0"),
    DP_BOOLEAN(split, randomize, "true", "cut a random order instead of the rows as they come"),
    DP_ORDER_OF(split, split, "whose random order"),
    DP_RULE_OF(split),
    DP_LATER_TEXT(split, class_column, "", "the column of the class, for parts of like shares"),
    DP_PARAMS_END,
};

static uint64_t half_even(double v)
{
    const uint64_t whole = (uint64_t)v;
    const double rest = v - (double)whole;

    return whole + (rest > 0.5 || (rest == 0.5 && whole % 2 == 1));
}

static dp_status from_fractions(const split *p, uint64_t n, uint64_t *sizes, dp_error *err)
{
    uint64_t sum = 0;
    int32_t i = 0;

    for (i = 0; i < p->sizes.n; i++) {
        sizes[i] = half_even(p->sizes.v[i] * (double)n);
        sum += sizes[i];
        if (sizes[i] == 0)
            return dp_fail(err, DP_ESPEC, "part %d has no row of %llu", i, (unsigned long long)n);
    }
    if (sum <= n) {
        sizes[0] += n - sum;
        return DP_OK;
    }
    for (i = 0; i < p->sizes.n && sizes[i] <= sum - n;)
        i++;
    if (i == p->sizes.n)
        return dp_fail(err, DP_ESPEC, "%llu rows are too few", (unsigned long long)n);
    sizes[i] -= sum - n;
    return DP_OK;
}

static dp_status part_sizes(const split *p, uint64_t n, uint64_t *sizes, dp_error *err)
{
    double sum = 0;
    bool whole = true;

    for (int32_t i = 0; i < p->sizes.n; i++) {
        sum += p->sizes.v[i];
        sizes[i] = (uint64_t)p->sizes.v[i];
        whole = whole && p->sizes.v[i] == (double)sizes[i] &&
                (sizes[i] > 0 || p->ordering.scheme->of_none);
    }
    if (whole && sum == (double)n)
        return DP_OK;
    if (sum > 1 + 1e-9 || sum < 1 - 1e-9)
        return dp_fail(err, DP_ESPEC, "the sizes sum to %g: neither the %llu rows nor 1", sum,
                       (unsigned long long)n);
    return p->ordering.scheme->cut != NULL
               ? p->ordering.scheme->cut(p->sizes.v, p->sizes.n, n, sizes, err)
               : from_fractions(p, n, sizes, err);
}

/* Where the rows come one after the other, and cannot be reached, they are shuffled as they come.
 */
static void through_buffer(dp_ordering *o)
{
    const uint32_t size = o->library->split_buffer;

    o->scheme = o->library->buffer;
    o->ask.buffer = size;
    if (size < o->ask.rows)
        o->ask.kept = size;
}

static bool stratifies(const dp_library *l) { return l->stratify != NULL; }

/* Rows by class: counted, then put where their class begins. */
static dp_status sort_by_class(dp_strata *s, const uint32_t *labels, uint32_t rows, uint32_t most,
                               dp_arena *arena, dp_error *err)
{
    uint32_t *begin = dp_arena_alloc(arena, (size_t)most + 2, sizeof *begin);
    uint32_t *sorted = dp_arena_alloc(arena, (size_t)rows + 1, sizeof *sorted);
    uint32_t *first = begin, least = UINT32_MAX;

    if (begin == NULL || sorted == NULL)
        return dp_arena_fail(arena, err, "the classes of a split");
    for (uint32_t i = 0; i < rows; i++)
        begin[labels[i] + 1]++;
    for (uint32_t c = 0; c <= most; c++) {
        if (begin[c + 1] > 0 && begin[c + 1] < least)
            least = begin[c + 1];
        begin[c + 1] += begin[c];
    }
    for (uint32_t i = 0; i < rows; i++)
        sorted[begin[labels[i]]++] = i;
    /* Each begin[c] is the end of its class now: the ends of those with rows, behind a 0. */
    first = dp_arena_alloc(arena, (size_t)most + 2, sizeof *first);
    if (first == NULL)
        return dp_arena_fail(arena, err, "the classes of a split");
    for (uint32_t c = 0; c <= most; c++) {
        if (begin[c] != first[s->n])
            first[++s->n] = begin[c];
    }
    s->rows = sorted;
    s->first = first;
    if (least < 2)
        return dp_fail(err, DP_ESPEC, "a class has one row: no two parts can have its share");
    return DP_OK;
}

static dp_status stratify(split *p, const dp_node *node, const uint64_t *sizes, dp_arena *arena,
                          dp_error *err)
{
    const dp_library *library = p->ordering.library;
    const uint32_t rows = (uint32_t)node->below;
    dp_strata s = {.test = (uint32_t)sizes[0]};
    uint32_t *labels, most = 0;
    dp_status status;

    if (p->sizes.n != 2)
        return dp_fail(err, DP_ESPEC, "class_column=%.40s: takes two parts, not %d",
                       p->class_column, p->sizes.n);
    status = dp_node_labels(node, p->class_column, arena, &labels, err);
    if (status == DP_OK)
        status = dp_ask_generator(&p->ordering.ask, library, arena, err);
    if (status != DP_OK)
        return status;
    for (uint32_t i = 0; i < rows; i++)
        most = labels[i] > most ? labels[i] : most;
    status = sort_by_class(&s, labels, rows, most, arena, err);
    if (status != DP_OK)
        return status;
    if (sizes[0] < s.n || sizes[1] < s.n)
        return dp_fail(err, DP_ESPEC,
                       "the parts have %llu and %llu rows, which is less than the "
                       "%u classes",
                       (unsigned long long)sizes[0], (unsigned long long)sizes[1], s.n);
    s.room = dp_arena_alloc(arena, (size_t)rows + 5 * (size_t)s.n, sizeof *s.room);
    s.rests = dp_arena_alloc(arena, s.n, sizeof *s.rests);
    p->rows = dp_arena_alloc(arena, rows, sizeof *p->rows);
    if (s.room == NULL || s.rests == NULL || p->rows == NULL)
        return dp_arena_fail(arena, err, "the classes of a split");
    library->stratify(&p->ordering.ask, &s, p->rows);
    return DP_OK;
}

static dp_status check_classes(const split *p, dp_error *err)
{
    char needs[DP_WHO_SIZE + 8];

    if (p->class_column[0] == '\0')
        return DP_OK;
    if (!p->randomize)
        return dp_params_idle("class_column", "randomize=true", err);
    if (stratifies(p->ordering.library))
        return DP_OK;
    snprintf(needs, sizeof needs, "order=%s", dp_library_who(stratifies).words);
    return dp_params_idle("class_column", needs, err);
}

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    split *p = node->params;
    dp_ordering *o = &p->ordering;
    uint64_t sizes[DP_MAX_LIST];
    dp_status status;

    o->library = dp_library_of(dp_words_split, p->order);
    o->scheme = o->library->split;
    o->ask = dp_node_ask(node, p->rule);
    o->ask.once = true;
    if (node->streamed && o->library->split_buffer != 0)
        through_buffer(o);
    status = dp_check_ask(o->scheme->check, o->scheme->rules, &o->ask, err);
    if (status == DP_OK)
        status = dp_check_rows(node->below, err);
    if (status == DP_OK && p->part >= p->sizes.n)
        status = dp_fail(err, DP_ESPEC, "part=%lld of %d parts: they count from 0",
                         (long long)p->part, p->sizes.n);
    if (status == DP_OK)
        status = check_classes(p, err);
    if (status == DP_OK)
        status = part_sizes(p, node->below, sizes, err);
    if (status != DP_OK)
        return status;
    for (int64_t i = 0; i < p->part; i++)
        p->first += sizes[i];
    node->length = sizes[p->part];
    if (p->class_column[0] != '\0')
        return stratify(p, node, sizes, arena, err);
    return p->randomize ? dp_ordering_plan(o, node, arena, err) : DP_OK;
}

static void at(dp_node *node, dp_row *row)
{
    split *p = node->params;

    row->record += p->first;
    if (p->rows != NULL)
        row->record = p->rows[row->record];
    else if (p->randomize)
        row->record = dp_ordering_at(&p->ordering, row->epoch, row->record);
}

const dp_order dp_order_split = {
    .info = {"order", "split", "keep one part of the rows", 1, sizeof(split), params},
    .sampler = true,
    .plan = plan,
    .at = at,
};
