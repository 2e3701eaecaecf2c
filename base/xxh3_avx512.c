/* xxh3_avx512.c - XXH3 in AVX-512
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#if defined(__x86_64__)
#define DP_XXH3           dp_xxh3_avx512
#define XXH_PREFETCH_DIST 1536
#include "base/xxh3_lines.h"
#else
typedef int dp_nothing_here;
#endif
