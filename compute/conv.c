/* conv.c - convolution on NHWC activations and OIHW weights, without im2col
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Forward: the input gets its border of zeros, the weights are packed into panels of nr output
 * channels, and each tile of mr places x nr channels runs its whole chain in registers; the left
 * operands are read straight from the image, kh runs of kw * ic floats.  The input's gradient is
 * the same sweep over the bordered output gradient with the kernel turned round, once for each
 * phase of the stride.  The weights' gradient is an outer product: mr taps x nr channels, the
 * output gradient packed into panels.
 */
#include "compute/conv.h"

#include <string.h>

#include "compute/tree.h"

#define BLOCK_TILES 8 /* tiles of places that share a panel while it is in the cache */

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

/* ---- a plane with a border of zeros ---- */

typedef struct border {
    const float *src;
    float *dst;
    int64_t height, width, channels, top, left, out_height, out_width;
} border;

static void border_image(void *ctx, uint64_t image)
{
    const border *b = ctx;
    const int64_t row = b->width * b->channels, out_row = b->out_width * b->channels;
    const float *src = b->src + (int64_t)image * b->height * row;
    float *dst = b->dst + (int64_t)image * b->out_height * out_row;

    memset(dst, 0, sizeof *dst * (size_t)(b->out_height * out_row));
    for (int64_t y = 0; y < b->height && y + b->top < b->out_height; y++)
        memcpy(dst + (y + b->top) * out_row + b->left * b->channels, src + y * row,
               sizeof *dst * (size_t)row);
}

/* ---- weights as panels [outputs / nr][length][nr], zeros past the last output ---- */

typedef struct panels {
    const float *w;
    float *dst;
    int64_t n_out, length, nr;
    int64_t kw, depth; /* length = kh * kw * depth */
    int64_t out_stride, depth_stride, kh_stride, kw_stride,
        offset; /* of w, in floats; kh and kw may go backwards */
} panels;

static void pack_panel(void *ctx, uint64_t index)
{
    const panels *p = ctx;
    float *dst = p->dst + (int64_t)index * p->length * p->nr;
    const int64_t first = (int64_t)index * p->nr,
                  n = p->n_out - first < p->nr ? p->n_out - first : p->nr;

    for (int64_t k = 0; k < p->length; k++, dst += p->nr) {
        const int64_t tap = k / p->depth, d = k % p->depth;
        const float *w = p->w + p->offset + tap / p->kw * p->kh_stride +
                         tap % p->kw * p->kw_stride + d * p->depth_stride;
        for (int64_t j = 0; j < p->nr; j++)
            dst[j] = j < n ? w[(first + j) * p->out_stride] : 0.0f;
    }
}

static void pack(dp_workers *workers, panels *p)
{
    dp_workers_run(workers, (uint64_t)ceil_div(p->n_out, p->nr), pack_panel, p);
}

/* ---- the sweep: a grid of places in every image, each the head of `runs` runs of the source ----
 */

typedef struct sweep {
    const dp_kernels *kernels;
    const float *src, *panels;
    float *dst;
    int64_t images, rows, cols, n_out;
    int64_t src_image, src_row, src_col; /* steps of the places, in floats */
    int64_t dst_image, dst_row, dst_col;
    int64_t runs, run, run_stride;
} sweep;

static void sweep_tile(const sweep *s, int64_t first, int64_t n_places, int64_t out)
{
    const int64_t nr = s->kernels->nr, n = s->n_out - out < nr ? s->n_out - out : nr;
    const float *a[DP_MAX_MR];
    float *dst[DP_MAX_MR], tile[DP_MAX_MR * DP_MAX_NR] __attribute__((aligned(64)));

    for (int64_t i = 0; i < s->kernels->mr; i++) {
        const int64_t place = first + (i < n_places ? i : 0);
        const int64_t image = place / (s->rows * s->cols), row = place / s->cols % s->rows,
                      col = place % s->cols;
        a[i] = s->src + image * s->src_image + row * s->src_row + col * s->src_col;
        dst[i] = s->dst + image * s->dst_image + row * s->dst_row + col * s->dst_col + out;
    }
    s->kernels->tile(s->runs, s->run, s->run_stride, a, s->panels + out * s->runs * s->run, tile);
    for (int64_t i = 0; i < n_places; i++)
        memcpy(dst[i], tile + i * nr, sizeof *tile * (size_t)n);
}

