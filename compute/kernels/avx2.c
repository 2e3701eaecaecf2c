/* avx2.c - the kernels for x86-64 with AVX2 and FMA
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/kernels/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define vf           __m256
#define VL           8
#define NV           2
#define MR           6
#define v_zero       _mm256_setzero_ps
#define v_load       _mm256_loadu_ps
#define v_store      _mm256_storeu_ps
#define v_stream     _mm256_stream_ps
#define v_fence      _mm_sfence
#define v_set1       _mm256_set1_ps
#define v_add        _mm256_add_ps
#define v_sub        _mm256_sub_ps
#define v_mul        _mm256_mul_ps
#define v_fma        _mm256_fmadd_ps
#define vd           __m256d
#define v_widen(p)   _mm256_cvtps_pd(_mm_loadu_ps(p))
#define v_set1d      _mm256_set1_pd
#define KERNELS      dp_kernels_avx2
#define KERNELS_NAME "avx2"
#include "compute/kernels/template.h"
#endif
