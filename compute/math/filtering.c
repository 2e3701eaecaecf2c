/* filtering.c - convolution by minimal filtering
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A task takes a block of tiles: their inputs are transformed into a x a matrices of tiles by
 * channels, each is multiplied by its matrix of transformed weights, a panel of nr outputs at a
 * time, and a column's products become its part of half the outputs while they are in the first
 * cache.  The input's gradient is the same with the kernel turned round.  For the gradient of the
 * weights a task takes some channels of both sides and goes through all tiles of some leaves.
 * Where a x a matrices are more than the second cache has room for, they are made and used column
 * by column. Whatever lies outside of an image is read from an array of zeros and written into a
 * dump.
 */
#include "compute/math/filtering.h"

#include <stdatomic.h>
#include <string.h>

#include "compute/math/tiles.h"
#include "compute/sums/tree.h"

#define FEW_WEIGHTS   131072 /* floats, transformed, that stay in the second cache */
#define SMALL_BLOCK   24     /* tiles of a task, about, where there are so few */
#define LARGE_BLOCK   48     /* and where there are more */
#define LEAF_FLOATS   262144 /* of a leaf's products, that stay in the second cache */
#define CHUNK_FLOATS  98304  /* of both sides' transformed numbers, of the weights' gradient */
#define MAX_CHUNK     64     /* tiles */
#define GROUP_OUTPUTS 192    /* channels of either side of a task, at most */
#define TASKS         4      /* of a thread, at least, where there are leaves enough */
#define MIN_CHANNELS  16     /* of a group, on either side, for less to pay */
#define LINE          16     /* floats of a line of the cache */
#define MAX_PRODUCTS  (DP_MAX_FILTERING * DP_MAX_FILTERING)

/* exact: the way that loses the fewest bits, for the input's gradient: its terms have both signs,
 * so that sums are small beside what their tiles are made of. */
static const dp_filtering *filtering_of(const dp_kernels *k, int64_t tile, int64_t kernel,
                                        bool exact)
{
    const dp_filtering *found = NULL;

    for (const dp_filtering *f = k->filtering; f < k->filtering + DP_FILTERINGS; f++) {
        if (f->m == tile && f->r == kernel && (found == NULL || exact))
            found = f;
    }
    return found;
}

/* Why tiles of tile x tile outputs cannot compute it; NULL: they can. */
static const char *fault_of(const dp_conv *c, int64_t tile)
{
    if (c->kh != c->kw || filtering_of(&dp_kernels_scalar, tile, c->kh, false) == NULL)
        return tile == 2 ? "kernel_size is not 3 or 5" : "kernel_size is not 3";
    if (c->stride_h != 1 || c->stride_w != 1)
        return "stride is not 1";
    return c->dilation_h != 1 || c->dilation_w != 1 ? "dilation is not 1" : NULL;
}

/* Whether they can, and should be faster: by the shapes alone, whatever the machine. */
static bool pays(const dp_conv *c, int64_t tile)
{
    const int64_t side = tile + c->kh - 1;
    const double few =
        (double)(side * side) * (double)dp_ceil_div(c->oh, tile) * (double)dp_ceil_div(c->ow, tile);
    const double all = (double)(c->kh * c->kw) * (double)c->oh * (double)c->ow;

    return fault_of(c, tile) == NULL && c->ic >= MIN_CHANNELS * c->groups &&
           c->oc >= MIN_CHANNELS * c->groups && 3 * few <= 2 * all;
}

dp_status dp_filtering_choose(dp_conv *c, int32_t *algorithm, dp_error *err)
{
    enum { DIRECT, WINOGRAD, WINOGRAD4, AUTO };
    static const int64_t tiles[] = {[DIRECT] = 0, [WINOGRAD] = 2, [WINOGRAD4] = 4};
    const char *fault;

    if (*algorithm == AUTO)
        *algorithm = pays(c, tiles[WINOGRAD]) ? WINOGRAD : DIRECT;
    fault = *algorithm == DIRECT ? NULL : fault_of(c, tiles[*algorithm]);
    if (fault != NULL)
        return dp_fail(
            err, DP_ESPEC,
            "algorithm=winograd%s cannot compute this: %s; auto takes direct where it must",
            *algorithm == WINOGRAD4 ? "4" : "", fault);
    c->tile = tiles[*algorithm];
    return DP_OK;
}

/* ---- tasks with memory of their own ---- */