static void sweep_block(void *ctx, uint64_t index)
{
    const sweep *s = ctx;
    const int64_t mr = s->kernels->mr, places = s->images * s->rows * s->cols;
    const int64_t first = (int64_t)index * mr * BLOCK_TILES;
    const int64_t last = first + mr * BLOCK_TILES < places ? first + mr * BLOCK_TILES : places;

    for (int64_t out = 0; out < s->n_out; out += s->kernels->nr) {
        for (int64_t place = first; place < last; place += mr)
            sweep_tile(s, place, last - place < mr ? last - place : mr, out);
    }
}

static void run_sweep(dp_workers *workers, sweep *s)
{
    const int64_t places = s->images * s->rows * s->cols;
    dp_workers_run(workers, (uint64_t)ceil_div(places, s->kernels->mr * BLOCK_TILES), sweep_block,
                   s);
}

/* ---- workspace: [bordered plane][panels] ---- */

static size_t round_up(int64_t floats) { return ((size_t)floats + 15) / 16 * 16; }

/* The output gradient's border: what the taps of one phase reach past it. */
static border gradient_border(const dp_conv *c)
{
    const int64_t front_h = ceil_div(c->kh, c->stride_h) - 1,
                  front_w = ceil_div(c->kw, c->stride_w) - 1;
    return (border){
        .height = c->oh,
        .width = c->ow,
        .channels = c->oc,
        .top = front_h,
        .left = front_w,
        .out_height = front_h + max64(c->oh, (c->height - 1 + c->top) / c->stride_h + 1),
        .out_width = front_w + max64(c->ow, (c->width - 1 + c->left) / c->stride_w + 1),
    };
}

static border input_border(const dp_conv *c)
{
    return (border){
        .height = c->height,
        .width = c->width,
        .channels = c->ic,
        .top = c->top,
        .left = c->left,
        .out_height = c->height + c->top + c->bottom,
        .out_width = c->width + c->left + c->right,
    };
}

static int64_t plane_size(const border *b) { return b->out_height * b->out_width * b->channels; }

/* Floats of a part of the workspace; in double, so that hostile sizes cannot overflow. */
static double part(double floats) { return floats + 16; }

size_t dp_conv_workspace(const dp_conv *c, const dp_kernels *k, int64_t n)
{
    const border in = input_border(c), out = gradient_border(c);
    const double samples = (double)n, taps = (double)c->kh * (double)c->kw;
    const double ic = (double)(c->ic + k->nr), oc = (double)(c->oc + k->nr);
    const double places = (double)c->oh * (double)c->ow;
    const double plane_in =
        part(samples * (double)in.out_height * (double)in.out_width * (double)c->ic);
    const double plane_out =
        part(samples * (double)out.out_height * (double)out.out_width * (double)c->oc);
    const double forward = plane_in + part(oc * taps * (double)c->ic);
    const double input = plane_out + part(ic * taps * (double)c->oc);
    const double weight = plane_in + part(oc * samples * places);
    const double most =
        forward > input ? (forward > weight ? forward : weight) : (input > weight ? input : weight);
    return most < 0x1p60 ? (size_t)most : SIZE_MAX;
}

/* The plane with its border in *workspace, which moves on; the plane itself when there is no
 * border. */
static const float *bordered(border b, dp_workers *workers, int64_t n, const float *src,
                             float **workspace)
{
    if (b.out_height == b.height && b.out_width == b.width)
        return src;
    b.src = src;
    b.dst = *workspace;
    *workspace += round_up(n * plane_size(&b));
    dp_workers_run(workers, (uint64_t)n, border_image, &b);
    return b.dst;
}

