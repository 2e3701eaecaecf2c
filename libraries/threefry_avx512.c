/* threefry_avx512.c - threefry2x32 in AVX-512
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#if defined(__x86_64__)
#define WORDS dp_threefry_words_avx512
#include "libraries/threefry_lines.h"
#else
typedef int dp_nothing_here;
#endif
