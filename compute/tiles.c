/* tiles.c - packing, sweeping and multiplying in tiles
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/tiles.h"

#include <string.h>

#include "compute/tree.h"

#define BLOCK_TILES 8 /* tiles of places that share a panel while it is in the cache */

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- packing ---- */

static void pack_panel(void *ctx, uint64_t index)
{
    const dp_panels *p = ctx;
    const int64_t first = (int64_t)index * p->nr, n = least(p->n_out - first, p->nr);
    float *dst = p->dst + first * p->kh * p->kw * p->depth;

    for (int64_t tap = 0; tap < p->kh * p->kw; tap++) {
        const float *w =
            p->w + first * p->out_stride + tap / p->kw * p->kh_stride + tap % p->kw * p->kw_stride;
        for (int64_t d = 0; d < p->depth; d++, w += p->depth_stride, dst += p->nr) {
            for (int64_t j = 0; j < n; j++)
                dst[j] = w[j * p->out_stride];
            for (int64_t j = n; j < p->nr; j++)
                dst[j] = 0.0f;
        }
    }
}

void dp_pack(dp_workers *workers, dp_panels *p)
{
    dp_workers_run(workers, (uint64_t)dp_ceil_div(p->n_out, p->nr), pack_panel, p);
}

static void cut_slice(void *ctx, uint64_t index)
{
    const dp_slices *s = ctx;
    const int64_t first = (int64_t)index / s->n * s->nr, n = least(s->channels - first, s->nr);
    const float *src = s->src + (int64_t)index % s->n * s->places * s->channels + first;
    float *dst = s->dst + (int64_t)index * s->places * s->nr;

    for (int64_t p = 0; p < s->places; p++, src += s->channels, dst += s->nr) {
        memcpy(dst, src, sizeof *dst * (size_t)n);
        if (n < s->nr)
            memset(dst + n, 0, sizeof *dst * (size_t)(s->nr - n));
    }
}

void dp_slice(dp_workers *workers, dp_slices *s)
{
    dp_workers_run(workers, (uint64_t)(dp_ceil_div(s->channels, s->nr) * s->n), cut_slice, s);
}

/* ---- sweeping ---- */

static void store_outputs(float *dst, int64_t stride, const float *tile, int64_t n)
{
    if (stride == 1) {
        memcpy(dst, tile, sizeof *tile * (size_t)n);
        return;
    }
    for (int64_t j = 0; j < n; j++)
        dst[j * stride] = tile[j];
}

static void sweep_tile(const dp_sweep *s, int64_t first, int64_t n_places, int64_t out)
{
    const int64_t nr = s->kernels->nr;
    const float *a[DP_MAX_MR];
    float *dst[DP_MAX_MR], tile[DP_MAX_MR * DP_MAX_NR] __attribute__((aligned(64)));

    for (int64_t i = 0; i < s->kernels->mr; i++) {
        const int64_t place = first + (i < n_places ? i : 0), col = place % s->cols;
        const int64_t image = place / (s->rows * s->cols), row = place / s->cols % s->rows;
        a[i] = s->src + image * s->src_image + row * s->src_row + col * s->src_col;
        dst[i] =
            s->dst + image * s->dst_image + row * s->dst_row + col * s->dst_col + out * s->dst_out;
    }
    s->kernels->tile(s->runs, s->run, s->run_stride, a, s->panels + out * s->runs * s->run, tile);
    for (int64_t i = 0; i < n_places; i++)
        store_outputs(dst[i], s->dst_out, tile + i * nr, least(s->n_out - out, nr));
}

static void sweep_block(void *ctx, uint64_t index)
{
    const dp_sweep *s = ctx;
    const int64_t mr = s->kernels->mr, first = (int64_t)index * mr * BLOCK_TILES;
    const int64_t last = least(first + mr * BLOCK_TILES, s->images * s->rows * s->cols);

    for (int64_t out = 0; out < s->n_out; out += s->kernels->nr) {
        for (int64_t place = first; place < last; place += mr)
            sweep_tile(s, place, least(last - place, mr), out);
    }
}

void dp_run_sweep(dp_workers *workers, dp_sweep *s)
{
    const int64_t places = s->images * s->rows * s->cols;
    dp_workers_run(workers, (uint64_t)dp_ceil_div(places, s->kernels->mr * BLOCK_TILES),
                   sweep_block, s);
}

/* ---- multiplying ---- */

static void store_tile(const dp_outer *o, int64_t left, int64_t n_left, int64_t right,
                       const float *tile)
{
    const int64_t nr = o->kernels->nr;

    for (int64_t i = 0; i < n_left; i++) {
        const int64_t t = left + i;
        store_outputs(o->out + t / o->group * o->group_stride + t % o->group * o->left_stride +
                          right * o->right_stride,
                      o->right_stride, tile + i * nr, least(o->n_right - right, nr));
    }
}

/* The images of a leaf; single places become one row of them. */
static dp_places leaf_of(const dp_outer *o, int64_t first)
{
    const int64_t n = least(o->places.images - first, o->leaf);
    dp_places p = o->places;

    if (p.rows == 1 && p.cols == 1)
        return (dp_places){1, 1, n, 0, 0, p.image_stride};
    p.images = n;
    return p;
}

/* One tile through all leaves; the tree's partial sums stay on the stack. */
static void outer_tile(void *ctx, uint64_t index)
{
    const dp_outer *o = ctx;
    const int64_t mr = o->kernels->mr, nr = o->kernels->nr, tiles = dp_ceil_div(o->n_left, mr);
    const int64_t left = (int64_t)index % tiles * mr, panel = (int64_t)index / tiles;
    const int64_t n_left = least(o->n_left - left, mr);
    const int64_t slice = o->places.rows * o->places.cols * nr;
    float tree[DP_TREE_DEPTH + 1][DP_MAX_MR * DP_MAX_NR] __attribute__((aligned(64)));
    int64_t depth = 0, number = 0;

    for (int64_t first = 0; first < o->places.images; first += o->leaf, number++) {
        const float *a[DP_MAX_MR];
        const dp_places leaf = leaf_of(o, first);
        for (int64_t i = 0; i < mr; i++) {
            const int64_t t = left + (i < n_left ? i : 0);
            a[i] = o->left + first * o->places.image_stride + t / o->run * o->row + t % o->run;
        }
        o->kernels->outer(&leaf, a, o->right + (panel * o->places.images + first) * slice,
                          tree[depth++]);
        for (int m = dp_tree_merges(number); m > 0; m--, depth--)
            o->kernels->add(mr * nr, tree[depth - 2], tree[depth - 1]);
    }
    for (; depth > 1; depth--)
        o->kernels->add(mr * nr, tree[depth - 2], tree[depth - 1]);
    store_tile(o, left, n_left, panel * nr, tree[0]);
}

void dp_run_outer(dp_workers *workers, dp_outer *o)
{
    const int64_t tiles = dp_ceil_div(o->n_left, o->kernels->mr);
    dp_workers_run(workers, (uint64_t)(tiles * dp_ceil_div(o->n_right, o->kernels->nr)), outer_tile,
                   o);
}