/* As many lots of scratch memory as threads; whoever has one takes one task after another. */
typedef struct crew {
    void (*task)(void *ctx, int64_t index, float *scratch);
    void *ctx;
    int64_t n;
    float *scratch;
    int64_t floats; /* of a lot */
    _Atomic int64_t next;
} crew;

static void work(void *ctx, uint64_t lot)
{
    crew *c = ctx;

    for (int64_t i = atomic_fetch_add(&c->next, 1); i < c->n; i = atomic_fetch_add(&c->next, 1))
        c->task(c->ctx, i, c->scratch + (int64_t)lot * c->floats);
}

static void run_crew(dp_workers *workers, crew *c)
{
    atomic_store(&c->next, 0);
    dp_workers_run(workers, (uint64_t)dp_least(c->n, dp_workers_count(workers)), work, c);
}

/* ---- tiles of images ---- */

/* Images cut into tiles whose patches of in x in places begin `step` apart, and what transforms, by
 * parts, make of n channels of them: a column or all of side x side numbers, `plane` floats apart,
 * those of one tile `pitch` after those of the tile before. */
typedef struct tiling {
    dp_transform *const *part;
    int64_t in, side, step;
    const float *src, *zeros; /* zeros: n floats */
    int64_t height, width, channels;
    int64_t top, left;  /* where the first patch begins, before the image */
    int64_t rows, cols; /* tiles of an image */
    int64_t n, pitch, plane;
} tiling;

typedef struct place {
    int64_t image, row, col;
} place;

static place place_of(const tiling *t, int64_t tile)
{
    return (place){tile / (t->rows * t->cols), tile / t->cols % t->rows, tile % t->cols};
}

/* The place `run` tiles of its row later. */
static void advance(const tiling *t, place *p, int64_t run)
{
    if ((p->col += run) == t->cols) {
        p->col = 0;
        if (++p->row == t->rows)
            p->row = 0, p->image++;
    }
}

/* Tiles of a row from one at `at` on, `most` at most, whose squares of `side` places, which begin
 * `step` apart, are all inside of `size` places; 1 where that one's is not. */
static int64_t inside_run(int64_t at, int64_t side, int64_t step, int64_t size, int64_t most)
{
    return at < 0 || at + side > size ? 1 : dp_least((size - side - at) / step + 1, most);
}

/* Where the patch of a tile lies; gives the tiles of its row whose patches lie likewise, `step`
 * places further each, out of `most`. */
static int64_t find_patches(const tiling *t, const place *p, int64_t most, int64_t channel,
                            const float *in[])
{
    const int64_t top = p->row * t->step - t->top, left = p->col * t->step - t->left;
    const float *row = t->src + (p->image * t->height + top) * t->width * t->channels + channel;

    for (int64_t y = top; y < top + t->in; y++, row += t->width * t->channels) {
        const bool inside = y >= 0 && y < t->height;
        for (int64_t x = left; x < left + t->in; x++)
            *in++ = inside && x >= 0 && x < t->width ? row + x * t->channels : t->zeros;
    }
    most = dp_least(most, t->cols - p->col);
    if (top < 0 || top + t->in > t->height)
        return 1;
    return inside_run(left, t->in, t->step, t->width, most);
}

/* A part of the n_tiles tiles from number `first` on, from number `channel` of their channels on:
 * a column, or DP_ALL_COLUMNS. */
static void transform_tiles(const tiling *t, int64_t part, int64_t first, int64_t n_tiles,
                            int64_t channel, float *dst)
{
    const int64_t n_out = part == DP_ALL_COLUMNS ? t->side * t->side : t->side;
    const float *in[MAX_PRODUCTS];
    float *out[MAX_PRODUCTS];
    place p = place_of(t, first);

    for (int64_t i = 0, run; i < n_tiles; i += run, advance(t, &p, run)) {
        run = find_patches(t, &p, n_tiles - i, channel, in);
        for (int64_t f = 0; f < n_out; f++)
            out[f] = dst + i * t->pitch + f * t->plane;
        t->part[part](run, t->n, in, t->step * t->channels, out, t->pitch);
    }
}

/* ---- forward, and the gradient of the input ---- */

typedef struct sweep {
    const dp_filtering *f;
    const dp_kernels *kernels;
    const dp_post_op *post_op;
    tiling in;
    const float *w, *bias;               /* bias: NULL, or of each output */
    int64_t w_group, w_out, w_in, w_tap; /* strides of w */
    float *dst;
    int64_t height, width;       /* of dst */
    int64_t groups, n_in, n_out; /* channels of a group */
    int64_t tiles, block;        /* of all images, of a task */
    bool by_columns;             /* inputs are transformed */
    int64_t plane;               /* floats from an array of a panel's numbers to the next */
    float *panels;               /* [group][column][panel][row][n_in][nr] */
} sweep;

