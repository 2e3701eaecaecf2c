/* template.h - the inner loops, written once over vector macros
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * An instruction set's file defines vf, VL (floats of a vf), NV (vf of a tile row), MR, v_zero,
 * v_load, v_store, v_set1, v_fma and KERNELS, then includes this.  Vectors run across outputs,
 * never along a chain.
 */
#include "base/num.h"
#include "compute/kernels/kernels.h"

#define NR (NV * VL)

static void tile(int64_t runs, int64_t run, int64_t stride, const float *const a[],
                 const float *panel, float *out)
{
    const float *rows[MR];
    vf acc[MR][NV];

    for (int i = 0; i < MR; i++) {
        rows[i] = a[i];
        for (int j = 0; j < NV; j++)
            acc[i][j] = v_zero();
    }
    for (int64_t r = 0; r < runs; r++) {
        for (int64_t k = 0; k < run; k++, panel += NR) {
            vf b[NV];
            for (int j = 0; j < NV; j++)
                b[j] = v_load(panel + j * VL);
            for (int i = 0; i < MR; i++) {
                const vf x = v_set1(rows[i][k]);
                for (int j = 0; j < NV; j++)
                    acc[i][j] = v_fma(x, b[j], acc[i][j]);
            }
        }
        for (int i = 0; i < MR; i++)
            rows[i] += stride;
    }
    for (int i = 0; i < MR; i++) {
        for (int j = 0; j < NV; j++)
            v_store(out + i * NR + j * VL, acc[i][j]);
    }
}

static void outer(const dp_places *p, const float *const a[], const float *panel, float *out)
{
    const int64_t stride = p->col_stride;
    vf acc[MR][NV];

    for (int i = 0; i < MR; i++) {
        for (int j = 0; j < NV; j++)
            acc[i][j] = v_zero();
    }
    for (int64_t image = 0; image < p->images; image++) {
        for (int64_t row = 0; row < p->rows; row++) {
            const float *end = panel + p->cols * NR;
            int64_t at = image * p->image_stride + row * p->row_stride;
            for (; panel != end; panel += NR, at += stride) {
                vf b[NV];
                for (int j = 0; j < NV; j++)
                    b[j] = v_load(panel + j * VL);
                for (int i = 0; i < MR; i++) {
                    const vf x = v_set1(a[i][at]);
                    for (int j = 0; j < NV; j++)
                        acc[i][j] = v_fma(x, b[j], acc[i][j]);
                }
            }
        }
    }
    for (int i = 0; i < MR; i++) {
        for (int j = 0; j < NV; j++)
            v_store(out + i * NR + j * VL, acc[i][j]);
    }
}

static void add(int64_t n, float *left, const float *right)
{
    for (int64_t i = 0; i < n; i++)
        left[i] += right[i];
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

_Static_assert(MR <= DP_MAX_MR && NR <= DP_MAX_NR, "a tile must fit the callers' buffers");

const dp_kernels KERNELS = {KERNELS_NAME, MR, NR, tile, outer, add, sgd, momentum};