void dp_conv_forward(const dp_conv *c, const dp_kernels *k, dp_workers *workers, int64_t n,
                     const float *x, const float *w, float *y, float *workspace)
{
    const border b = input_border(c);
    const int64_t row = b.out_width * c->ic;
    const float *plane = bordered(b, workers, n, x, &workspace);
    panels p = {.w = w,
                .dst = workspace,
                .n_out = c->oc,
                .length = c->kh * c->kw * c->ic,
                .nr = k->nr,
                .kw = c->kw,
                .depth = c->ic,
                .out_stride = c->ic * c->kh * c->kw,
                .depth_stride = c->kh * c->kw,
                .kh_stride = c->kw,
                .kw_stride = 1};
    sweep s = {.kernels = k,
               .src = plane,
               .panels = workspace,
               .dst = y,
               .images = n,
               .rows = c->oh,
               .cols = c->ow,
               .n_out = c->oc,
               .src_image = b.out_height * row,
               .src_row = c->stride_h * row,
               .src_col = c->stride_w * c->ic,
               .dst_image = c->oh * c->ow * c->oc,
               .dst_row = c->ow * c->oc,
               .dst_col = c->oc,
               .runs = c->kh,
               .run = c->kw * c->ic,
               .run_stride = row};

    pack(workers, &p);
    run_sweep(workers, &s);
}

/* One axis of the phase: places whose tap number is phase, phase + stride, ...  Place number i of
 * it is first + i * stride; its taps are those of output places head + i .. head + i + taps - 1 of
 * the bordered gradient. */
typedef struct phase {
    int64_t first, places, taps, head;
} phase;

static phase phase_of(int64_t number, int64_t stride, int64_t pad, int64_t size, int64_t kernel,
                      int64_t front)
{
    phase p;
    p.first = ((number - pad) % stride + stride) % stride;
    p.places = size > p.first ? ceil_div(size - p.first, stride) : 0;
    p.taps = kernel > number ? ceil_div(kernel - number, stride) : 0;
    p.head = (p.first + pad - number) / stride - (p.taps - 1) + front;
    return p;
}

void dp_conv_input_gradient(const dp_conv *c, const dp_kernels *k, dp_workers *workers, int64_t n,
                            const float *dy, const float *w, float *dx, float *workspace)
{
    const border b = gradient_border(c);
    const int64_t row = b.out_width * c->oc, taps = c->kh * c->kw;
    const float *plane = bordered(b, workers, n, dy, &workspace);

    for (int64_t i = 0; i < c->stride_h * c->stride_w; i++) {
        const int64_t at_h = i / c->stride_w, at_w = i % c->stride_w;
        const phase h = phase_of(at_h, c->stride_h, c->top, c->height, c->kh, b.top);
        const phase v = phase_of(at_w, c->stride_w, c->left, c->width, c->kw, b.left);
        const int64_t last_h = at_h + (h.taps - 1) * c->stride_h,
                      last_w = at_w + (v.taps - 1) * c->stride_w;
        const int64_t exists = h.taps > 0 && v.taps > 0;
        panels p = {.w = w,
                    .dst = workspace,
                    .n_out = c->ic,
                    .length = exists * h.taps * v.taps * c->oc,
                    .nr = k->nr,
                    .kw = v.taps,
                    .depth = c->oc,
                    .out_stride = taps,
                    .depth_stride = c->ic * taps,
                    .kh_stride = -c->stride_h * c->kw,
                    .kw_stride = -c->stride_w,
                    .offset = last_h * c->kw + last_w};
        sweep s = {.kernels = k,
                   .src = exists ? plane + h.head * row + v.head * c->oc : plane,
                   .panels = workspace,
                   .dst = dx + (h.first * c->width + v.first) * c->ic,
                   .images = n,
                   .rows = h.places,
                   .cols = v.places,
                   .n_out = c->ic,
                   .src_image = exists * b.out_height * row,
                   .src_row = exists * row,
                   .src_col = exists * c->oc,
                   .dst_image = c->height * c->width * c->ic,
                   .dst_row = c->stride_h * c->width * c->ic,
                   .dst_col = c->stride_w * c->ic,
                   .runs = exists * h.taps,
                   .run = v.taps * c->oc,
                   .run_stride = row};
        if (s.rows == 0 || s.cols == 0)
            continue;
        pack(workers, &p);
        run_sweep(workers, &s);
    }
}

/* ---- the weights' gradient ---- */

typedef struct weights {
    const dp_conv *c;
    const dp_kernels *kernels;
    const float *plane, *dy;
    float *panels, *dw;          /* panels [oc / nr][n][places][nr] */
    int64_t n, leaf, row, image; /* floats of a row and an image of the plane */
    int64_t n_tiles;             /* of taps */
} weights;

