/* template.h - the inner loops, written once over vector macros
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * An instruction set's file defines vf, VL (floats of a vf), NV (vf of a tile row), MR, v_zero,
 * v_load, v_store, v_set1, v_add, v_sub, v_mul, v_fma, vd (VL / 2 doubles, one of a scalar),
 * v_widen (so many floats), v_set1d and KERNELS, then includes this; v_stream (to whole vectors'
 * addresses, past the cache) and its v_fence too where they exist.  Vectors run across outputs,
 * never along a chain.
 */
#include "base/number/elementary.h"
#include "base/number/num.h"
#include "base/number/total_order.h"
#include "compute/kernels/kernels.h"

#define NR    (NV * VL)
#define LOW   (MR * 2 / 3) /* rows of a low tile */
#define LINE  16           /* floats of a line of the cache */
#define AHEAD 512 /* floats: memory is asked so long before, as its own prefetching is too late */
#if !defined(v_stream)
#define v_stream  v_store
#define v_fence() (void)0
#endif
#if defined(__clang__) /* unrolls them anyway */
#define UNROLLED
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

/* The tile of the first mr rows and the first nv vectors of the panel; both are constants wherever
 * this is inlined. */
static inline __attribute__((always_inline)) void tile_of(const int mr, const int nv,
                                                          const dp_runs *r, const float *const a[],
                                                          const float *panel, const float *bias,
                                                          float *const out[])
{
    const int64_t to_next_row = r->row_stride - (r->taps - 1) * r->tap_stride;
    const int64_t to_next_plane =
        r->plane_stride - (r->rows - 1) * r->row_stride - (r->taps - 1) * r->tap_stride;
    const float *rows[MR];
    vf acc[MR][NV];

    UNROLLED for (int i = 0; i < mr; i++)
    {
        rows[i] = a[i];
        for (int j = 0; j < nv * VL; j += LINE)
            __builtin_prefetch(out[i] + j, 1);
        UNROLLED for (int j = 0; j < nv; j++) acc[i][j] = v_zero();
    }
    for (int64_t left = r->planes * r->rows, row = 1; left > 0; left--, row++) {
        const bool last = row == r->rows;
        for (int64_t tap = 1; tap <= r->taps; tap++) {
            const int64_t step =
                tap < r->taps ? r->tap_stride : (last ? to_next_plane : to_next_row);
            for (int64_t k = 0; k < r->run; k++, panel += NR) {
                vf b[NV];
                UNROLLED for (int j = 0; j < nv; j++) b[j] = v_load(panel + j * VL);
                UNROLLED for (int i = 0; i < mr; i++)
                {
                    const vf x = v_set1(rows[i][k]);
                    UNROLLED for (int j = 0; j < nv; j++) acc[i][j] = v_fma(x, b[j], acc[i][j]);
                }
            }
            UNROLLED for (int i = 0; i < mr; i++) rows[i] += step;
        }
        row = last ? 0 : row;
    }
    UNROLLED for (int i = 0; i < mr; i++)
    {
        UNROLLED for (int j = 0; j < nv; j++) v_store(
            out[i] + j * VL, bias != NULL ? v_add(acc[i][j], v_load(bias + j * VL)) : acc[i][j]);
    }
}

#define TILE(name, mr, nv)                                                                         \
    static void name(const dp_runs *r, const float *const a[], const float *panel,                 \
                     const float *bias, float *const out[])                                        \
    {                                                                                              \
        tile_of(mr, nv, r, a, panel, bias, out);                                                   \
    }
TILE(tile, MR, NV)
TILE(narrow_tile, MR, 1)
TILE(low_tile, LOW, NV)
TILE(low_narrow_tile, LOW, 1)