static int64_t products(const dp_filtering *f) { return (int64_t)f->a * f->a; }

/* Arrays of a x a that are there at a time. */
static int64_t parts_of(const dp_filtering *f, bool by_columns)
{
    return by_columns ? f->a : products(f);
}

static int64_t panels_of(const sweep *s) { return dp_ceil_div(s->n_out, s->kernels->nr); }

/* Of a column. */
static int64_t panel_size(const sweep *s) { return s->f->a * s->n_in * s->kernels->nr; }

static float *panel_of(const sweep *s, int64_t group, int64_t column, int64_t panel)
{
    return s->panels + ((group * s->f->a + column) * panels_of(s) + panel) * panel_size(s);
}

/* The weights of one panel, transformed. */
static void transform_panel(void *ctx, uint64_t index)
{
    const sweep *s = ctx;
    const int64_t r = s->f->r, a = s->f->a, nr = s->kernels->nr;
    const int64_t group = (int64_t)index / panels_of(s), panel = (int64_t)index % panels_of(s);
    const int64_t first = panel * nr, n = dp_least(s->n_out - first, nr);
    const float *w = s->w + group * s->w_group + first * s->w_out;
    float taps[MAX_PRODUCTS][DP_MAX_NR] = {{0}}, *out[MAX_PRODUCTS];
    const float *in[MAX_PRODUCTS];

    for (int64_t tap = 0; tap < r * r; tap++)
        in[tap] = taps[tap];
    for (int64_t f = 0; f < products(s->f); f++)
        out[f] = panel_of(s, group, f % a, panel) + f / a * s->n_in * nr;
    for (int64_t k = 0; k < s->n_in; k++, w += s->w_in) {
        for (int64_t j = 0; j < n; j++) {
            for (int64_t tap = 0; tap < r * r; tap++)
                taps[tap][j] = w[j * s->w_out + tap * s->w_tap];
        }
        s->f->weight(1, nr, in, 0, out, 0);
        for (int64_t f = 0; f < products(s->f); f++)
            out[f] += nr;
    }
}

/* The products of a column: n_tiles rows of its arrays in v by the panel's columns, chain after
 * chain.  The rows past them that fill the last tile are there, and what they give is not used. */
static void multiply(const sweep *s, const float *v, const float *panel, int64_t n_tiles,
                     bool narrow, float *m)
{
    const dp_kernels *k = s->kernels;
    const int64_t next = (s->by_columns ? 1 : s->f->a) * s->in.plane;

    for (int64_t f = 0; f < s->f->a; f++, v += next, m += s->plane) {
        for (int64_t i = 0; i < s->n_in; i += DP_FILTERING_CHAIN) {
            const int64_t n = dp_least(s->n_in - i, DP_FILTERING_CHAIN);
            for (int64_t t = 0; t < n_tiles; t += k->mr)
                k->product[n_tiles - t <= k->low][narrow](n, v + t * s->n_in + i, s->n_in, panel,
                                                          m + t * k->nr, i > 0 ? DP_ADD : DP_STORE);
            panel += n * k->nr;
        }
    }
}

/* The products of a column become its part of half the outputs. */
static void halve(const sweep *s, int64_t column, int64_t n_tiles, const float *m, float *half)
{
    const float *in[DP_MAX_FILTERING];
    float *out[DP_MAX_FILTERING];

    for (int64_t f = 0; f < s->f->a; f++)
        in[f] = m + f * s->plane;
    for (int64_t i = 0; i < s->f->m; i++)
        out[i] = half + (i * s->f->a + column) * s->plane;
    s->f->output_down(1, n_tiles * s->kernels->nr, in, 0, out, 0);
}

/* The outputs of a tile and of those of its row that follow, out of `most`: gives how many.  n
 * channels from number `channel` on; dump: room for a place outside of the image. */
static int64_t output_tiles(const sweep *s, int64_t number, int64_t most, int64_t channel,
                            int64_t n, const float *half, float *dump)
{
    const int64_t side = s->f->m, all = s->groups * s->n_out;
    const place p = place_of(&s->in, number);
    const int64_t top = p.row * side, left = p.col * side;
    const int64_t run = top + side > s->height ? 1 : inside_run(left, side, side, s->width, most);
    const float *in[MAX_PRODUCTS];
    float *out[MAX_PRODUCTS];

    for (int64_t f = 0; f < side * s->f->a; f++)
        in[f] = half + f * s->plane;
    for (int64_t i = 0; i < side * side; i++) {
        const int64_t y = top + i / side, x = left + i % side;
        out[i] = y < s->height && x < s->width
                     ? s->dst + ((p.image * s->height + y) * s->width + x) * all + channel
                     : dump;
    }
    s->f->output_along(run, n, in, s->kernels->nr, out, side * all);
    return run;
}

