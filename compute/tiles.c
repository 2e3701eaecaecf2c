/* tiles.c - packing, sweeping and multiplying in tiles
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/tiles.h"

#include <string.h>

#include "compute/tree.h"

#define BLOCK_TILES  8     /* tiles of places that share a panel while it is in the cache */
#define GROUP_TILES  32    /* tiles of an outer product that share what is packed */
#define GROUP_PANELS 4     /* of so many panels, if there are */
#define PACK_FLOATS  12288 /* of their left operands */

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
    const float *src = s->src + (int64_t)index % s->n * s->places * s->pitch + first;
    float *dst = s->dst + (int64_t)index * s->places * s->nr;

    for (int64_t p = 0; p < s->places; p++, src += s->pitch, dst += s->nr) {
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

/* Where the places from number `first` on are read and written; past the last one, the first. */
static void find_places(const dp_sweep *s, int64_t first, int64_t n_places, const float **a,
                        float **dst)
{
    int64_t image = first / (s->rows * s->cols), row = first / s->cols % s->rows,
            col = first % s->cols;

    for (int64_t i = 0; i < n_places; i++) {
        a[i] = s->src + image * s->src_image + row * s->src_row + col * s->src_col;
        dst[i] = s->dst + image * s->dst_image + row * s->dst_row + col * s->dst_col;
        if (++col == s->cols)
            col = 0, row++;
        if (row == s->rows)
            row = 0, image++;
    }
    for (int64_t i = n_places; i < s->kernels->mr; i++)
        a[i] = a[0];
}

static void sweep_tile(const dp_sweep *s, int64_t first, int64_t n_places, int64_t out)
{
    const int64_t nr = s->kernels->nr, n = least(s->n_out - out, nr);
    const bool whole = n == nr && s->dst_out == 1;
    const float *a[DP_MAX_MR];
    float *dst[DP_MAX_MR], *to[DP_MAX_MR], tile[DP_MAX_TILE] __attribute__((aligned(64)));

    find_places(s, first, n_places, a, dst);
    for (int64_t i = 0; i < s->kernels->mr; i++)
        to[i] = whole && i < n_places ? dst[i] + out : tile + i * nr;
    s->kernels->tile(&s->runs, a, s->panels + out * s->runs.rows * s->runs.taps * s->runs.run, to);
    for (int64_t i = 0; i < n_places && !whole; i++) {
        for (int64_t j = 0; j < n; j++)
            dst[i][(out + j) * s->dst_out] = tile[i * nr + j];
    }
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

/* The outputs are cut into groups of `tiles` tiles by `panels` panels, n_left groups along the
 * t's and n_right along the j's. */
typedef struct product {
    const dp_outer *o;
    int64_t tiles, panels, n_left, n_right;
} product;

/* A part of a run that a group needs, from the place on. */
typedef struct segment {
    int64_t offset, n;
} segment;

/* A group: the outputs t .. t + n_left - 1 by `panels` panels from number `panel`. */
typedef struct group {
    int64_t t, n_left, tiles, panel, panels;
    int64_t width; /* floats of a packed place */
    int64_t n_segments;
    segment segments[GROUP_TILES * DP_MAX_MR];
} group;

static int64_t left_size(const dp_outer *o) { return o->runs.rows * o->runs.taps * o->runs.run; }

/* As large as they may be, but with tasks enough for all threads. */
static product product_of(const dp_outer *o, uint32_t threads)
{
    const int64_t tiles = dp_ceil_div(left_size(o), o->kernels->mr);
    const int64_t panels = dp_ceil_div(o->n_right, o->kernels->nr);
    product p = {.o = o, .panels = least(panels, GROUP_PANELS)};

    p.n_right = dp_ceil_div(panels, p.panels);
    p.tiles = least(GROUP_TILES / p.panels,
                    threads == 1 ? tiles : dp_ceil_div(tiles * p.n_right, 4 * (int64_t)threads));
    p.n_left = dp_ceil_div(tiles, p.tiles);
    return p;
}

static void find_segments(const dp_runs *r, group *g)
{
    for (int64_t t = g->t; t < g->t + g->n_left;) {
        const int64_t run = t / r->run, in_run = t % r->run;
        segment *s = &g->segments[g->n_segments++];
        s->offset = run / r->taps * r->row_stride + run % r->taps * r->tap_stride + in_run;
        s->n = least(r->run - in_run, g->t + g->n_left - t);
        t += s->n;
    }
}

static void find_group(const product *p, int64_t index, group *g)
{
    const dp_kernels *k = p->o->kernels;

    g->t = index % p->n_left * p->tiles * k->mr;
    g->n_left = least(left_size(p->o) - g->t, p->tiles * k->mr);
    g->tiles = dp_ceil_div(g->n_left, k->mr);
    g->panel = index / p->n_left * p->panels;
    g->panels = least(dp_ceil_div(p->o->n_right, k->nr) - g->panel, p->panels);
    g->width = g->tiles * k->mr;
    g->n_segments = 0;
    find_segments(&p->o->runs, g);
}

/* What is past n_left stays as it is. */
static void pack_place(const group *g, const float *place, float *dst)
{
    for (int64_t i = 0; i < g->n_segments; i++) {
        memcpy(dst, place + g->segments[i].offset, sizeof *dst * (size_t)g->segments[i].n);
        dst += g->segments[i].n;
    }
}

static const float *place_at(const dp_outer *o, int64_t place)
{
    return o->left + place / (o->rows * o->cols) * o->image_stride +
           place / o->cols % o->rows * o->row_stride + place % o->cols * o->col_stride;
}

/* n places from number `first`, counted through all images. */
static void pack_places(const dp_outer *o, const group *g, int64_t first, int64_t n, float *dst)
{
    while (n > 0) {
        const int64_t in_row = least(o->cols - first % o->cols, n);
        const float *place = place_at(o, first);
        for (int64_t i = 0; i < in_row; i++, place += o->col_stride, dst += g->width)
            pack_place(g, place, dst);
        first += in_row, n -= in_row;
    }
}

/* The chains of a leaf, places first .. last - 1: into leaf, or added to sum when there is one. */
static void outer_leaf(const dp_outer *o, const group *g, int64_t first, int64_t last, float *leaf,
                       float *sum)
{
    const int64_t mr = o->kernels->mr, tile = mr * o->kernels->nr;
    const int64_t all = o->images * o->rows * o->cols, most = PACK_FLOATS / g->width;
    float packed[PACK_FLOATS] __attribute__((aligned(64)));

    if (g->n_left < g->width)
        memset(packed, 0, sizeof packed);
    for (int64_t at = first; at < last; at += most) {
        const int64_t n = least(last - at, most);
        const float *ahead = place_at(o, least(at + n, all - 1)) + g->segments[0].offset;
        const bool add = sum != NULL && at + n == last;
        pack_places(o, g, at, n, packed);
        for (int64_t i = 0; i < g->panels * g->tiles; i++) {
            const int64_t panel = g->panel + i / g->tiles;
            o->kernels->outer(
                n, at == first ? NULL : leaf + i * tile, g->width, packed + i % g->tiles * mr,
                o->right + (panel * all + at) * o->kernels->nr, (add ? sum : leaf) + i * tile, add,
                ahead + least(i * 16, g->n_left - 1), o->col_stride);
        }
    }
}

static void store_tile(const dp_outer *o, const group *g, int64_t number, const float *tile)
{
    const int64_t mr = o->kernels->mr, nr = o->kernels->nr;
    const int64_t in_group = number % g->tiles * mr, right = (g->panel + number / g->tiles) * nr;
    const int64_t n_left = least(g->n_left - in_group, mr), n = least(o->n_right - right, nr);
    float *dst[DP_MAX_MR];

    for (int64_t i = 0; i < n_left; i++) {
        const int64_t t = g->t + in_group + i;
        dst[i] = o->out + t / o->depth * o->tap_stride + t % o->depth * o->left_stride +
                 right * o->right_stride;
    }
    if (o->right_stride == 1) {
        for (int64_t i = 0; i < n_left; i++)
            memcpy(dst[i], tile + i * nr, sizeof *tile * (size_t)n);
        return;
    }
    for (int64_t j = 0; j < n; j++) {
        for (int64_t i = 0; i < n_left; i++)
            dst[i][j * o->right_stride] = tile[i * nr + j];
    }
}

/* A group through all leaves; the tree's partial sums stay on the stack. */
static void outer_group(void *ctx, uint64_t index)
{
    const product *p = ctx;
    const dp_outer *o = p->o;
    const int64_t places = o->rows * o->cols, tile = o->kernels->mr * o->kernels->nr;
    float tree[DP_TREE_DEPTH + 1][GROUP_TILES * DP_MAX_TILE] __attribute__((aligned(64)));
    int64_t depth = 0, number = 0, size;
    group g;

    find_group(p, (int64_t)index, &g);
    size = g.tiles * g.panels * tile;
    for (int64_t first = 0; first < o->images; first += o->leaf, number++) {
        int merges = dp_tree_merges(number);
        outer_leaf(o, &g, first * places, least(first + o->leaf, o->images) * places, tree[depth],
                   merges > 0 ? tree[depth - 1] : NULL);
        for (depth += merges == 0; merges > 1; merges--, depth--)
            o->kernels->add(size, tree[depth - 2], tree[depth - 1]);
    }
    for (; depth > 1; depth--)
        o->kernels->add(size, tree[depth - 2], tree[depth - 1]);
    for (int64_t i = 0; i < g.tiles * g.panels; i++)
        store_tile(o, &g, i, tree[0] + i * tile);
}

void dp_run_outer(dp_workers *workers, dp_outer *o)
{
    product p = product_of(o, dp_workers_count(workers));
    dp_workers_run(workers, (uint64_t)(p.n_left * p.n_right), outer_group, &p);
}
