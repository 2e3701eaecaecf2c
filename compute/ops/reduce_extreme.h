/* reduce_extreme.h - reducers of the largest or the smallest element
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Included once by the file of either, which defines EXTREME(a, b), the one of the two; NAN_KEY,
 * past all keys of numbers; FIRST_I32, FIRST_U8, FIRST_I8, which everything replaces; ROW, of
 * dp_kernels.  Defines plan and run.
 */
#include "base/number/total_order.h"
#include "compute/ops/reduce_each.h"

#define KEY(v)    dp_order_key(v, NAN_KEY)
#define NUMBER(k) dp_order_number(k, NAN_KEY)
#define SAME(v)   (v)
DP_REDUCE_WORDS(f32, float, int32_t, FIRST_I32, KEY, EXTREME, NUMBER)
DP_REDUCE_WORDS(i32, int32_t, int32_t, FIRST_I32, SAME, EXTREME, SAME)
DP_REDUCE_WORDS(u8, uint8_t, uint8_t, FIRST_U8, SAME, EXTREME, SAME)
DP_REDUCE_WORDS(i8, int8_t, int8_t, FIRST_I8, SAME, EXTREME, SAME)

#define STORE(v, count, y) (*(y) = (float)(v))
DP_REDUCE_BY_ROWS(ROW, STORE)

static const dp_reducer reducers[] = {
    DP_REDUCER_WORDS(f32, DP_F32, rows),
    DP_REDUCER_WORDS(i32, DP_I32, NULL),
    DP_REDUCER_WORDS(u8, DP_U8, NULL),
    DP_REDUCER_WORDS(i8, DP_I8, NULL),
};

DP_REDUCE_RUNS(reducers)
