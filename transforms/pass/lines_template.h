/* lines_template.h - the inner loop of lines.h, written once over vector macros
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * An instruction set's file defines vf, vi and vm (floats, the places of bytes, a mask), VL (floats
 * of a vf), v_places and v_mask (which load the latter two), v_pick (bytes by their places, as
 * floats), v_choose (b where the mask is set, else a), v_set1, v_store, v_stream (past the caches,
 * a whole vector's place), v_fence (other threads see those), v_sub, v_mul, v_fma (a * b + c) and
 * v_fnma (c - a * b), then includes this.
 */
#define PARTS (DP_CHUNK / VL)

static inline __attribute__((always_inline)) void write_lines(const struct dp_lines *l,
                                                              const struct dp_value *k,
                                                              const uint8_t *plane, float *dst,
                                                              bool streams)
{
    const vf a = v_set1(k->a), b = v_set1(k->b), m = v_set1(k->m), s = v_set1(k->s);
    const vf r = v_set1(k->r), around = v_set1(k->around);
    const int64_t height = l->height, width = l->width, width_in = l->width_in;
    const int32_t *rows = l->rows;

    for (const struct dp_chunk *c = l->chunks; c < l->chunks + l->n_chunks; c++) {
        const uint8_t *from = plane + c->from;
        float *to = dst + c->x;
        vi places[PARTS];
        vm outside[PARTS];
        for (int p = 0; p < PARTS; p++) {
            places[p] = v_places(c->places + p * VL * 4);
            outside[p] = v_mask(c->outside + p * VL);
        }
        for (int64_t y = 0; y < height; y++, to += width) {
            for (int p = 0; p < PARTS; p++) {
                vf v = around;
                if (rows[y] >= 0) {
                    const vf x = v_pick(from + rows[y] * width_in, places[p]);
                    const vf u = v_sub(v_fma(x, a, b), m), q = v_mul(u, r);
                    v = v_choose(v_fma(v_fnma(q, s, u), r, q), around, outside[p]);
                }
                if (streams)
                    v_stream(to + p * VL, v);
                else
                    v_store(to + p * VL, v);
            }
        }
    }
}

/* Two loops: one that asks for each vector where it goes takes a seventh more instructions. */
static void lines(const struct dp_lines *l, const struct dp_value *k, const uint8_t *plane,
                  float *dst)
{
    if (l->streams) {
        write_lines(l, k, plane, dst, true);
        v_fence();
    } else {
        write_lines(l, k, plane, dst, false);
    }
}
