/* operator.h - what an operator of detpipe_ops.h is made of
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_OPS_OPERATOR_H
#define COMPUTE_OPS_OPERATOR_H

#include "base/status.h"
#include "base/tensor.h"
#include "base/workers.h"
#include "compute/kernels/kernels.h"
#include "compute/math/layout.h"
#include "detpipe_group.h"
#include "detpipe_ops.h"
#include "lang/stage.h"

#define DP_OP_INPUTS  12
#define DP_OP_OUTPUTS 8

/* Elements of a tensor: past it everything is refused, so that no product of sizes overflows. */
#define DP_OP_MOST ((uint64_t)1 << 40)

typedef struct dp_op_plan {
    const dp_op_info *info;
    dp_direction direction;
    const dp_kernels *kernels;
    uint32_t threads;      /* of its runs */
    const dp_group *group; /* NULL = alone */
    const dp_tensor *in;
    size_t n_in;
    dp_tensor out[DP_OP_OUTPUTS]; /* to be filled in */
    size_t n_out;
    size_t workspace; /* bytes; nothing in it survives a run */
} dp_op_plan;

typedef struct dp_op_run_args {
    const dp_tensor *in;
    const dp_tensor *out;
    dp_workers *workers;
    const dp_kernels *kernels;
    void *workspace;
} dp_op_run_args;

/* What a task of a run is given. */
typedef struct dp_op_task {
    const void *params;
    const dp_op_run_args *args;
} dp_op_task;

/* An input of an example: its values, or NULL: numbers are made, floats in [-1, 1) and a few far
 * away, in (0, 1] where `limit` is 1, integers below `limit`. */
typedef struct dp_op_sample {
    dp_tensor type;
    int64_t limit;
    const void *values;
} dp_op_sample;

/* clang-format off */
#define DP_FLOATS(rank, ...)              {{NULL, DP_F32, rank, {__VA_ARGS__}}, 0, NULL}
#define DP_POSITIVES(rank, ...)           {{NULL, DP_F32, rank, {__VA_ARGS__}}, 1, NULL}
#define DP_BELOW(limit, rank, ...)        {{NULL, DP_I32, rank, {__VA_ARGS__}}, limit, NULL}
#define DP_TRUTHS(rank, ...)              {{NULL, DP_BOOL, rank, {__VA_ARGS__}}, 2, NULL}
#define DP_GIVEN(values, dtype, rank, ...) {{NULL, dtype, rank, {__VA_ARGS__}}, 0, values}
/* clang-format on */

/* NULL plan: there is no such direction.  */
typedef struct dp_op_part {
    dp_status (*plan)(void *params, dp_op_plan *, dp_error *);
    dp_status (*run)(const void *params, const dp_op_run_args *, dp_error *);
    const char *text;
    dp_op_sample example[DP_OP_INPUTS];
} dp_op_part;

typedef struct dp_operator {
    dp_op_info info; /* the first, so that one pointer is the other */
    dp_op_part part[2];
} dp_operator;

/* Name number i of "x,gamma,beta", and how many there are. */
#define DP_OP_NAME 32
const char *dp_op_name(const char *names, size_t i, char out[DP_OP_NAME]);
size_t dp_op_names(const char *names);

/* DP_EINVAL unless input i is `dtype` of that rank (-1 = any). */
dp_status dp_op_expect(const dp_op_plan *, size_t i, dp_dtype, int32_t rank, dp_error *);
/* DP_EINVAL unless input i is of that type. */
dp_status dp_op_expect_type(const dp_op_plan *, size_t i, const dp_tensor *type, dp_error *);

/* Backward of y from x and w: dy, which is of that type, x, w make dx and dw. */
dp_status dp_op_plan_gradients(dp_op_plan *, const dp_tensor *y, dp_error *);

/* DP_EINVAL unless leaf_size is a power of two; DP_ELIMIT when n samples are more leaves of it than
 * kernels sum. */
dp_status dp_op_check_leaf(int64_t leaf_size, dp_error *);
dp_status dp_op_check_leaves(int64_t n, int64_t leaf_size, dp_error *);

#endif