/* The outer products of the first nv vectors, likewise; the others are +0. */
static inline __attribute__((always_inline)) void outer_of(const int mr, const int nv,
                                                           const dp_grid *p, const float *left,
                                                           const float *panel, float *out,
                                                           dp_mode mode)
{
    const int64_t step = p->col_stride, right_step = p->right_step, ahead_step = p->ahead_step;
    const float *ahead = p->ahead;
    vf acc[MR][NV];

    UNROLLED for (int i = 0; i < mr; i++)
    {
        UNROLLED for (int j = 0; j < nv; j++) acc[i][j] =
            mode == DP_GO_ON ? v_load(out + i * NR + j * VL) : v_zero();
    }
    for (int64_t row = 0; row < p->rows; row++) {
        const float *a = left + row * p->row_stride;
        for (int64_t col = 0; col < p->cols; col++) {
            vf b[NV];
            __builtin_prefetch(ahead, 0, 2); /* the second cache: the first is busy */
            UNROLLED for (int j = 0; j < nv; j++) b[j] = v_load(panel + j * VL);
            UNROLLED for (int i = 0; i < mr; i++)
            {
                const vf x = v_set1(a[i]);
                UNROLLED for (int j = 0; j < nv; j++) acc[i][j] = v_fma(x, b[j], acc[i][j]);
            }
            a += step, panel += right_step, ahead += ahead_step;
        }
    }
    UNROLLED for (int i = 0; i < mr; i++)
    {
        UNROLLED for (int j = 0; j < nv; j++)
        {
            float *to = out + i * NR + j * VL;
            v_store(to, mode == DP_ADD ? v_add(v_load(to), acc[i][j]) : acc[i][j]);
        }
        UNROLLED for (int j = nv; j < NV; j++) v_store(out + i * NR + j * VL, v_zero());
    }
}

#define OUTER(name, mr, nv)                                                                        \
    static void name(const dp_grid *p, const float *left, const float *panel, float *out,          \
                     dp_mode mode)                                                                 \
    {                                                                                              \
        outer_of(mr, nv, p, left, panel, out, mode);                                               \
    }
OUTER(outer, MR, NV)
OUTER(narrow_outer, MR, 1)
OUTER(low_outer, LOW, NV)
OUTER(low_narrow_outer, LOW, 1)

/* Rows of a tile whose leaves are added together: so few that the sums of three leaves fit the
 * registers where there are 32, which a tile of 24 vectors says.  Else all: fewer would be more
 * loads than products, and some sums have to wait in memory anyway. */
#define LEAF_ROWS (MR * NV < 24 ? MR : MR % 3 == 0 ? MR / 3 : MR / 4)

static inline __attribute__((always_inline)) void add_rows(vf to[LEAF_ROWS][NV],
                                                           vf from[LEAF_ROWS][NV])
{
    UNROLLED for (int i = 0; i < LEAF_ROWS; i++)
    {
        UNROLLED for (int j = 0; j < NV; j++) to[i][j] = v_add(to[i][j], from[i][j]);
    }
}

/* Of the leaf that begins at place number `first`. */
static inline __attribute__((always_inline)) void leaf_of(const int64_t first, const int64_t places,
                                                          const int64_t step, const float *left,
                                                          const float *panel, vf acc[LEAF_ROWS][NV])
{
    left += first * step, panel += first * NR;
    UNROLLED for (int i = 0; i < LEAF_ROWS; i++)
    {
        UNROLLED for (int j = 0; j < NV; j++) acc[i][j] = v_zero();
    }
    for (int64_t p = 0; p < places; p++, left += step, panel += NR) {
        vf b[NV];
        UNROLLED for (int j = 0; j < NV; j++) b[j] = v_load(panel + j * VL);
        UNROLLED for (int i = 0; i < LEAF_ROWS; i++)
        {
            const vf x = v_set1(left[i]);
            UNROLLED for (int j = 0; j < NV; j++) acc[i][j] = v_fma(x, b[j], acc[i][j]);
        }
    }
}

/* The TREE of up to four leaves, of a few rows. */
static inline __attribute__((always_inline)) void leaf_rows(const int64_t places,
                                                            const int64_t leaf, const int64_t step,
                                                            const float *left, const float *panel,
                                                            vf sum[LEAF_ROWS][NV])
{
    vf right[LEAF_ROWS][NV], last[LEAF_ROWS][NV];
#define LEAF(number, acc)                                                                          \
    leaf_of((number)*leaf, places < ((number) + 1) * leaf ? places - (number)*leaf : leaf, step,   \
            left, panel, acc)

    LEAF(0, sum);
    if (places > leaf) {
        LEAF(1, right);
        add_rows(sum, right);
    }
    if (places > 2 * leaf) {
        LEAF(2, right);
        if (places > 3 * leaf) {
            LEAF(3, last);
            add_rows(right, last);
        }
        add_rows(sum, right);
    }
}

