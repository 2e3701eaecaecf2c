/* kfold.c - the rows of one fold, or of all but that one
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Folds are cut from one order of the rows, the first ones longer by a row; with a column each
 * class is dealt to the folds by itself, so that folds have the shares of the whole, or the groups
 * are cut in folds, so that no group is in two: in a random order, or the largest first, each to
 * the fold that has the fewest rows so far.  A part has its rows in the order below.
 */
#include <stdlib.h>

#include "libraries/permute.h"
#include "pipeline/order/ordering.h"

typedef struct kfold {
    int64_t folds, fold, repetition;
    int32_t part;
    bool randomize;
    const char *class_column, *group_column;
    int32_t order;
    uint32_t *fold_of, *rows; /* of each row below; of the part */
    const dp_library *library;
    dp_ask ask;
} kfold;

enum { TRAIN, TEST };

static const dp_param params[] = {
    DP_INT(kfold, folds, "5", 2, 100000, "parts of the rows"),
    DP_INT(kfold, fold, NULL, 0, 99999, "the one that is held out, from 0"),
    DP_CHOICE(kfold, part, "train", "train,test", "the rows of all other folds, or of this one"),
    DP_BOOLEAN(kfold, randomize, "true", "cut a random order instead of the rows as they come"),
    DP_TEXT(kfold, class_column, "", "the column of the class, for folds of like shares"),
    DP_INT(kfold, repetition, "0", 0, 1000, "cut another order, numbered so"),
    DP_ORDER_OF(kfold, folds, "whose random order"),
    DP_LATER_TEXT(kfold, group_column, "", "the column of what must not be in two folds"),
    DP_PARAMS_END,
};

/* Order number i of n rows; those before it are made, too, where one follows from another. */
static void put_in_order(kfold *p, uint64_t i, uint32_t n, uint32_t *order)
{
    const dp_scheme *scheme = p->library->folds;

    p->ask.rows = p->ask.count = n;
    p->ask.epoch = i;
    if (p->randomize)
        scheme->make(&p->ask, order);
    else
        dp_identity(order, n);
}

/* The fold of each of n rows, or groups. */
static void cut(kfold *p, uint32_t n, uint32_t *order, uint32_t *fold_of)
{
    const uint32_t folds = (uint32_t)p->folds;
    uint32_t filled = 0;

    for (uint64_t r = 0; r <= (uint64_t)p->repetition; r++)
        put_in_order(p, r, n, order);
    for (uint32_t f = 0; f < folds; f++) {
        for (const uint32_t end = filled + n / folds + (f < n % folds); filled < end; filled++)
            fold_of[order[filled]] = f;
    }
}

static uint32_t largest(const uint32_t *labels, uint32_t n)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < n; i++)
        most = labels[i] > most ? labels[i] : most;
    return most;
}

/* ---- classes ---- */

/* Classes, numbered as they appear: of each row and, of each class, its rows. */
typedef struct classes {
    uint32_t *of, *size, n;
} classes;

static dp_status number_classes(classes *c, uint32_t *labels, uint32_t n, dp_arena *arena,
                                dp_error *err)
{
    const uint32_t most = largest(labels, n);
    uint32_t *number;

    number = dp_arena_alloc(arena, (size_t)most + 1, sizeof *number);
    c->size = dp_arena_alloc(arena, (size_t)most + 1, sizeof *c->size);
    c->of = labels;
    if (number == NULL || c->size == NULL)
        return dp_arena_fail(arena, err, "the classes of a kfold");
    for (uint32_t i = 0; i < n; i++) {
        uint32_t *const known = &number[labels[i]];
        if (*known == 0)
            *known = ++c->n;
        labels[i] = *known - 1;
        c->size[labels[i]]++;
    }
    return DP_OK;
}

/* The rows of class k, sorted to `first` .. in an order by class, go to the folds in blocks: so
 * many as every folds-th place of that order, from the fold's number on, has. */
