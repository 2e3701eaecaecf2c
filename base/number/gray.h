/* gray.h - one gray of three colours, for readers and transforms alike
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_NUMBER_GRAY_H
#define BASE_NUMBER_GRAY_H

#include <stdint.h>

static inline uint8_t dp_gray(uint8_t r, uint8_t g, uint8_t b)
{
    return (uint8_t)((9798 * r + 19235 * g + 3735 * b + (1 << 14)) >> 15);
}

#endif