/* Whole leaves of the usual size without a branch. */
static void leaves(const dp_leaves *l, const float *left, const float *panel, float *out,
                   dp_mode mode)
{
    for (int row = 0; row < MR; row += LEAF_ROWS, left += LEAF_ROWS, out += LEAF_ROWS * NR) {
        vf sum[LEAF_ROWS][NV];
        if (l->leaf == 4 && l->places == 16)
            leaf_rows(16, 4, l->step, left, panel, sum);
        else
            leaf_rows(l->places, l->leaf, l->step, left, panel, sum);
        UNROLLED for (int i = 0; i < LEAF_ROWS; i++)
        {
            UNROLLED for (int j = 0; j < NV; j++)
            {
                float *to = out + i * NR + j * VL;
                v_store(to, mode == DP_ADD ? v_add(v_load(to), sum[i][j]) : sum[i][j]);
            }
        }
    }
}

#include "compute/kernels/filtering.h"

#define CHAIN_VECTORS 4

static void chain(int64_t n, int64_t k, const float *a, int64_t step, const float *x,
                  int64_t stride, float *y)
{
    int64_t j = 0;

    for (; j + CHAIN_VECTORS * VL <= n; j += CHAIN_VECTORS * VL) {
        vf acc[CHAIN_VECTORS];
        UNROLLED for (int v = 0; v < CHAIN_VECTORS; v++) acc[v] = v_load(y + j + v * VL);
        for (int64_t i = 0; i < k; i++) {
            const vf f = v_set1(a[i * step]);
            UNROLLED for (int v = 0; v < CHAIN_VECTORS; v++) acc[v] =
                v_fma(f, v_load(x + i * stride + j + v * VL), acc[v]);
        }
        UNROLLED for (int v = 0; v < CHAIN_VECTORS; v++) v_store(y + j + v * VL, acc[v]);
    }
    for (; j + VL <= n; j += VL) {
        vf acc = v_load(y + j);
        for (int64_t i = 0; i < k; i++)
            acc = v_fma(v_set1(a[i * step]), v_load(x + i * stride + j), acc);
        v_store(y + j, acc);
    }
    for (; j < n; j++) {
        for (int64_t i = 0; i < k; i++)
            y[j] = dp_fma32(a[i * step], x[i * stride + j], y[j]);
    }
}

static void stream(int64_t rows, int64_t n, const float *tile, float *const out[])
{
    for (int64_t i = 0; i < rows; i++, tile += NR) {
        const bool aligned = (uintptr_t)out[i] % (VL * sizeof *tile) == 0;
        int64_t j = 0;
        if (out[i] == NULL)
            continue;
        for (; j + VL <= n; j += VL) {
            if (aligned)
                v_stream(out[i] + j, v_load(tile + j));
            else
                v_store(out[i] + j, v_load(tile + j));
        }
        for (; j < n; j++)
            out[i][j] = tile[j];
    }
}

static void fence(void) { v_fence(); }

static void add(int64_t n, float *left, const float *right)
{
    for (int64_t i = 0; i < n; i++)
        left[i] += right[i];
}

static void add_to_rows(int64_t rows, int64_t n, float *left, int64_t stride, const float *right)
{
    int64_t j = 0;

    for (; j + VL <= n; j += VL) {
        const vf number = v_load(right + j);
        for (int64_t i = 0; i < rows; i++) {
            float *at = left + i * stride + j;
            v_store(at, v_add(v_load(at), number));
        }
    }
    for (; j < n; j++) {
        for (int64_t i = 0; i < rows; i++)
            left[i * stride + j] += right[j];
    }
}

#define NUMBER(v) (v)
#define SQUARE(v) ((v) * (v))

/* Doubles of a vector. */
#define DL (VL > 1 ? VL / 2 : 1)

#define WIDE  (VL / DL) /* vectors of doubles that a vector's floats become */
#define STRIP 32        /* rows whose columns are taken in turn, while they are in the cache */