static void fill_blocks(const kfold *p, uint32_t first, uint32_t size, uint32_t *blocks)
{
    const uint32_t folds = (uint32_t)p->folds;
    uint32_t filled = 0;

    for (uint32_t f = 0; f < folds; f++) {
        const uint32_t before = first > f ? (first - f + folds - 1) / folds : 0;
        const uint32_t end = first + size;
        const uint32_t all = end > f ? (end - f + folds - 1) / folds : 0;
        for (uint32_t i = before; i < all; i++)
            blocks[filled++] = f;
    }
}

static void cut_classes(kfold *p, const classes *c, uint32_t n, uint32_t *order, uint32_t *blocks)
{
    for (uint64_t r = 0; r <= (uint64_t)p->repetition; r++) {
        for (uint32_t k = 0, first = 0; k < c->n; first += c->size[k], k++) {
            uint32_t place = 0;
            put_in_order(p, r * c->n + k, c->size[k], order);
            fill_blocks(p, first, c->size[k], blocks);
            for (uint32_t i = 0; i < n; i++) {
                if (c->of[i] == k)
                    p->fold_of[i] = blocks[order[place++]];
            }
        }
    }
}

static dp_status cut_by_class(kfold *p, const dp_node *node, uint32_t *order, dp_arena *arena,
                              dp_error *err)
{
    const uint32_t n = (uint32_t)node->below;
    uint32_t *labels, *blocks = dp_arena_alloc(arena, (size_t)n + 1, sizeof *blocks), most = 0;
    dp_status status = dp_node_labels(node, p->class_column, arena, &labels, err);
    classes c = {NULL, NULL, 0};

    if (status == DP_OK && blocks == NULL)
        status = dp_arena_fail(arena, err, "the folds");
    if (status == DP_OK)
        status = number_classes(&c, labels, n, arena, err);
    if (status != DP_OK)
        return status;
    for (uint32_t k = 0; k < c.n; k++)
        most = c.size[k] > most ? c.size[k] : most;
    if ((uint64_t)p->folds > most)
        return dp_fail(err, DP_ESPEC, "folds=%lld is more than the rows of every class: %u at most",
                       (long long)p->folds, most);
    cut_classes(p, &c, n, order, blocks);
    return DP_OK;
}

/* ---- groups ---- */

typedef struct group {
    uint32_t rows, number;
} group;

typedef struct groups {
    group *all;
    uint32_t n, *fold_of;
    group *lightest; /* folds as a heap: the one with the fewest rows, then the first one, on top */
} groups;

/* Labels become the numbers of groups, in the order of the labels. */
static dp_status number_groups(groups *g, uint32_t *labels, uint32_t n, dp_arena *arena,
                               dp_error *err)
{
    const uint32_t most = largest(labels, n);
    uint32_t *rows;

    rows = dp_arena_alloc(arena, (size_t)most + 1, sizeof *rows);
    g->all = dp_arena_alloc(arena, (size_t)(most < n ? most : n) + 1, sizeof *g->all);
    g->fold_of = dp_arena_alloc(arena, (size_t)(most < n ? most : n) + 1, sizeof *g->fold_of);
    if (rows == NULL || g->all == NULL || g->fold_of == NULL)
        return dp_arena_fail(arena, err, "the groups of a kfold");
    for (uint32_t i = 0; i < n; i++)
        rows[labels[i]]++;
    for (uint32_t label = 0; label <= most; label++) {
        if (rows[label] == 0)
            continue;
        g->all[g->n] = (group){rows[label], g->n};
        rows[label] = g->n++;
    }
    for (uint32_t i = 0; i < n; i++)
        labels[i] = rows[labels[i]];
    return DP_OK;
}

static bool is_less(const group *a, const group *b)
{
    return a->rows != b->rows ? a->rows < b->rows : a->number < b->number;
}

/* The largest first; of equal ones the last. */
static int by_size(const void *a, const void *b) { return is_less(a, b) ? 1 : -1; }

/* Down to its place in the heap of n. */
static void sink(group *heap, uint32_t n)
{
    for (uint32_t i = 0, child; (child = 2 * i + 1) < n; i = child) {
        const group top = heap[i];
        child += child + 1 < n && is_less(&heap[child + 1], &heap[child]);
        if (!is_less(&heap[child], &top))
            return;
        heap[i] = heap[child];
        heap[child] = top;
    }
}