/* Bias and post_op on what a tile and those of its row that follow, out of `most`, have written:
 * gives how many.  Places of a row follow one another when there is one group. */
static int64_t finish_tiles(const sweep *s, int64_t tile, int64_t most, int64_t group)
{
    const int64_t side = s->f->m, all = s->groups * s->n_out, channel = group * s->n_out;
    const place p = place_of(&s->in, tile);
    const int64_t run = dp_least(most, s->in.cols - p.col),
                  width = dp_least(run * side, s->width - p.col * side),
                  pieces = s->groups == 1 ? 1 : width;

    for (int64_t y = p.row * side; y < dp_least((p.row + 1) * side, s->height); y++) {
        float *at = s->dst + ((p.image * s->height + y) * s->width + p.col * side) * all + channel;
        if (s->bias != NULL)
            s->kernels->add_to_rows(width, s->n_out, at, all, s->bias + channel);
        for (int64_t i = 0; i < pieces && s->post_op != NULL; i++)
            dp_post_op_run(s->post_op, s->kernels, at + i * all - s->post_op->v,
                           width / pieces * s->n_out);
    }
    return run;
}

static void sweep_block(void *ctx, int64_t index, float *scratch)
{
    const sweep *s = ctx;
    const int64_t group = index % s->groups, first = index / s->groups * s->block, a = s->f->a,
                  nr = s->kernels->nr, size = s->f->m * a * s->plane;
    const int64_t n_tiles = dp_least(s->block, s->tiles - first);
    float *v = scratch, *m = v + parts_of(s->f, s->by_columns) * s->in.plane,
          *half = m + a * s->plane, *dump = half + panels_of(s) * size;

    for (int64_t column = 0; column < a; column++) {
        const float *of_column = s->by_columns ? v : v + column * s->in.plane;
        if (s->by_columns || column == 0)
            transform_tiles(&s->in, s->by_columns ? column : DP_ALL_COLUMNS, first, n_tiles,
                            group * s->n_in, v);
        for (int64_t panel = 0; panel < panels_of(s); panel++) {
            multiply(s, of_column, panel_of(s, group, column, panel), n_tiles,
                     s->n_out - panel * nr <= s->kernels->narrow, m);
            halve(s, column, n_tiles, m, half + panel * size);
        }
    }
    for (int64_t panel = 0; panel < panels_of(s); panel++) {
        const int64_t n = dp_least(s->n_out - panel * nr, nr);
        for (int64_t t = 0; t < n_tiles;)
            t += output_tiles(s, first + t, n_tiles - t, group * s->n_out + panel * nr, n,
                              half + panel * size + t * nr, dump);
    }
    for (int64_t t = 0; t < n_tiles;)
        t += finish_tiles(s, first + t, n_tiles - t, group);
}

/* Weights that have to be fetched for each block: then it has more tiles, and only a column of
 * their inputs at a time is transformed, so that the second cache has room for it all the same. */
static bool by_columns(const dp_filtering *f, int64_t n_in, int64_t n_out)
{
    return products(f) * n_in * n_out > FEW_WEIGHTS;
}

/* Whole rows of kernel tiles. */
static int64_t block_of(const dp_kernels *k, bool columns)
{
    return dp_ceil_div(columns ? LARGE_BLOCK : SMALL_BLOCK, k->mr) * k->mr;
}

/* Floats of whole lines of the cache. */
static int64_t lines(int64_t floats) { return (floats + LINE - 1) / LINE * LINE; }

/* Floats from an array of `rows` rows of `pitch` floats to the next: not a multiple of 4 KiB, whose
 * lines would all want the same few places of the first cache. */
static int64_t plane_of(int64_t rows, int64_t pitch) { return lines(rows * pitch) + LINE; }

static int64_t lot_of(const dp_filtering *f, const dp_kernels *k, int64_t n_in, int64_t n_out)
{
    const bool columns = by_columns(f, n_in, n_out);
    const int64_t outputs = (dp_ceil_div(n_out, k->nr) * f->m + 1) * f->a,
                  block = block_of(k, columns);
    return parts_of(f, columns) * plane_of(block, n_in) + outputs * plane_of(block, k->nr) + k->nr;
}