#define COLUMNS(name, op, term)                                                                    \
    static void name(int64_t rows, int64_t n, const float *x, int64_t stride, double *out)         \
    {                                                                                              \
        for (int64_t left = rows; left > 0; left -= STRIP, x += STRIP * stride) {                  \
            const int64_t strip = left < STRIP ? left : STRIP;                                     \
            int64_t j = 0;                                                                         \
            for (; j + VL <= n; j += VL) {                                                         \
                vd sum[WIDE];                                                                      \
                memcpy(sum, out + j, sizeof sum);                                                  \
                for (int64_t i = 0; i < strip; i++) {                                              \
                    __builtin_prefetch(x + i * stride + j + AHEAD);                                \
                    UNROLLED for (int v = 0; v < WIDE; v++) sum[v] =                               \
                        sum[v] op term(v_widen(x + i * stride + j + v * DL));                      \
                }                                                                                  \
                memcpy(out + j, sum, sizeof sum);                                                  \
            }                                                                                      \
            for (; j < n; j++) {                                                                   \
                for (int64_t i = 0; i < strip; i++)                                                \
                    out[j] = out[j] op term((double)x[i * stride + j]);                            \
            }                                                                                      \
        }                                                                                          \
    }
COLUMNS(column_sum, +, NUMBER)
COLUMNS(column_square, +, SQUARE)
COLUMNS(column_product, *, NUMBER)

static void moments(int64_t rows, int64_t n, const float *x, double *s1, double *s2)
{
    for (int64_t left = rows; left > 0; left -= STRIP, x += STRIP * n) {
        const int64_t strip = left < STRIP ? left : STRIP;
        int64_t j = 0;
        for (; j + VL <= n; j += VL) {
            vd sum[WIDE], square[WIDE];
            memcpy(sum, s1 + j, sizeof sum), memcpy(square, s2 + j, sizeof square);
            for (int64_t i = 0; i < strip; i++) {
                __builtin_prefetch(x + i * n + j + AHEAD);
                UNROLLED for (int v = 0; v < WIDE; v++)
                {
                    const vd number = v_widen(x + i * n + j + v * DL);
                    sum[v] += number;
                    square[v] += number * number;
                }
            }
            memcpy(s1 + j, sum, sizeof sum), memcpy(s2 + j, square, sizeof square);
        }
        for (; j < n; j++) {
            for (int64_t i = 0; i < strip; i++) {
                s1[j] += (double)x[i * n + j];
                s2[j] += SQUARE((double)x[i * n + j]);
            }
        }
    }
}

static void gradient_moments(int64_t rows, int64_t n, const float *mean, const float *r,
                             const float *x, const float *dy, double *s1, double *s2)
{
    for (int64_t left = rows; left > 0; left -= STRIP, x += STRIP * n, dy += STRIP * n) {
        const int64_t strip = left < STRIP ? left : STRIP;
        int64_t j = 0;
        for (; j + VL <= n; j += VL) {
            const vf middle = v_load(mean + j), scale = v_load(r + j);
            vd sum[WIDE], product[WIDE];
            memcpy(sum, s1 + j, sizeof sum), memcpy(product, s2 + j, sizeof product);
            for (int64_t i = 0; i < strip; i++) {
                const int64_t at = i * n + j;
                float h[VL];
                __builtin_prefetch(x + at + AHEAD), __builtin_prefetch(dy + at + AHEAD);
                v_store(h, v_mul(v_sub(v_load(x + at), middle), scale));
                UNROLLED for (int v = 0; v < WIDE; v++)
                {
                    const vd number = v_widen(dy + at + v * DL);
                    sum[v] += number;
                    product[v] += number * v_widen(h + v * DL);
                }
            }
            memcpy(s1 + j, sum, sizeof sum), memcpy(s2 + j, product, sizeof product);
        }
        for (; j < n; j++) {
            for (int64_t i = 0; i < strip; i++) {
                const float h = (x[i * n + j] - mean[j]) * r[j];
                s1[j] += (double)dy[i * n + j];
                s2[j] += (double)dy[i * n + j] * (double)h;
            }
        }
    }
}

static void normalize(int64_t rows, int64_t n, const float *x, const float *mean,
                      const float *scale, const float *offset, float *y)
{
    for (; rows > 0; rows--, x += n, y += n) {
        for (int64_t j = 0; j < n; j++)
            y[j] = dp_fma32(x[j] - mean[j], scale[j], offset[j]);
    }
}

