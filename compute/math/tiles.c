/* tiles.c - packing and sweeping in tiles
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/math/tiles.h"

#include <string.h>

#define BLOCK_TILES 8   /* tiles of places that share a panel while it is in the cache */
#define MAX_PITCH   256 /* floats from a place to the next */

/* ---- packing ---- */

static void pack_panel(void *ctx, uint64_t index)
{
    const dp_panels *p = ctx;
    const int64_t first = (int64_t)index * p->nr, n = dp_least(p->n_out - first, p->nr);
    float *dst = p->dst + first * p->kd * p->kh * p->kw * p->depth;

    for (int64_t tap = 0; tap < p->kd * p->kh * p->kw; tap++) {
        const float *w = p->w + first * p->out_stride + tap / (p->kh * p->kw) * p->kd_stride +
                         tap / p->kw % p->kh * p->kh_stride + tap % p->kw * p->kw_stride;
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
    const int64_t nr = s->kernels->nr;
    const int64_t first = (int64_t)index / s->n * nr, n = dp_least(s->channels - first, nr);
    const float *src = s->src + (int64_t)index % s->n * s->places * s->pitch + first;
    float *dst = s->dst + (int64_t)index * s->places * nr;

    for (int64_t p = 0; p < s->places; p++, src += s->pitch, dst += nr) {
        memcpy(dst, src, sizeof *dst * (size_t)n);
        if (n < nr)
            memset(dst + n, 0, sizeof *dst * (size_t)(nr - n));
    }
}

/* What the kernels read of a place has to be there, and places not so far apart that they are in
 * each other's way in the cache. */
bool dp_is_cut(const dp_slices *s)
{
    const int64_t nr = s->kernels->nr, last = s->channels % nr;

    if (s->places == 1)
        return s->channels != nr || s->pitch != nr;
    return (last != 0 && last != s->kernels->narrow) || s->pitch > MAX_PITCH;
}

dp_right dp_slice(dp_workers *workers, dp_slices *s)
{
    const int64_t nr = s->kernels->nr;

    if (!dp_is_cut(s))
        return (dp_right){s->src, s->pitch, nr};
    dp_workers_run(workers, (uint64_t)(dp_ceil_div(s->channels, nr) * s->n), cut_slice, s);
    return (dp_right){s->dst, nr, s->n * s->places * nr};
}

/* ---- sweeping ---- */

/* Places that share a panel while it is in the cache: where each is read and written. */
typedef struct block {
    int64_t n, mr; /* mr: rows of its tiles */
    const float *a[BLOCK_TILES * DP_MAX_MR];
    float *dst[BLOCK_TILES * DP_MAX_MR];
} block;

/* Low tiles where a ninth of the rows of the others would be for nothing. */
static bool is_low(const dp_kernels *k, int64_t n)
{
    return 9 * dp_ceil_div(n, k->low) * k->low <= 8 * dp_ceil_div(n, k->mr) * k->mr;
}

/* Finds the places of a block from number `first` on; the last tile is filled up with the first. */
static void find_block(const dp_sweep *s, int64_t first, block *b)
{
    const int64_t most = s->kernels->mr * BLOCK_TILES;
    int64_t image = first / (s->rows * s->cols), row = first / s->cols % s->rows,
            col = first % s->cols;

    b->n = dp_least(s->images * s->rows * s->cols - first, most);
    b->mr = is_low(s->kernels, b->n) ? s->kernels->low : s->kernels->mr;
    for (int64_t i = 0; i < b->n; col = 0) {
        const float *a = s->src + image * s->src_image + row * s->src_row;
        float *dst = s->dst + image * s->dst_image + row * s->dst_row;
        for (; i < b->n && col < s->cols; i++, col++) {
            b->a[i] = a + col * s->src_col;
            b->dst[i] = dst + col * s->dst_col;
        }
        if (++row == s->rows)
            row = 0, image++;
    }
    for (int64_t i = b->n; i < most; i++)
        b->a[i] = b->a[0];
}

/* The nr outputs from `out` on of the places from number `first` of the block on. */
static void sweep_tile(const dp_sweep *s, const block *b, int64_t first, int64_t out,
                       const float *bias)
{
    const int64_t nr = s->kernels->nr, n = dp_least(s->n_out - out, nr);
    const int64_t n_places = dp_least(b->n - first, b->mr);
    const bool narrow = n <= s->kernels->narrow;
    const bool whole = n == (narrow ? s->kernels->narrow : nr) && s->dst_out == 1;
    dp_tile *const run = s->kernels->tile[b->mr < s->kernels->mr][narrow];
    float *to[DP_MAX_MR], tile[DP_MAX_TILE] __attribute__((aligned(64)));

    for (int64_t i = 0; i < b->mr; i++)
        to[i] = whole && i < n_places ? b->dst[first + i] + out : tile + i * nr;
    run(&s->runs, b->a + first,
        s->panels + out * s->runs.planes * s->runs.rows * s->runs.taps * s->runs.run, bias, to);
    for (int64_t i = 0; i < n_places && !whole; i++) {
        for (int64_t j = 0; j < n; j++)
            b->dst[first + i][(out + j) * s->dst_out] = tile[i * nr + j];
    }
}

/* Places that follow one another are one piece. */
static void finish_block(const dp_sweep *s, const block *b)
{
    for (int64_t i = 0, first = 0; i < b->n; i++) {
        if (i + 1 < b->n && b->dst[i + 1] == b->dst[i] + s->n_out)
            continue;
        dp_post_op_run(s->post_op, s->kernels, b->dst[first] - s->post_op->v,
                       (i + 1 - first) * s->n_out);
        first = i + 1;
    }
}

static void sweep_block(void *ctx, uint64_t index)
{
    const dp_sweep *s = ctx;
    const int64_t mr = s->kernels->mr, nr = s->kernels->nr;
    const int64_t first = (int64_t)index % s->pieces * s->piece;
    float bias[DP_MAX_NR] = {0};
    block b;

    find_block(s, (int64_t)index / s->pieces * mr * BLOCK_TILES, &b);
    for (int64_t out = first; out < dp_least(first + s->piece, s->n_out); out += nr) {
        if (s->bias != NULL)
            memcpy(bias, s->bias + out, sizeof *bias * (size_t)dp_least(s->n_out - out, nr));
        for (int64_t i = 0; i < b.n; i += b.mr)
            sweep_tile(s, &b, i, out, s->bias != NULL ? bias : NULL);
    }
    if (s->post_op != NULL && s->post_op->n_steps > 0)
        finish_block(s, &b);
}

/* Few places are shared out by their outputs, too, unless a post_op wants all outputs of a place.
 */
void dp_run_sweep(dp_workers *workers, dp_sweep *s)
{
    const int64_t nr = s->kernels->nr, panels = dp_ceil_div(s->n_out, nr);
    const int64_t threads = dp_workers_count(workers);
    const int64_t blocks = dp_ceil_div(s->images * s->rows * s->cols, s->kernels->mr * BLOCK_TILES);
    const bool few = threads > 1 && blocks < 4 * threads && s->post_op == NULL;

    if (blocks == 0 || panels == 0)
        return;
    s->piece = nr * (few ? dp_ceil_div(panels * blocks, 4 * threads) : panels);
    s->pieces = dp_ceil_div(s->n_out, s->piece);
    dp_workers_run(workers, (uint64_t)(blocks * s->pieces), sweep_block, s);
}
