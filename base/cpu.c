/* cpu.c - what this machine has
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/cpu.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

uint32_t dp_cpu_count(void)
{
    cpu_set_t set;
    int n = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        n = CPU_COUNT(&set);
    return n < 1 ? 1 : n > DP_MAX_THREADS ? DP_MAX_THREADS : (uint32_t)n;
}

static const char *const level_names[] = {"scalar", "neon", "sse2", "avx2", "avx512"};

const char *dp_cpu_level_name(dp_cpu_level level) { return level_names[level]; }

dp_cpu_level dp_cpu_best(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return DP_CPU_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return DP_CPU_AVX2;
    return DP_CPU_SSE2;
#elif defined(__aarch64__)
    return DP_CPU_NEON;
#else
    return DP_CPU_SCALAR;
#endif
}

bool dp_cpu_has(dp_cpu_level level)
{
    return level == DP_CPU_SCALAR ||
           (level <= dp_cpu_best() && (level == DP_CPU_NEON) == (dp_cpu_best() == DP_CPU_NEON));
}

dp_status dp_cpu_level_get(const char *given, dp_cpu_level *out, dp_error *err)
{
    const char *name = given != NULL ? given : getenv("DETPIPE_CPU");
    char known[64];
    size_t n = 0;

    if (name == NULL || (given == NULL && name[0] == '\0')) {
        *out = dp_cpu_best();
        return DP_OK;
    }
    for (int level = 0; level <= DP_CPU_AVX512; level++) {
        if (!dp_cpu_has((dp_cpu_level)level))
            continue;
        if (strcmp(name, level_names[level]) == 0) {
            *out = (dp_cpu_level)level;
            return DP_OK;
        }
        n += (size_t)snprintf(known + n, sizeof known - n, " %s", level_names[level]);
    }
    return dp_fail(err, DP_EINVAL,
                   "%s=%.32s is not an instruction set of this machine (%s): "
                   "use one of those, or unset it",
                   given != NULL ? "dp_options.cpu" : "DETPIPE_CPU", name, known + 1);
}