static void normalize_gradient(int64_t rows, int64_t n, const dp_normal *c, const float *x,
                               const float *dy, float *dx)
{
    for (; rows > 0; rows--, x += n, dy += n, dx += n) {
        for (int64_t j = 0; j < n; j++)
            dx[j] = c->scale[j] *
                    dp_fma32(-((x[j] - c->mean[j]) * c->r[j]), c->k2[j], dy[j] - c->k1[j]);
    }
}

static void normalize_row(int64_t n, const float *x, float mean, float r, const float *gamma,
                          const float *beta, float *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = dp_fma32((x[i] - mean) * r, gamma[i], beta[i]);
}

static void row_terms(int64_t n, const float *dy, const float *x, float mean, float r,
                      const float *gamma, float *g, float *h)
{
    for (int64_t i = 0; i < n; i++) {
        g[i] = dy[i] * gamma[i];
        h[i] = (x[i] - mean) * r;
    }
}

static void row_gradient(int64_t n, const float *g, const float *h, float r, float k1, float k2,
                         float *dx)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = r * dp_fma32(-h[i], k2, g[i] - k1);
}

/* Without branches, so that it runs in vectors. */
static void max(int64_t n, const float *v, int32_t place, float *y, int32_t *winner)
{
    for (int64_t i = 0; i < n; i++) {
        const bool take = (v[i] > y[i]) | ((v[i] != v[i]) & (y[i] == y[i]));
        y[i] = take ? v[i] : y[i];
        winner[i] = take ? place : winner[i];
    }
}

static void route(int64_t n, const float *dy, const int32_t *winner, int32_t place, float *dx)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = 0.0f + (winner[i] == place ? dy[i] : 0.0f);
}

static void relu(int64_t n, float *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = y[i] <= 0.0f ? 0.0f : y[i];
}

static void relu_gradient(int64_t n, const float *y, float *dx)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = y[i] <= 0.0f ? 0.0f : dx[i];
}

#define FUNCTION(name, value)                                                                      \
    static void name(int64_t n, const float *x, float *y)                                          \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++)                                                            \
            y[i] = value;                                                                          \
    }
FUNCTION(sigmoid_of, (float)dp_sigmoid_core((double)x[i]))
FUNCTION(tanh_of, (float)dp_tanh_core((double)x[i]))
FUNCTION(fast_sigmoid, dp_fast_sigmoid_core(x[i]))
FUNCTION(fast_tanh, dp_fast_tanh_core(x[i]))

static void sigmoid_gradient(int64_t n, const float *y, float *dx)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] *= y[i] * (1.0f - y[i]);
}

static void tanh_gradient(int64_t n, const float *y, float *dx)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] *= dp_fma32(-y[i], y[i], 1.0f);
}

static void fma_of(int64_t n, const float *a, const float *b, const float *c, float *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = dp_fma32(a[i], b[i], c[i]);
}

/* The lanes stay in registers: copied in and out. */
#define LANES(term, does)                                                                          \
    double sum[16];                                                                                \
    memcpy(sum, lane, sizeof sum);                                                                 \
    for (int64_t i = 0; i < n; i += 16) {                                                          \
        for (int64_t j = 0; j < 16; j++)                                                           \
            sum[j] does term;                                                                      \
    }                                                                                              \
    memcpy(lane, sum, sizeof sum)

static void lane_sum(int64_t n, const float *x, double lane[16]) { LANES((double)x[i + j], +=); }

static void lane_square(int64_t n, const float *x, double lane[16])
{
    LANES((double)x[i + j] * (double)x[i + j], +=);
}

static void lane_dot(int64_t n, const float *x, const float *y, double lane[16])
{
    LANES((double)x[i + j] * (double)y[i + j], +=);
}

static void lane_product(int64_t n, const float *x, double lane[16])
{
    LANES((double)x[i + j], *=);
}

/* Sixteen lanes as DV vectors. */
#define DV (16 / DL)

/* The lanes of one vector become one: lane j and lane j + w for w = DL / 2 ... 1. */
#define TWO_TO_ONE(v, does)                                                                        \
    double one = (v)[0];                                                                           \
    one does(v)[1]
