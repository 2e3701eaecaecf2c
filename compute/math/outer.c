/* outer.c - the gradients of weights: products of everything on the left with everything on the
 * right, summed over places
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The outputs are cut into groups of tiles.  A group copies the left operands of as many places as
 * its buffer holds, zeros around the image included, then runs each of its tiles over them: through
 * the leaves that begin or end there, the tree's partial sums kept as a binary counter (tree.h).
 * Where a leaf is a few places, as of dense layers, four of them are a leaf here: their sums would
 * be stored and loaded as often as multiplied.
 */
#include "compute/math/outer.h"

#include "compute/sums/tree.h"

#define GROUP_TILES  32    /* of a group */
#define GROUP_PANELS 4     /* of right operands, if there are so many */
#define LEFT_FLOATS  32768 /* of a chunk of places */
#define LINE         16    /* floats of a line of the cache */
#define MAX_SPANS    64    /* of a chunk */
#define SHORT_LEAF   16    /* places, at most */
#define TOGETHER     4     /* short leaves */
#define MANY_PANELS  64    /* of a group that has all places in one chunk, by */
#define FEW_TILES    8     /* so many tiles on the left */

/* Runs count as `wide` t's each, whole tiles, when that adds little: what is past a run is computed
 * and dropped, so that no tile has parts of two runs. */
typedef struct product {
    const dp_outer *o;
    int64_t wide;
    int64_t leaf_rows; /* of a leaf, or of the short ones that are added together */
    bool is_short;     /* leaves are */
    bool at_once;      /* and all of them are in one chunk: no tile's sums are kept for the next */
    int64_t tiles, panels, n_left, n_right; /* of a group; groups along the t's and the j's */
} product;

/* A part of a run, that a group needs: the t's from `first` of the group on. */
typedef struct segment {
    int64_t z, y, x, n, first;
} segment;

/* The outputs t .. t + n_left - 1 by `panels` panels from number `panel`. */
typedef struct group {
    int64_t t, n_left, tiles, panel, panels;
    bool overlap; /* what a place needs of a row is what the next one needs, moved on */
    int64_t n_segments;
    segment segments[GROUP_TILES * DP_MAX_MR];
} group;

/* Rows of one leaf: how their chains reach level `depth` of the tree, and how many times that is
 * merged with the level below then. */
typedef struct span {
    int64_t rows;
    dp_mode mode;
    int depth, merges;
} span;

/* Places whose left operands are in the buffer together: whole rows, counted through all planes, or
 * a part of one.  With overlap a row is `pitch` floats, and the operands of a segment are
 * `between` floats further than those of the segment before would have them; else there is place
 * after place. */
typedef struct chunk {
    int64_t row, rows, col, cols;
    int64_t pitch, step, between;
    const float *ahead; /* what the next chunk will read */
    int n_spans;
    span spans[MAX_SPANS];
    float left[LEFT_FLOATS + DP_MAX_MR] __attribute__((aligned(64))); /* a tile reads past t's */
} chunk;

/* The sums of a tile: the depths of its tree, LEVEL floats apart. */
#define LEVEL (GROUP_TILES * DP_MAX_TILE)

static int64_t left_size(const product *p) { return p->o->kd * p->o->kh * p->o->kw * p->wide; }

/* Rows of a chunk, of `pitch` floats each; of short leaves whole ones, as belong together. */
static int64_t most_rows(const product *p, int64_t pitch)
{
    const int64_t most = dp_least(LEFT_FLOATS / pitch, (MAX_SPANS - 1) * p->leaf_rows);
    return p->is_short ? most / p->leaf_rows * p->leaf_rows : most;
}

