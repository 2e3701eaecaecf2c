/* neon.c - the kernels for aarch64
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/kernels/kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define vf             float32x4_t
#define VL             4
#define NV             3
#define MR             8
#define v_zero()       vdupq_n_f32(0.0f)
#define v_load         vld1q_f32
#define v_store        vst1q_f32
#define v_set1         vdupq_n_f32
#define v_add          vaddq_f32
#define v_sub          vsubq_f32
#define v_mul          vmulq_f32
#define v_fma(a, b, c) vfmaq_f32(c, a, b)
#define vd             float64x2_t
#define v_widen(p)     vcvt_f64_f32(vld1_f32(p))
#define v_set1d        vdupq_n_f64
#define KERNELS        dp_kernels_neon
#define KERNELS_NAME   "neon"
#include "compute/kernels/template.h"
#endif