static double sweep_workspace(const dp_conv *c, const dp_kernels *k, bool turned, uint32_t threads)
{
    const dp_filtering *f = filtering_of(k, c->tile, c->kh, turned);
    const int64_t in = turned ? c->oc : c->ic, out = turned ? c->ic : c->oc;
    const int64_t n_in = in / c->groups, n_out = out / c->groups;

    return (double)lines(n_in) +
           (double)c->groups * (double)(n_out + k->nr) * (double)(products(f) * n_in) +
           threads * (double)lot_of(f, k, n_in, n_out);
}

/* Few tiles are shared out in smaller blocks. */
static void run_sweep(const dp_math_run *r, sweep *s)
{
    const int64_t threads = dp_workers_count(r->workers), mr = r->kernels->mr;
    const int64_t share = dp_ceil_div(s->tiles * s->groups, threads * mr) * mr;
    crew c = {.task = sweep_block, .ctx = s};

    if (s->tiles == 0) /* a rank without samples */
        return;
    memset(r->workspace, 0, sizeof(float) * (size_t)s->n_in);
    s->in.zeros = r->workspace;
    s->panels = r->workspace + lines(s->n_in);
    s->by_columns = by_columns(s->f, s->n_in, s->n_out);
    s->block = dp_least(block_of(s->kernels, s->by_columns), share);
    s->in.n = s->in.pitch = s->n_in, s->in.plane = plane_of(s->block, s->n_in);
    s->plane = plane_of(s->block, s->kernels->nr);
    c.n = dp_ceil_div(s->tiles, s->block) * s->groups;
    c.scratch = panel_of(s, s->groups, 0, 0);
    c.floats = lot_of(s->f, s->kernels, s->n_in, s->n_out);
    dp_workers_run(r->workers, (uint64_t)(s->groups * panels_of(s)), transform_panel, s);
    run_crew(r->workers, &c);
}

/* Images whose first place sees `top` rows and `left` columns of zeros, cut into tiles of rows x
 * cols outputs. */
static tiling tiling_of(const dp_filtering *f, const float *src, int64_t top, int64_t left,
                        int64_t rows, int64_t cols)
{
    return (tiling){.part = f->data,
                    .in = f->m + f->r - 1,
                    .side = f->a,
                    .step = f->m,
                    .src = src,
                    .top = top,
                    .left = left,
                    .rows = dp_ceil_div(rows, f->m),
                    .cols = dp_ceil_div(cols, f->m)};
}

void dp_filtering_forward(const dp_conv *c, const dp_math_run *r, const float *x, const float *w,
                          const float *bias, float *y, const dp_post_op *post_op)
{
    const dp_filtering *f = filtering_of(r->kernels, c->tile, c->kh, false);
    const int64_t ic = c->ic / c->groups, oc = c->oc / c->groups, taps = c->kh * c->kw;
    sweep s = {.f = f,
               .kernels = r->kernels,
               .post_op = post_op,
               .in = tiling_of(f, x, c->top, c->left, c->oh, c->ow),
               .w = w,
               .bias = bias,
               .w_group = oc * ic * taps,
               .w_out = ic * taps,
               .w_in = taps,
               .w_tap = 1,
               .dst = y,
               .height = c->oh,
               .width = c->ow,
               .groups = c->groups,
               .n_in = ic,
               .n_out = oc};

    s.in.height = c->height, s.in.width = c->width, s.in.channels = c->ic;
    s.tiles = r->n * s.in.rows * s.in.cols;
    run_sweep(r, &s);
}

void dp_filtering_input_gradient(const dp_conv *c, const dp_math_run *r, const float *dy,
                                 const float *w, float *dx, const dp_post_op *post_op)
{
    const dp_filtering *f = filtering_of(r->kernels, c->tile, c->kh, true);
    const int64_t ic = c->ic / c->groups, oc = c->oc / c->groups, taps = c->kh * c->kw;
    sweep s = {.f = f,
               .kernels = r->kernels,
               .post_op = post_op,
               .in = tiling_of(f, dy, c->kh - 1 - c->top, c->kw - 1 - c->left, c->height, c->width),
               .w = w + taps - 1, /* the kernel turned round */
               .w_group = oc * ic * taps,
               .w_out = taps,
               .w_in = ic * taps,
               .w_tap = -1,
               .dst = dx,
               .height = c->height,
               .width = c->width,
               .groups = c->groups,
               .n_in = oc,
               .n_out = ic};

    s.in.height = c->oh, s.in.width = c->ow, s.in.channels = c->oc;
    s.tiles = r->n * s.in.rows * s.in.cols;
    run_sweep(r, &s);
}