/* As large as they may be, but with tasks enough for all threads. */
static product product_of(const dp_outer *o, uint32_t threads)
{
    const int64_t mr = o->kernels->mr, runs = o->kd * o->kh * o->kw,
                  per_run = dp_ceil_div(o->run, mr);
    const bool whole = 8 * runs * per_run <= 9 * dp_ceil_div(runs * o->run, mr);
    const int64_t panels = dp_ceil_div(o->n_right, o->kernels->nr);
    product p = {.o = o,
                 .wide = whole ? per_run * mr : o->run,
                 .is_short = o->rows * o->cols == 1 && o->leaf <= SHORT_LEAF};
    const int64_t tiles = dp_ceil_div(left_size(&p), mr);

    p.leaf_rows = o->leaf * o->rows * (p.is_short ? TOGETHER : 1);
    p.at_once = p.is_short && o->planes <= most_rows(&p, FEW_TILES * mr);
    p.n_right = dp_ceil_div(panels, p.at_once ? MANY_PANELS : GROUP_PANELS);
    p.panels = dp_ceil_div(panels, p.n_right);
    p.tiles = dp_least(p.at_once ? FEW_TILES : GROUP_TILES / p.panels,
                       threads == 1 ? tiles : dp_ceil_div(tiles * p.n_right, 2 * (int64_t)threads));
    p.n_left = dp_ceil_div(tiles, p.tiles);
    return p;
}

static void find_segments(const product *p, group *g)
{
    const dp_outer *o = p->o;

    for (int64_t t = g->t; t < g->t + g->n_left;) {
        const int64_t run = t / p->wide, in_run = t % p->wide;
        segment *s = &g->segments[g->n_segments++];
        s->z = o->front + run / (o->kh * o->kw) * o->kd_step;
        s->y = o->top + run / o->kw % o->kh * o->kh_step;
        s->x = o->first + run % o->kw * o->kw_step + in_run;
        s->n = dp_least(p->wide - in_run, g->t + g->n_left - t);
        s->first = t - g->t;
        t += s->n;
    }
}

static void find_group(const product *p, int64_t index, group *g)
{
    const dp_kernels *k = p->o->kernels;

    g->t = index % p->n_left * p->tiles * k->mr;
    g->n_left = dp_least(left_size(p) - g->t, p->tiles * k->mr);
    g->tiles = dp_ceil_div(g->n_left, k->mr);
    g->panel = index / p->n_left * p->panels;
    g->panels = dp_least(dp_ceil_div(p->o->n_right, k->nr) - g->panel, p->panels);
    g->n_segments = 0;
    find_segments(p, g);
    g->overlap = p->wide % k->mr == 0 && g->n_segments * p->o->col_step <= g->n_left;
}

/* ---- a chunk ---- */

/* Floats of a row of so many places. */
static int64_t pitch_of(const dp_outer *o, const group *g, int64_t cols)
{
    return g->overlap ? g->n_left + g->n_segments * (cols - 1) * o->col_step : g->n_left * cols;
}

/* Near what a place reads first; for the cache only. */
static const float *near_place(const dp_outer *o, const segment *s, int64_t row, int64_t col)
{
    const int64_t last = o->planes * o->rows - 1, at = row < last ? row : last;
    const int64_t plane = at / o->rows, z = s->z + plane % o->depth * o->plane_step,
                  y = s->y + at % o->rows * o->row_step, x = s->x + col * o->col_step;
    return dp_padded_row(&o->left, plane / o->depth, z > 0 ? z : 0, y > 0 ? y : 0) +
           (x > 0 ? x : 0);
}

/* A leaf that begins and ends here is added to its left neighbour, if it has one. */
static span span_of(const product *p, const chunk *c, int64_t row)
{
    const dp_outer *o = p->o;
    const int64_t leaf = row / p->leaf_rows;
    const int64_t end = dp_least((leaf + 1) * p->leaf_rows, o->planes * o->rows);
    const int64_t next = dp_least(end, c->row + c->rows);
    const bool begins = row == leaf * p->leaf_rows && c->col == 0;
    const bool ends = next == end && c->col + c->cols == o->cols;
    const int merges = ends ? dp_tree_merges(leaf) : 0, direct = begins && merges > 0;

    return (span){.rows = next - row,
                  .mode = direct   ? DP_ADD
                          : begins ? DP_STORE
                                   : DP_GO_ON,
                  .depth = dp_tree_depth(leaf) - direct,
                  .merges = merges - direct};
}

