/* table.c - which kernels an instruction set has
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/kernels/kernels.h"

const dp_kernels *dp_kernels_of(dp_cpu_level level)
{
    switch (level) {
#if defined(__x86_64__)
    case DP_CPU_AVX512: return &dp_kernels_avx512;
    case DP_CPU_AVX2: return &dp_kernels_avx2;
    case DP_CPU_SSE2: return &dp_kernels_sse2;
#elif defined(__aarch64__)
    case DP_CPU_NEON: return &dp_kernels_neon;
#endif
    default: return &dp_kernels_scalar;
    }
}