#define FOUR_TO_ONE(v, does)                                                                       \
    __m128d two = _mm256_castpd256_pd128(v);                                                       \
    two does _mm256_extractf128_pd(v, 1);                                                          \
    TWO_TO_ONE(two, does)
#if VL == 16
#define TO_ONE(v, does)                                                                            \
    __m256d four = _mm512_castpd512_pd256(v);                                                      \
    four does _mm512_extractf64x4_pd(v, 1);                                                        \
    FOUR_TO_ONE(four, does)
#elif VL == 8
#define TO_ONE FOUR_TO_ONE
#elif VL == 4
#define TO_ONE TWO_TO_ONE
#else
#define TO_ONE(v, does) const double one = v
#endif

/* Rows whose lanes never leave the registers. */
#define ROWS(name, start, term, does)                                                              \
    static void name(int64_t rows, int64_t n, const float *x, double *out)                         \
    {                                                                                              \
        const int64_t whole = n / 16 * 16;                                                         \
        for (int64_t r = 0; r < rows; r++, x += n) {                                               \
            vd sum[DV];                                                                            \
            UNROLLED for (int v = 0; v < DV; v++) sum[v] = v_set1d(start);                         \
            for (int64_t i = 0; i < whole; i += 16) {                                              \
                __builtin_prefetch(x + i + AHEAD);                                                 \
                UNROLLED for (int v = 0; v < DV; v++) sum[v] does term(v_widen(x + i + v * DL));   \
            }                                                                                      \
            if (whole < n) {                                                                       \
                double tail[16];                                                                   \
                memcpy(tail, sum, sizeof tail);                                                    \
                for (int64_t j = 0; whole + j < n; j++)                                            \
                    tail[j] does term((double)x[whole + j]);                                       \
                memcpy(sum, tail, sizeof tail);                                                    \
            }                                                                                      \
            UNROLLED for (int w = DV / 2; w > 0; w /= 2)                                           \
            {                                                                                      \
                UNROLLED for (int v = 0; v < w; v++) sum[v] does sum[v + w];                       \
            }                                                                                      \
            TO_ONE(sum[0], does);                                                                  \
            out[r] = one;                                                                          \
        }                                                                                          \
    }
ROWS(row_sum, 0.0, NUMBER, +=)
ROWS(row_square, 0.0, SQUARE, +=)
ROWS(row_product, 1.0, NUMBER, *=)

/* Integers: the order is free. */
#define EXTREMES(name, worst, nan, better)                                                         \
    static void name(int64_t rows, int64_t n, const float *x, double *out)                         \
    {                                                                                              \
        for (int64_t r = 0; r < rows; r++, x += n) {                                               \
            int32_t best = worst;                                                                  \
            for (int64_t i = 0; i < n; i++) {                                                      \
                const int32_t key = dp_order_key(x[i], nan);                                       \
                best = key better best ? key : best;                                               \
            }                                                                                      \
            out[r] = (double)dp_order_number(best, nan);                                           \
        }                                                                                          \
    }
EXTREMES(row_max, INT32_MIN, INT32_MAX, >)
EXTREMES(row_min, INT32_MAX, INT32_MIN, <)

static bool finite(int64_t n, const float *x)
{
    uint32_t found = 0;

    for (int64_t i = 0; i < n; i++)
        found |= !dp_is_finite32(x[i]);
    return found == 0;
}

static float decayed(const dp_update *u, float p, float g)
{
    return u->weight_decay != 0 ? dp_fma32(u->weight_decay, p, g) : g;
}

static void sgd(const dp_update *u, int64_t n, float *p, const float *g)
{
    for (int64_t i = 0; i < n; i++)
        p[i] = dp_fma32(-u->learning_rate, decayed(u, p[i], g[i]), p[i]);
}

static void momentum(const dp_update *u, int64_t n, float *p, const float *g, float *v)
{
    for (int64_t i = 0; i < n; i++) {
        const float d = decayed(u, p[i], g[i]);
        v[i] = dp_fma32(u->momentum, v[i], d);
        p[i] =
            dp_fma32(-u->learning_rate, u->nesterov ? dp_fma32(u->momentum, v[i], d) : v[i], p[i]);
    }
}