/* As many places from (row, col) on as there is room for. */
static void find_chunk(const product *p, const group *g, int64_t row, int64_t col, chunk *c)
{
    const dp_outer *o = p->o;

    c->row = row, c->col = col;
    c->cols = dp_least(o->cols - col, LEFT_FLOATS / g->n_left);
    c->pitch = pitch_of(o, g, c->cols);
    c->rows = c->cols == o->cols ? dp_least(o->planes * o->rows - row, most_rows(p, c->pitch)) : 1;
    c->step = g->overlap ? o->col_step : g->n_left;
    c->between = g->overlap ? (c->cols - 1) * o->col_step : 0;
    c->ahead =
        near_place(o, &g->segments[0], row + c->rows, c->cols == o->cols ? 0 : col + c->cols);
    c->n_spans = 0;
    for (int64_t at = row; at < row + c->rows; at += c->spans[c->n_spans++].rows)
        c->spans[c->n_spans] = span_of(p, c, at);
}

static void read_row(const dp_outer *o, const group *g, const chunk *c, int64_t row, float *dst)
{
    const int64_t pieces = g->overlap ? 1 : c->cols;
    const int64_t plane = row / o->rows, z = plane % o->depth * o->plane_step,
                  y = row % o->rows * o->row_step;

    for (int64_t i = 0; i < g->n_segments; i++) {
        const segment *s = &g->segments[i];
        float *to = dst + s->first + i * c->between;
        for (int64_t p = 0; p < pieces; p++, to += c->step)
            dp_padded_read(&o->left, plane / o->depth, s->z + z, s->y + y,
                           s->x + (c->col + p) * o->col_step, s->n + c->between, to);
    }
}

static void read_chunk(const dp_outer *o, const group *g, chunk *c)
{
    for (int64_t row = 0; row < c->rows; row++)
        read_row(o, g, c, c->row + row, c->left + row * c->pitch);
}

/* ---- a tile ---- */

static const float *left_of(const dp_outer *o, const group *g, const chunk *c, int64_t tile)
{
    const int64_t t = tile * o->kernels->mr;
    int64_t s = 0;

    while (g->overlap && t >= g->segments[s].first + g->segments[s].n)
        s++;
    return c->left + t + s * c->between;
}

/* The chains of tile number i over a chunk, span by span. */
static void run_tile(const product *of, const group *g, const chunk *c, int64_t i, float *sums)
{
    const dp_outer *o = of->o;
    const int64_t nr = o->kernels->nr, tile = o->kernels->mr * nr;
    const int64_t panel = g->panel + i / g->tiles, step = o->right.step;
    dp_outer_tile *const run = o->kernels->outer[0][o->n_right - panel * nr <= o->kernels->narrow];
    const float *right = o->right.at + panel * o->right.panel + (c->row * o->cols + c->col) * step;
    const float *left = left_of(o, g, c, i % g->tiles);
    const float *ahead = c->ahead + dp_least(i * LINE, g->n_left - 1);

    for (const span *s = c->spans; s < c->spans + c->n_spans; s++) {
        const int64_t places = s->rows * c->cols;
        const dp_grid p = {g->overlap ? s->rows : 1,
                           g->overlap ? c->cols : places,
                           c->pitch,
                           c->step,
                           step,
                           ahead,
                           o->col_step};
        if (of->is_short)
            o->kernels->leaves(&(dp_leaves){places, o->leaf, c->pitch}, left, right,
                               sums + s->depth * LEVEL, s->mode);
        else
            run(&p, left, right, sums + s->depth * LEVEL, s->mode);
        for (int d = s->depth; d > s->depth - s->merges; d--)
            o->kernels->add(tile, sums + (d - 1) * LEVEL, sums + d * LEVEL);
        left += s->rows * c->pitch, right += places * step, ahead += places * o->col_step;
    }
}

