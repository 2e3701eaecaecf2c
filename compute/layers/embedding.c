/* embedding.c - a row of a table for each whole number of the input
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md.  Features x_l in 0 .. num_embeddings - 1 become places l with the channels of
 * weight[x_l]; anything else becomes NaN there, so that no loss hides it, and changes no row.
 * Gradient of a row: SEQ32 over (n in leaf, l) of the dy of its places, TREE over leaves.
 * weight [num_embeddings][embedding_size], as MindSpore and PyTorch have it.
 */
#include <string.h>

#include "base/number/num.h"
#include "compute/layers/layer.h"

typedef struct embedding {
    int64_t num_embeddings, embedding_size;
} embedding;

static const dp_param params[] = {
    DP_INT(embedding, num_embeddings, NULL, 1, 1 << 24, "rows of the table"),
    DP_INT(embedding, embedding_size, NULL, 1, 1 << 20, "channels of a row"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    const embedding *p = params_;

    if (plan->in.height != 1 || plan->in.width != 1)
        return dp_fail(
            err, DP_ESPEC, "takes features, not %lldx%lldx%lld images: put flatten before it",
            (long long)plan->in.channels, (long long)plan->in.height, (long long)plan->in.width);
    if ((double)plan->n * (double)plan->in.channels > (double)INT32_MAX)
        return dp_fail(err, DP_ELIMIT, "more than 2^31 numbers a batch");
    plan->out = (dp_extent){p->embedding_size, plan->in.channels, 1};
    plan->n_weights = 1;
    plan->weights[0] = (dp_weight){.suffix = "weight",
                                   .rank = 2,
                                   .shape = {p->num_embeddings, p->embedding_size},
                                   .fan_in = p->embedding_size,
                                   .fan_out = p->num_embeddings};
    plan->memory = sizeof(int32_t) * (size_t)(p->num_embeddings + 1 + plan->n * plan->in.channels);
    return DP_OK;
}

/* The row that a number names, or -1. */
static int64_t row_of(const embedding *p, float x)
{
    return x >= 0.0f && x < (float)p->num_embeddings && x == (float)(int64_t)x ? (int64_t)x : -1;
}

static void forward_sample(const void *params_, const dp_layer_run *r, int64_t sample)
{
    const embedding *p = params_;
    const int64_t n = r->in.channels, size = p->embedding_size;

    for (int64_t l = 0; l < n; l++) {
        const int64_t row = row_of(p, r->x[sample * n + l]);
        float *y = r->y + (sample * n + l) * size;
        for (int64_t j = 0; j < size && row < 0; j++)
            y[j] = dp_f32_from(0x7FC00000u);
        if (row >= 0)
            memcpy(y, r->w[0] + row * size, sizeof *y * (size_t)size);
    }
}

/* ---- backward ---- */

#define BLOCK 64 /* channels that are summed together */

/* A part of the batch: places[starts[i] .. starts[i + 1] - 1] have row i, in ascending order. */
typedef struct lookup {
    const embedding *p;
    const dp_layer_run *r;
    const dp_part *part;
    int32_t *starts, *places;
    float *dw;
} lookup;

/* A counting sort. */
static void sort_places(const lookup *l)
{
    const int64_t rows = l->p->num_embeddings, first = l->part->first * l->r->in.channels,
                  last = first + l->part->n * l->r->in.channels;
    int32_t total = 0;

    memset(l->starts, 0, sizeof *l->starts * (size_t)(rows + 1));
    for (int64_t i = first; i < last; i++) {
        const int64_t row = row_of(l->p, l->r->x[i]);
        if (row >= 0)
            l->starts[row]++;
    }
    for (int64_t row = 0; row <= rows; row++)
        total += l->starts[row], l->starts[row] = total;
    for (int64_t i = last - 1; i >= first; i--) {
        const int64_t row = row_of(l->p, l->r->x[i]);
        if (row >= 0)
            l->places[--l->starts[row]] = (int32_t)i;
    }
}

static int64_t leaf_of(const lookup *l, int32_t place)
{
    return (place / l->r->in.channels - l->part->first) / l->r->share->leaf;
}

/* TREE over `span` leaves from number `leaf` on, in which the places are; a leaf without any adds
 * +0 to what is never -0: nothing. */
static void sum_leaves(const lookup *l, const int32_t *places, const int32_t *end, int64_t leaf,
                       int64_t span, int64_t channel, float *sum)
{
    const int64_t size = l->p->embedding_size, n = size - channel < BLOCK ? size - channel : BLOCK;
    const int32_t *middle = places;
    float right[BLOCK];

    if (span == 1) {
        memset(sum, 0, sizeof *sum * (size_t)n);
        for (; places < end; places++)
            l->r->math.kernels->add(n, sum, l->r->dy + *places * size + channel);
        return;
    }
    while (middle < end && leaf_of(l, *middle) < leaf + span / 2)
        middle++;
    if (middle > places)
        sum_leaves(l, places, middle, leaf, span / 2, channel, sum);
    if (middle < end)
        sum_leaves(l, middle, end, leaf + span / 2, span / 2, channel,
                   middle > places ? right : sum);
    if (middle > places && middle < end)
        l->r->math.kernels->add(n, sum, right);
}

static void sum_row(void *ctx, uint64_t row)
{
    const lookup *l = ctx;
    const int64_t size = l->p->embedding_size;
    const int32_t *places = l->places + l->starts[row], *end = l->places + l->starts[row + 1];
    float *dw = l->dw + (int64_t)row * size;
    int64_t span = 1;

    if (places == end) {
        memset(dw, 0, sizeof *dw * (size_t)size);
        return;
    }
    while (span * l->r->share->leaf < l->part->n)
        span *= 2;
    for (int64_t channel = 0; channel < size; channel += BLOCK)
        sum_leaves(l, places, end, 0, span, channel, dw + channel);
}

static void backward(const void *params_, const dp_layer_run *r)
{
    const embedding *p = params_;
    int32_t *starts = r->memory;

    for (int64_t i = 0; i < r->share->n_parts; i++) {
        lookup l = {.p = p,
                    .r = r,
                    .part = &r->share->parts[i],
                    .starts = starts,
                    .places = starts + p->num_embeddings + 1,
                    .dw = r->dw[0] + i * r->part_stride};
        sort_places(&l);
        dp_workers_run(r->math.workers, (uint64_t)p->num_embeddings, sum_row, &l);
    }
    if (r->dx != NULL)
        memset(r->dx, 0, sizeof *r->dx * (size_t)(r->math.n * r->in.channels));
}

const dp_layer dp_layer_embedding = {
    .info = {"layer", "embedding", "a row of a table for each whole number", 1, sizeof(embedding),
             params},
    .prefix = "embedding",
    .plan = plan,
    .forward_sample = forward_sample,
    .backward = backward,
};
