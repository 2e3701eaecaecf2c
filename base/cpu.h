/* cpu.h - what this machine has
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_CPU_H
#define BASE_CPU_H

#include <stdbool.h>

#include "detpipe_base.h"

#define DP_MAX_THREADS  1024
#define DP_MAX_PREFETCH 65536
#define DP_MAX_RANKS    4096 /* of a dp_group */

typedef enum dp_cpu_level {
    DP_CPU_SCALAR,
    DP_CPU_NEON,
    DP_CPU_SSE2,
    DP_CPU_AVX2,
    DP_CPU_AVX512
} dp_cpu_level;

uint32_t dp_cpu_count(void); /* CPUs that this process may use, 1 to DP_MAX_THREADS */

/* The instruction set that dp_options.cpu (`given`) names; NULL: that of the environment variable
 * DETPIPE_CPU=scalar|neon|sse2|avx2|avx512; without it the best of this machine.  DP_EINVAL for
 * another word or for one that is not here. */
dp_status dp_cpu_level_get(const char *given, dp_cpu_level *out, dp_error *err);
bool dp_cpu_has(dp_cpu_level);
dp_cpu_level dp_cpu_best(void);
const char *dp_cpu_level_name(dp_cpu_level);

#endif