/* ---- the gradient of the weights ---- */

/* A task has some channels of x, as `tiles` tiles of `mr` rows, `panels` panels of dy's, and some
 * leaves: a subtree of TREE, a power of two unless it is the last. */
typedef struct gradient {
    const dp_filtering *f;
    const dp_kernels *kernels;
    tiling x, dy;
    float *dw;
    float *roots;           /* [subtree][blocks]: a block is what tasks of the same channels make */
    int64_t groups, ic, oc; /* channels of a group */
    int64_t images, leaf, chunk;
    int64_t mr, tiles, panels;
    int64_t n_left, n_right;   /* blocks of a group */
    int64_t subtrees, subtree; /* how many, at most; leaves of one */
    int64_t n_levels;
    bool by_columns; /* both sides are transformed, as a leaf's products need the cache */
} gradient;

/* What a task works on, and where: the transformed tiles of both sides of a chunk, the products
 * [product][panel][ic][nr] of a leaf, and gradients [tap][panel][ic][nr] of the subtree and, level
 * by level, of what is added to it. */
typedef struct job {
    const gradient *g;
    int64_t group, left, right; /* first channels of both sides in the group */
    int64_t panels;
    float *x, *dy, *m, *root, *levels;
} job;

static int64_t left_of(const gradient *g) { return g->tiles * g->mr; }

/* Floats of a matrix: a task's channels of one side by those of the other. */
static int64_t matrix_of(const gradient *g) { return left_of(g) * g->panels * g->kernels->nr; }

static int64_t array_of(const gradient *g) { return plane_of(1, matrix_of(g)); }

static int64_t level_of(const gradient *g) { return (int64_t)g->f->r * g->f->r * matrix_of(g); }

static int64_t blocks_of(const gradient *g) { return g->groups * g->n_left * g->n_right; }

static int64_t gradient_lot(const gradient *g)
{
    return parts_of(g->f, g->by_columns) *
               (plane_of(g->chunk, left_of(g)) + g->panels * plane_of(g->chunk, g->kernels->nr)) +
           products(g->f) * array_of(g) + (g->n_levels - 1) * level_of(g);
}

static job job_of(const gradient *g, int64_t subtree, int64_t block, float *scratch)
{
    const int64_t nr = g->kernels->nr, all = dp_ceil_div(g->oc, nr);
    const int64_t panel = block / g->n_left % g->n_right * g->panels;
    job j = {.g = g,
             .group = block / (g->n_left * g->n_right),
             .left = block % g->n_left * left_of(g),
             .right = panel * nr,
             .panels = dp_least(g->panels, all - panel),
             .x = scratch,
             .root = g->roots + (subtree * blocks_of(g) + block) * level_of(g)};

    j.dy = j.x + parts_of(g->f, g->by_columns) * g->x.plane;
    j.m = j.dy + parts_of(g->f, g->by_columns) * g->panels * g->dy.plane;
    j.levels = j.m + products(g->f) * array_of(g);
    return j;
}

/* The chunk's tiles of both sides. */
static void transform_chunk(const job *j, int64_t part, int64_t first, int64_t n_tiles)
{
    const gradient *g = j->g;
    const int64_t nr = g->kernels->nr, size = parts_of(g->f, g->by_columns) * g->dy.plane;
    tiling x = g->x, dy = g->dy;

    x.n = dp_least(left_of(g), g->ic - j->left);
    transform_tiles(&x, part, first, n_tiles, j->group * g->ic + j->left, j->x);
    for (int64_t panel = 0; panel < j->panels; panel++) {
        const int64_t channel = j->right + panel * nr;
        dy.n = dp_least(nr, g->oc - channel);
        transform_tiles(&dy, part, first, n_tiles, j->group * g->oc + channel,
                        j->dy + panel * size);
    }
}

