/* sse2.c - the kernels for any x86-64: fused multiply-adds made of binary64
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * dp_fma32 (base/number/num.h), two at a time.  A vector is four floats held as doubles, rounded to
 * binary32 after each step.
 */
#include "compute/kernels/kernels.h"

#if defined(__x86_64__)
#include <emmintrin.h>

typedef struct vf4 {
    __m128d lo, hi;
} vf4;

/* a * b + c with the last bit set when bits were lost, and cut off, not rounded: the conversion
 * to binary32 is then the only rounding. */
static inline __m128d fma_to_odd(__m128d a, __m128d b, __m128d c)
{
    const __m128d p = _mm_mul_pd(a, b), s = _mm_add_pd(p, c), back = _mm_sub_pd(s, p);
    const __m128d e = _mm_add_pd(_mm_sub_pd(p, _mm_sub_pd(s, back)), _mm_sub_pd(c, back));
    const __m128d zero = _mm_setzero_pd();
    const __m128i lost = _mm_castpd_si128(_mm_or_pd(_mm_cmplt_pd(e, zero), _mm_cmpgt_pd(e, zero)));
    const __m128i beyond = _mm_srli_epi64(_mm_castpd_si128(_mm_xor_pd(e, s)), 63);
    const __m128i cut = _mm_sub_epi64(_mm_castpd_si128(s), _mm_and_si128(lost, beyond));
    return _mm_castsi128_pd(_mm_or_si128(cut, _mm_srli_epi64(lost, 63)));
}

static inline __m128d fma_pair(__m128d a, __m128d b, __m128d c)
{
    return _mm_cvtps_pd(_mm_cvtpd_ps(fma_to_odd(a, b, c)));
}

static inline vf4 fma4(vf4 a, vf4 b, vf4 c)
{
    return (vf4){fma_pair(a.lo, b.lo, c.lo), fma_pair(a.hi, b.hi, c.hi)};
}

/* Rounded in binary64 first, which changes nothing: 53 >= 2 * 24 + 2 bits (Figueroa, 1995). */
#define ROUNDED4(name, op)                                                                         \
    static inline vf4 name(vf4 a, vf4 b)                                                           \
    {                                                                                              \
        return (vf4){_mm_cvtps_pd(_mm_cvtpd_ps(op(a.lo, b.lo))),                                   \
                     _mm_cvtps_pd(_mm_cvtpd_ps(op(a.hi, b.hi)))};                                  \
    }
ROUNDED4(add4, _mm_add_pd)
ROUNDED4(sub4, _mm_sub_pd)
ROUNDED4(mul4, _mm_mul_pd)

static inline vf4 zero4(void) { return (vf4){_mm_setzero_pd(), _mm_setzero_pd()}; }

static inline vf4 set4(float x)
{
    const __m128d v = _mm_set1_pd((double)x);
    return (vf4){v, v};
}

static inline vf4 load4(const float *p)
{
    const __m128 v = _mm_loadu_ps(p);
    return (vf4){_mm_cvtps_pd(v), _mm_cvtps_pd(_mm_movehl_ps(v, v))};
}

static inline void store4(float *p, vf4 v)
{
    _mm_storeu_ps(p, _mm_movelh_ps(_mm_cvtpd_ps(v.lo), _mm_cvtpd_ps(v.hi)));
}

#define vf           vf4
#define VL           4
#define NV           2
#define MR           4
#define v_zero       zero4
#define v_load       load4
#define v_store      store4
#define v_set1       set4
#define v_add        add4
#define v_sub        sub4
#define v_mul        mul4
#define v_fma        fma4
#define vd           __m128d
#define v_widen(p)   _mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64((const void *)(p))))
#define v_set1d      _mm_set1_pd
#define KERNELS      dp_kernels_sse2
#define KERNELS_NAME "sse2"
#include "compute/kernels/template.h"
#endif
