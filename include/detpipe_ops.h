/* detpipe_ops.h - operators that elsewhere differ from run to run, each with one answer
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     layer_norm begin_norm_axis=1 epsilon=1e-5
 *
 * A text is an operator with its parameters (`detpipe ops` lists them).  It is fitted to the types
 * of its inputs, forward or backward, and run as often as one likes; the bits depend on nothing
 * else.  The order of every sum is in docs/numerics.md.
 */
#ifndef DETPIPE_OPS_H
#define DETPIPE_OPS_H

#include "detpipe_base.h"

DP_BEGIN_DECLS

typedef enum dp_direction { DP_FORWARD, DP_BACKWARD } dp_direction;

/* One direction: names of inputs and outputs, separated by commas; NULL = it has none. */
typedef struct dp_op_side {
    const char *inputs, *outputs;
} dp_op_side;

typedef struct dp_op_info {
    dp_stage_info stage;
    const char *listed; /* as MindSpore's list of such operators calls it */
    const char *order;  /* of its sums */
    dp_op_side side[2]; /* of each dp_direction */
} dp_op_info;

typedef struct dp_op dp_op;

/* inputs: their types; no data is read.  dp_options.threads is how many compute; all memory is
 * taken here. */
DP_CALL dp_status dp_op_open(dp_op **out, const char *text, dp_direction, const dp_tensor *inputs,
                             size_t n_inputs, const dp_options *, dp_error *);
DP_API void dp_op_close(dp_op *);

/* Type and, after a run, elements of an output; valid until the next run.  NULL past the last. */
DP_API const dp_tensor *dp_op_output(const dp_op *, size_t index);

/* As many inputs as dp_op_open was given, of the same types.  DP_EINVAL: a value that no output can
 * be had for (a label out of range); the outputs hold nothing then.  inputs are not kept. */
DP_CALL dp_status dp_op_run(dp_op *, const dp_tensor *inputs, dp_error *);

/* All operators, sorted by name. */
DP_API const dp_op_info *const *dp_ops(size_t *count);

/* Runs the operator's own example; the digest covers names, types and elements of its outputs. */
DP_CALL dp_status dp_op_example(const dp_op_info *, dp_direction, const dp_options *,
                                uint8_t digest[16], dp_error *);
DP_END_DECLS
#endif