static void adam(const dp_adam *a, int64_t n, float *p, const float *g, float *m, float *v)
{
    for (int64_t i = 0; i < n; i++) {
        const float kept = a->shrink != 0 ? dp_fma32(-a->shrink, p[i], p[i]) : p[i];
        const float d = a->weight_decay != 0 ? dp_fma32(a->weight_decay, p[i], g[i]) : g[i];
        m[i] = dp_fma32(a->new1, d - m[i], m[i]);
        v[i] = dp_fma32(a->beta2, v[i], a->new2 * d * d);
        p[i] = dp_fma32(-a->rate, m[i] / dp_fma32(dp_sqrt32(v[i]), a->scale, a->eps), kept);
    }
}

static void centered(const dp_rmsprop *r, int64_t n, float *p, const float *g, float *v, float *m,
                     float *mean)
{
    for (int64_t i = 0; i < n; i++) {
        const float d = r->weight_decay != 0 ? dp_fma32(r->weight_decay, p[i], g[i]) : g[i];
        float s;
        v[i] = dp_fma32(r->old, v[i], r->new *d *d);
        mean[i] = dp_fma32(r->new, d - mean[i], mean[i]);
        s = dp_fma32(-mean[i], mean[i], v[i]);
        s = (s < 0 ? 0 : s) + r->under;
        m[i] = dp_fma32(r->momentum, m[i], r->before * d / (dp_sqrt32(s) + r->eps));
        p[i] = dp_fma32(-r->after, m[i], p[i]);
    }
}

static void rmsprop(const dp_rmsprop *r, int64_t n, float *p, const float *g, float *v, float *m,
                    float *mean)
{
    if (mean != NULL) {
        centered(r, n, p, g, v, m, mean);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        const float d = r->weight_decay != 0 ? dp_fma32(r->weight_decay, p[i], g[i]) : g[i];
        v[i] = dp_fma32(r->old, v[i], r->new *d *d);
        m[i] = dp_fma32(r->momentum, m[i], r->before * d / (dp_sqrt32(v[i]) + r->eps));
        p[i] = dp_fma32(-r->after, m[i], p[i]);
    }
}

_Static_assert(MR % LEAF_ROWS == 0, "leaves are added a part of a tile at a time");
_Static_assert(MR <= DP_MAX_MR && NR <= DP_MAX_NR && MR * NR <= DP_MAX_TILE,
               "a tile must fit the callers' buffers");

const dp_kernels KERNELS = {
    .name = KERNELS_NAME,
    .mr = MR,
    .low = LOW,
    .nr = NR,
    .narrow = VL,
    .tile = {{tile, narrow_tile}, {low_tile, low_narrow_tile}},
    .outer = {{outer, narrow_outer}, {low_outer, low_narrow_outer}},
    .leaves = leaves,
    .product = {{product, narrow_product}, {low_product, low_narrow_product}},
    .filtering = {FILTERINGS},
    .chain = chain,
    .stream = stream,
    .fence = fence,
    .add = add,
    .add_to_rows = add_to_rows,
    .column_sum = column_sum,
    .column_square = column_square,
    .column_product = column_product,
    .moments = moments,
    .gradient_moments = gradient_moments,
    .normalize = normalize,
    .normalize_gradient = normalize_gradient,
    .normalize_row = normalize_row,
    .row_terms = row_terms,
    .row_gradient = row_gradient,
    .max = max,
    .route = route,
    .relu = relu,
    .relu_gradient = relu_gradient,
    .lane_sum = lane_sum,
    .lane_square = lane_square,
    .lane_dot = lane_dot,
    .lane_product = lane_product,
    .row_sum = row_sum,
    .row_square = row_square,
    .row_product = row_product,
    .row_max = row_max,
    .row_min = row_min,
    .sigmoid = {sigmoid_of, fast_sigmoid},
    .tanh = {tanh_of, fast_tanh},
    .sigmoid_gradient = sigmoid_gradient,
    .tanh_gradient = tanh_gradient,
    .fma = fma_of,
    .finite = finite,
    .sgd = sgd,
    .momentum = momentum,
    .adam = adam,
    .rmsprop = rmsprop,
};
