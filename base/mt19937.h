/* mt19937.h - the Mersenne Twister (Matsumoto and Nishimura 1998), for replaying other libraries
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_MT19937_H
#define BASE_MT19937_H

#include <stdint.h>

typedef struct dp_mt19937 {
    uint32_t x[624];
    int used;
} dp_mt19937;

void dp_mt19937_seed(dp_mt19937 *, uint32_t seed);
uint32_t dp_mt19937_u32(dp_mt19937 *);

#endif
