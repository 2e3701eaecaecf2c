/* lines_neon.c - the kernels of lines.h for AArch64
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/pass/lines.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define vf                   float32x4_t
#define vi                   uint8x16_t
#define vm                   uint32x4_t
#define VL                   4
#define v_places(p)          vld1q_u8(p)
#define v_mask(p)            vld1q_u32(p)
#define v_pick(p, places)    vcvtq_f32_u32(vreinterpretq_u32_u8(vqtbl1q_u8(vld1q_u8(p), places)))
#define v_choose(a, b, mask) vbslq_f32(mask, b, a)
#define v_set1               vdupq_n_f32
#define v_store              vst1q_f32
#define v_stream             vst1q_f32
#define v_fence()
#define v_sub           vsubq_f32
#define v_mul           vmulq_f32
#define v_fma(a, b, c)  vfmaq_f32(c, a, b)
#define v_fnma(a, b, c) vfmsq_f32(c, a, b)
#include "transforms/pass/lines_template.h"

static int32_t split(const uint8_t *pixels, int32_t n, uint8_t *const planes[3])
{
    int32_t i = 0;

    for (; n - i >= 16; i += 16, pixels += 48) {
        const uint8x16x3_t v = vld3q_u8(pixels);
        for (int c = 0; c < 3; c++)
            vst1q_u8(planes[c] + i, v.val[c]);
    }
    return i;
}

const dp_line_kernels dp_line_kernels_neon = {lines, split};
#endif
