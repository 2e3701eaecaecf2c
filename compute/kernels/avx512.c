/* avx512.c - the kernels for x86-64 with AVX-512
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/kernels/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define vf           __m512
#define VL           16
#define NV           2
#define MR           12
#define v_zero       _mm512_setzero_ps
#define v_load       _mm512_loadu_ps
#define v_store      _mm512_storeu_ps
#define v_stream     _mm512_stream_ps
#define v_fence      _mm_sfence
#define v_set1       _mm512_set1_ps
#define v_add        _mm512_add_ps
#define v_sub        _mm512_sub_ps
#define v_mul        _mm512_mul_ps
#define v_fma        _mm512_fmadd_ps
#define vd           __m512d
#define v_widen(p)   _mm512_cvtps_pd(_mm256_loadu_ps(p))
#define v_set1d      _mm512_set1_pd
#define KERNELS      dp_kernels_avx512
#define KERNELS_NAME "avx512"
#include "compute/kernels/template.h"
#endif