static void balance(const kfold *p, groups *g)
{
    for (uint32_t f = 0; f < (uint32_t)p->folds; f++)
        g->lightest[f] = (group){0, f};
    qsort(g->all, g->n, sizeof *g->all, by_size);
    for (uint32_t i = 0; i < g->n; i++) {
        g->fold_of[g->all[i].number] = g->lightest[0].number;
        g->lightest[0].rows += g->all[i].rows;
        sink(g->lightest, (uint32_t)p->folds);
    }
}

static dp_status cut_by_group(kfold *p, const dp_node *node, uint32_t *order, dp_arena *arena,
                              dp_error *err)
{
    const uint32_t n = (uint32_t)node->below;
    groups g = {.lightest = dp_arena_alloc(arena, (size_t)p->folds, sizeof *g.lightest)};
    uint32_t *labels;
    dp_status status = dp_node_labels(node, p->group_column, arena, &labels, err);

    if (status == DP_OK && g.lightest == NULL)
        status = dp_arena_fail(arena, err, "the folds");
    if (status == DP_OK)
        status = number_groups(&g, labels, n, arena, err);
    if (status == DP_OK && (uint64_t)p->folds > g.n)
        status = dp_fail(err, DP_ESPEC, "%lld folds of %u groups", (long long)p->folds, g.n);
    if (status != DP_OK)
        return status;
    if (p->randomize)
        cut(p, g.n, order, g.fold_of);
    else
        balance(p, &g);
    for (uint32_t i = 0; i < n; i++)
        p->fold_of[i] = g.fold_of[labels[i]];
    return DP_OK;
}

/* ---- the stage ---- */

static dp_status check(const kfold *p, const dp_node *node, dp_error *err)
{
    if (p->fold >= p->folds)
        return dp_fail(err, DP_ESPEC, "fold=%lld of %lld: they count from 0", (long long)p->fold,
                       (long long)p->folds);
    if (p->class_column[0] != '\0' && p->group_column[0] != '\0')
        return dp_fail(err, DP_ESPEC, "class_column and group_column cannot both be kept to");
    if (p->repetition > 0 && !p->randomize)
        return dp_params_idle("repetition", "randomize=true", err);
    if (node->below != DP_ENDLESS && (uint64_t)p->folds > node->below)
        return dp_fail(err, DP_ESPEC, "%lld folds of %llu rows", (long long)p->folds,
                       (unsigned long long)node->below);
    return dp_check_rows(node->below, err);
}

static void keep_part(kfold *p, dp_node *node)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < node->below; i++) {
        if ((p->fold_of[i] == (uint64_t)p->fold) == (p->part == TEST))
            p->rows[kept++] = i;
    }
    node->length = kept;
}

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    kfold *p = node->params;
    dp_status status = check(p, node, err);
    uint32_t *order;

    p->library = dp_library_of(dp_words_folds, p->order);
    p->ask = dp_node_ask(node, NULL);
    if (status == DP_OK)
        status = dp_check_ask(p->library->folds->check, NULL, &p->ask, err);
    if (status == DP_OK)
        status = dp_ask_generator(&p->ask, p->library, arena, err);
    if (status != DP_OK)
        return status;
    order = dp_arena_alloc(arena, (size_t)node->below, sizeof *order);
    p->fold_of = dp_arena_alloc(arena, (size_t)node->below, sizeof *p->fold_of);
    p->rows = dp_arena_alloc(arena, (size_t)node->below, sizeof *p->rows);
    if (order == NULL || p->fold_of == NULL || p->rows == NULL)
        return dp_arena_fail(arena, err, "the folds");
    if (p->class_column[0] != '\0')
        status = cut_by_class(p, node, order, arena, err);
    else if (p->group_column[0] != '\0')
        status = cut_by_group(p, node, order, arena, err);
    else
        cut(p, (uint32_t)node->below, order, p->fold_of);
    keep_part(p, node);
    return status;
}

static void at(dp_node *node, dp_row *row)
{
    row->record = ((const kfold *)node->params)->rows[row->record];
}

const dp_order dp_order_kfold = {
    .info = {"order", "kfold", "keep the rows of all folds but one, or of that one", 1,
             sizeof(kfold), params},
    .plan = plan,
    .at = at,
};