static void pack_gradient(void *ctx, uint64_t index)
{
    const weights *g = ctx;
    const int64_t nr = g->kernels->nr, places = g->c->oh * g->c->ow, oc = g->c->oc;
    const int64_t first = (int64_t)index / g->n * nr, n = oc - first < nr ? oc - first : nr;
    const float *src = g->dy + (int64_t)index % g->n * places * oc + first;
    float *dst = g->panels + (int64_t)index * places * nr;

    for (int64_t p = 0; p < places; p++, src += oc, dst += nr) {
        memcpy(dst, src, sizeof *dst * (size_t)n);
        if (n < nr)
            memset(dst + n, 0, sizeof *dst * (size_t)(nr - n));
    }
}

static void add_tile(float *left, const float *right, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        left[i] += right[i];
}

static void store_weights(const weights *g, int64_t tap, int64_t n_taps, int64_t oc,
                          const float *tile)
{
    const dp_conv *c = g->c;
    const int64_t nr = g->kernels->nr, n = c->oc - oc < nr ? c->oc - oc : nr, taps = c->kh * c->kw;

    for (int64_t i = 0; i < n_taps; i++) {
        float *dw = g->dw + (tap + i) % c->ic * taps + (tap + i) / c->ic;
        for (int64_t j = 0; j < n; j++)
            dw[(oc + j) * c->ic * taps] = tile[i * nr + j];
    }
}

/* One tile of mr taps x nr output channels through all leaves; the tree's partial sums stay on the
 * stack. */
static void weight_tile(void *ctx, uint64_t index)
{
    const weights *g = ctx;
    const dp_conv *c = g->c;
    const int64_t mr = g->kernels->mr, nr = g->kernels->nr, size = mr * nr, places = c->oh * c->ow;
    const int64_t panel = (int64_t)index / g->n_tiles, tap = (int64_t)index % g->n_tiles * mr;
    const int64_t left = c->kh * c->kw * c->ic - tap, n_taps = left < mr ? left : mr,
                  run = c->kw * c->ic;
    float tree[DP_TREE_DEPTH + 1][DP_MAX_MR * DP_MAX_NR] __attribute__((aligned(64)));
    int64_t depth = 0, number = 0;

    for (int64_t first = 0; first < g->n; first += g->leaf, number++) {
        const dp_places p = {g->n - first < g->leaf ? g->n - first : g->leaf,
                             c->oh,
                             c->ow,
                             g->image,
                             c->stride_h * g->row,
                             c->stride_w * c->ic};
        const float *a[DP_MAX_MR];
        for (int64_t i = 0; i < mr; i++) {
            const int64_t t = tap + (i < n_taps ? i : 0);
            a[i] = g->plane + first * g->image + t / run * g->row + t % run;
        }
        g->kernels->outer(&p, a, g->panels + (panel * g->n + first) * places * nr, tree[depth++]);
        for (int m = dp_tree_merges(number); m > 0; m--, depth--)
            add_tile(tree[depth - 2], tree[depth - 1], size);
    }
    for (; depth > 1; depth--)
        add_tile(tree[depth - 2], tree[depth - 1], size);
    store_weights(g, tap, n_taps, panel * nr, tree[0]);
}

void dp_conv_weight_gradient(const dp_conv *c, const dp_kernels *k, dp_workers *workers, int64_t n,
                             int64_t leaf, const float *x, const float *dy, float *dw,
                             float *workspace)
{
    const border b = input_border(c);
    const int64_t n_panels = ceil_div(c->oc, k->nr);
    weights g = {.c = c,
                 .kernels = k,
                 .dy = dy,
                 .dw = dw,
                 .n = n,
                 .leaf = leaf,
                 .row = b.out_width * c->ic,
                 .image = plane_size(&b),
                 .n_tiles = ceil_div(c->kh * c->kw * c->ic, k->mr)};

    g.plane = bordered(b, workers, n, x, &workspace);
    g.panels = workspace;
    dp_workers_run(workers, (uint64_t)(n_panels * n), pack_gradient, &g);
    dp_workers_run(workers, (uint64_t)(n_panels * g.n_tiles), weight_tile, &g);
}