/* Where t's outputs go, for j = 0; NULL when it is past its run. */
static float *out_of(const product *p, int64_t t)
{
    const dp_outer *o = p->o;
    const int64_t in_run = t % p->wide, left = t / p->wide * o->run + in_run;
    return in_run < o->run ? o->out + left / o->tap * o->tap_stride + left % o->tap * o->left_stride
                           : NULL;
}

/* Row by row, as a matrix lies. */
static void store_rows(const dp_outer *o, const group *g, int64_t number, float *const *dst,
                       const float *tile)
{
    const int64_t mr = o->kernels->mr, nr = o->kernels->nr, first = number % g->tiles * mr;
    const int64_t rows = dp_least(g->n_left - first, mr);
    const int64_t right = (g->panel + number / g->tiles) * nr, n = dp_least(o->n_right - right, nr);
    float *to[DP_MAX_MR];

    for (int64_t i = 0; i < rows; i++)
        to[i] = dst[first + i] != NULL ? dst[first + i] + right : NULL;
    o->kernels->stream(rows, n, tile, to);
}

/* Scattered. */
static void store_tile(const dp_outer *o, const group *g, int64_t number, float *const *dst,
                       const float *tile)
{
    const int64_t mr = o->kernels->mr, nr = o->kernels->nr;
    const int64_t first = number % g->tiles * mr, n_left = dp_least(g->n_left - first, mr);
    const int64_t right = (g->panel + number / g->tiles) * nr, n = dp_least(o->n_right - right, nr);

    for (int64_t j = 0; j < n; j++) {
        for (int64_t i = 0; i < n_left; i++) {
            if (dst[first + i] != NULL)
                dst[first + i][(right + j) * o->right_stride] = tile[i * nr + j];
        }
    }
}

/* The sum over what tile number i has left in the tree, to where it belongs. */
static void finish_tile(const product *p, const group *g, int64_t i, float *const *dst, float *sums)
{
    const dp_outer *o = p->o;
    const int64_t tile = o->kernels->mr * o->kernels->nr;

    for (int d = dp_tree_depth(dp_ceil_div(o->planes * o->rows, p->leaf_rows)) - 1; d > 0; d--)
        o->kernels->add(tile, sums + (d - 1) * LEVEL, sums + d * LEVEL);
    if (o->right_stride == 1)
        store_rows(o, g, i, dst, sums);
    else
        store_tile(o, g, i, dst, sums);
}

static void outer_group(void *ctx, uint64_t index)
{
    const product *p = ctx;
    const dp_outer *o = p->o;
    const int64_t rows = o->planes * o->rows, tile = o->kernels->mr * o->kernels->nr;
    float *dst[GROUP_TILES * DP_MAX_MR];
    float tree[(DP_TREE_DEPTH + 1) * LEVEL] __attribute__((aligned(64)));
    group g;
    chunk c;

    find_group(p, (int64_t)index, &g);
    for (int64_t t = 0; t < g.n_left; t++)
        dst[t] = out_of(p, g.t + t);
    for (int64_t row = 0; row < rows; row += c.rows) {
        for (int64_t col = 0; col < o->cols; col += c.cols) {
            find_chunk(p, &g, row, col, &c);
            read_chunk(o, &g, &c);
            for (int64_t i = 0; i < g.tiles * g.panels; i++) {
                float *sums = p->at_once ? tree : tree + i * tile;
                run_tile(p, &g, &c, i, sums);
                if (row + c.rows == rows && col + c.cols == o->cols)
                    finish_tile(p, &g, i, dst, sums);
            }
        }
    }
    o->kernels->fence();
}

void dp_run_outer(dp_workers *workers, dp_outer *o)
{
    product p;

    if (o->n_right == 0) /* a rank without samples */
        return;
    p = product_of(o, dp_workers_count(workers));
    dp_workers_run(workers, (uint64_t)(p.n_left * p.n_right), outer_group, &p);
}