/* The chains of the part's products go on over a chunk. */
static void multiply_chunk(const job *j, int64_t part, int64_t n_tiles, dp_mode mode)
{
    const gradient *g = j->g;
    const dp_kernels *k = g->kernels;
    const int64_t parts = parts_of(g->f, g->by_columns);

    for (int64_t f = 0; f < parts; f++) {
        const float *x = j->x + f * g->x.plane;
        dp_grid grid = {1, n_tiles, 0, g->x.pitch, k->nr, NULL, LINE};
        float *m = j->m + (g->by_columns ? f * g->f->a + part : f) * array_of(g);
        for (int64_t panel = 0; panel < j->panels; panel++) {
            const bool narrow = g->oc - j->right - panel * k->nr <= k->narrow;
            const float *dy = j->dy + (panel * parts + f) * g->dy.plane;
            for (int64_t i = 0; i < g->tiles; i++, m += g->mr * k->nr) {
                grid.ahead = m + g->mr * k->nr;
                k->outer[g->mr < k->mr][narrow](&grid, x + i * g->mr, dy, m, mode);
            }
        }
    }
}

/* A leaf's products become its gradient. */
static void finish_leaf(const job *j, float *level)
{
    const gradient *g = j->g;
    const int64_t r = g->f->r, nr = g->kernels->nr;
    const float *in[MAX_PRODUCTS];
    float *out[MAX_PRODUCTS];

    for (int64_t f = 0; f < products(g->f); f++)
        in[f] = j->m + f * array_of(g);
    for (int64_t tap = 0; tap < r * r; tap++)
        out[tap] = level + tap * matrix_of(g);
    g->f->weight_gradient(j->panels * left_of(g), nr, in, nr, out, nr);
}

/* Level 0 is the subtree's own. */
static float *level_at(const job *j, int64_t depth)
{
    return depth == 0 ? j->root : j->levels + (depth - 1) * level_of(j->g);
}

/* Level `depth` is added to the one below. */
static void merge(const job *j, int64_t depth)
{
    j->g->kernels->add(level_of(j->g), level_at(j, depth - 1), level_at(j, depth));
}

/* `number` of the subtree's leaves came before it. */
static void run_leaf(const job *j, int64_t leaf, int64_t number)
{
    const gradient *g = j->g;
    const int64_t image = g->x.rows * g->x.cols, first = leaf * g->leaf * image,
                  end = dp_least((leaf + 1) * g->leaf, g->images) * image;
    int64_t depth = dp_tree_depth(number);

    for (int64_t i = 0; i < (g->by_columns ? g->f->a : 1); i++) {
        const int64_t part = g->by_columns ? i : DP_ALL_COLUMNS;
        for (int64_t tile = first, n; tile < end; tile += n) {
            n = dp_ceil_div(end - tile, dp_ceil_div(end - tile, g->chunk)); /* about alike */
            transform_chunk(j, part, tile, n);
            multiply_chunk(j, part, n, tile == first ? DP_STORE : DP_GO_ON);
        }
    }
    finish_leaf(j, level_at(j, depth));
    for (int merges = dp_tree_merges(number); merges > 0; merges--)
        merge(j, depth--);
}

/* dw is [oc][ic][r][r]. */
static void store_gradient(const job *j)
{
    const gradient *g = j->g;
    const int64_t taps = (int64_t)g->f->r * g->f->r, nr = g->kernels->nr;
    const int64_t rows = dp_least(left_of(g), g->ic - j->left);

    for (int64_t o = j->right; o < dp_least(j->right + j->panels * nr, g->oc); o++) {
        const int64_t at = o - j->right;
        const float *src = j->root + at / nr * left_of(g) * nr + at % nr;
        float *dw = g->dw + ((j->group * g->oc + o) * g->ic + j->left) * taps;
        for (int64_t i = 0; i < rows; i++) {
            for (int64_t tap = 0; tap < taps; tap++)
                *dw++ = src[tap * matrix_of(g) + i * nr];
        }
    }
}

static int64_t subtrees_of(const gradient *g)
{
    return dp_ceil_div(dp_ceil_div(g->images, g->leaf), g->subtree);
}

static void gradient_task(void *ctx, int64_t index, float *scratch)
{
    const gradient *g = ctx;
    const int64_t subtree = index / blocks_of(g), first = subtree * g->subtree,
                  leaves = dp_least(dp_ceil_div(g->images, g->leaf) - first, g->subtree);
    const job j = job_of(g, subtree, index % blocks_of(g), scratch);

    for (int64_t leaf = 0; leaf < leaves; leaf++)
        run_leaf(&j, first + leaf, leaf);
    for (int64_t depth = dp_tree_depth(leaves) - 1; depth > 0; depth--)
        merge(&j, depth);
}

/* TREE over the subtrees, of a block. */
static void finish_block(void *ctx, uint64_t block)
{
    const gradient *g = ctx;
    const int64_t n = subtrees_of(g), next = blocks_of(g) * level_of(g);
    const job j = job_of(g, 0, (int64_t)block, g->roots); /* no scratch is needed */

    for (int64_t step = 1; step < n; step *= 2) {
        for (int64_t i = 0; i + step < n; i += 2 * step)
            g->kernels->add(level_of(g), j.root + i * next, j.root + (i + step) * next);
    }
    store_gradient(&j);
}

