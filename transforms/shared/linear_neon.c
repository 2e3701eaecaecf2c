/* linear_neon.c - the kernels of linear.h for AArch64
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/linear.h"

#if defined(__aarch64__)
#include <arm_neon.h>

static void across(const dp_linear_plan *p, const uint8_t *row, int16_t *out)
{
    for (int64_t i = 0; i < p->n; i++, out += 4) {
        const uint8x16_t bytes = vqtbl1q_u8(vld1q_u8(row + p->from[i]), vld1q_u8(p->places[i]));
        const int16x8_t pairs = vreinterpretq_s16_u8(bytes), weights = vld1q_s16(p->weights[i]);
        const int32x4_t first = vmull_s16(vget_low_s16(pairs), vget_low_s16(weights));
        const int32x4_t second = vmull_high_s16(pairs, weights);
        vst1_s16(out, vshrn_n_s32(vpaddq_s32(first, second), 4));
    }
}

/* Eight products' upper halves. */
static inline int16x8_t upper(int16x8_t a, int16x8_t f)
{
    return vcombine_s16(vshrn_n_s32(vmull_s16(vget_low_s16(a), vget_low_s16(f)), 16),
                        vshrn_n_s32(vmull_high_s16(a, f), 16));
}

static int64_t down(const int16_t *top, const int16_t *low, const int32_t fixed[2], int64_t n,
                    uint8_t *out)
{
    const int16x8_t f0 = vdupq_n_s16((int16_t)fixed[0]), f1 = vdupq_n_s16((int16_t)fixed[1]);
    int64_t i = 0;

    for (; n - i >= 8; i += 8) {
        const int16x8_t sum =
            vaddq_s16(upper(vld1q_s16(top + i), f0), upper(vld1q_s16(low + i), f1));
        vst1_u8(out + i, vqshrun_n_s16(vaddq_s16(sum, vdupq_n_s16(2)), 2));
    }
    return i;
}

const dp_linear_kernels dp_linear_neon = {across, down};
#endif
