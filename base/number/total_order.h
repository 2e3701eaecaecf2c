/* total_order.h - numbers in one order, so that the largest does not depend on who comes first
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * -0 is below +0, and a NaN is past all others, whichever is asked for.
 */
#ifndef BASE_NUMBER_TOTAL_ORDER_H
#define BASE_NUMBER_TOTAL_ORDER_H

#include "base/number/num.h"

/* Integers of that order; and back. */
static inline int32_t dp_order_key(float v, int32_t nan)
{
    const int32_t bits = (int32_t)dp_f32_bits(v);
    const int32_t is_nan = -((bits & INT32_MAX) > 0x7F800000); /* all bits; loops run in vectors */
    return (nan & is_nan) | ((bits ^ ((bits >> 31) & INT32_MAX)) & ~is_nan);
}

static inline float dp_order_number(int32_t key, int32_t nan)
{
    return key == nan ? dp_f32_from(0x7FC00000u)
                      : dp_f32_from((uint32_t)(key ^ ((key >> 31) & INT32_MAX)));
}

static inline float dp_order_max(float a, float b)
{
    const int32_t x = dp_order_key(a, INT32_MAX), y = dp_order_key(b, INT32_MAX);
    return dp_order_number(x > y ? x : y, INT32_MAX);
}

static inline float dp_order_min(float a, float b)
{
    const int32_t x = dp_order_key(a, INT32_MIN), y = dp_order_key(b, INT32_MIN);
    return dp_order_number(x < y ? x : y, INT32_MIN);
}

#endif