/* Blocks as large as they may be, and tasks enough for all threads. */
static void cut_tasks(gradient *g, int64_t threads)
{
    const dp_kernels *k = g->kernels;
    const int64_t panels = dp_ceil_div(g->oc, k->nr);
    const bool low = dp_ceil_div(g->ic, k->low) * k->low < dp_ceil_div(g->ic, k->mr) * k->mr;

    g->mr = low ? k->low : k->mr;
    g->n_right = dp_ceil_div(panels, dp_least(panels, GROUP_OUTPUTS / k->nr));
    g->n_left = dp_ceil_div(g->ic, GROUP_OUTPUTS);
    g->panels = dp_ceil_div(panels, g->n_right);
    g->n_right = dp_ceil_div(panels, g->panels);
    g->tiles = dp_ceil_div(dp_ceil_div(g->ic, g->mr), g->n_left);
    g->n_left = dp_ceil_div(dp_ceil_div(g->ic, g->mr), g->tiles);
    g->subtrees = threads == 1 ? 1 : dp_ceil_div(TASKS * threads, blocks_of(g));
    g->by_columns = products(g->f) * matrix_of(g) > LEAF_FLOATS;
    g->chunk = dp_least(MAX_CHUNK, CHUNK_FLOATS / (parts_of(g->f, g->by_columns) *
                                                   (left_of(g) + g->panels * k->nr)));
}

static gradient gradient_of(const dp_conv *c, const dp_kernels *k, int64_t n, uint32_t threads)
{
    const dp_filtering *f = filtering_of(k, c->tile, c->kh, false);
    gradient g = {.f = f,
                  .kernels = k,
                  .groups = c->groups,
                  .ic = c->ic / c->groups,
                  .oc = c->oc / c->groups,
                  .images = n};

    while (n >> g.n_levels > 0)
        g.n_levels++;
    cut_tasks(&g, threads);
    return g;
}

void dp_filtering_weight_gradient(const dp_conv *c, const dp_math_run *r, const float *x,
                                  const float *dy, float *dw)
{
    gradient g = gradient_of(c, r->kernels, r->n, dp_workers_count(r->workers));
    const int64_t nr = r->kernels->nr, zeros = left_of(&g) > nr ? left_of(&g) : nr;
    crew tasks = {.task = gradient_task, .ctx = &g, .floats = gradient_lot(&g)};

    memset(r->workspace, 0, sizeof(float) * (size_t)zeros);
    g.dw = dw, g.leaf = r->leaf, g.roots = r->workspace + lines(zeros);
    for (g.subtree = 1; subtrees_of(&g) > g.subtrees;)
        g.subtree *= 2;
    tasks.n = subtrees_of(&g) * blocks_of(&g);
    tasks.scratch = g.roots + lines(g.subtrees * blocks_of(&g) * level_of(&g));
    g.x = tiling_of(g.f, x, c->top, c->left, c->oh, c->ow);
    g.x.height = c->height, g.x.width = c->width, g.x.channels = c->ic;
    g.x.pitch = left_of(&g), g.x.plane = plane_of(g.chunk, left_of(&g));
    g.dy = tiling_of(g.f, dy, 0, 0, c->oh, c->ow);
    g.dy.part = g.f->output_gradient, g.dy.in = g.f->m;
    g.dy.height = c->oh, g.dy.width = c->ow, g.dy.channels = c->oc;
    g.dy.pitch = nr, g.dy.plane = plane_of(g.chunk, nr);
    g.x.zeros = g.dy.zeros = r->workspace;
    run_crew(r->workers, &tasks);
    dp_workers_run(r->workers, (uint64_t)blocks_of(&g), finish_block, &g);
}

double dp_filtering_workspace(const dp_conv *c, const dp_kernels *k, int64_t n, uint32_t threads)
{
    const gradient g = gradient_of(c, k, n, threads);
    const double forward = sweep_workspace(c, k, false, threads),
                 input = sweep_workspace(c, k, true, threads),
                 roots = (double)g.subtrees * (double)(blocks_of(&g) * level_of(&g)),
                 weight = (double)lines(left_of(&g) + k->nr) + roots + LINE +
                          threads * (double)gradient_lot(&g);
    const double most = forward > input ? forward : input;
    return most > weight ? most : weight;
}
