/* lines_avx512.c - the kernels of lines.h for x86-64 with AVX-512
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/pass/lines.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define load16(p)   _mm_loadu_si128((const __m128i *)(const void *)(p))
#define vf          __m512
#define vi          __m512i
#define vm          __mmask16
#define VL          16
#define v_places(p) _mm512_loadu_si512(p)
#define v_mask(p)   _mm512_test_epi32_mask(v_places(p), v_places(p))
#define v_pick(p, places)                                                                          \
    _mm512_cvtepi32_ps(_mm512_shuffle_epi8(_mm512_broadcast_i32x4(load16(p)), places))
#define v_choose(a, b, mask) _mm512_mask_blend_ps(mask, a, b)
#define v_set1               _mm512_set1_ps
#define v_store              _mm512_storeu_ps
#define v_stream             _mm512_stream_ps
#define v_fence              _mm_sfence
#define v_sub                _mm512_sub_ps
#define v_mul                _mm512_mul_ps
#define v_fma                _mm512_fmadd_ps
#define v_fnma               _mm512_fnmadd_ps
#include "transforms/pass/lines_template.h"

const dp_line_kernels dp_line_kernels_avx512 = {lines, dp_split_avx2};
#endif
