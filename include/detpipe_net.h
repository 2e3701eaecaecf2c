/* detpipe_net.h - a small training core with one answer for every machine and thread count
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     conv2d out_channels=16 kernel_size=3 | relu | max_pool kernel_size=2 stride=2 | flatten
 *       | dense out_channels=10 | softmax_cross_entropy | momentum learning_rate=0.01 momentum=0.9
 * A text is layers, then a loss, then an optimizer; loss and optimizer may be left out where only
 * dp_net_eval is used.  Before the layers `init` says how weights begin, and `input layout=nhwc`
 * that channels stand last.  Arithmetic is the numeric specification detpipe-fp/1
 * (docs/numerics.md).
 */
#ifndef DETPIPE_NET_H
#define DETPIPE_NET_H

#include "detpipe_archive.h"
#include "detpipe_base.h"

DP_BEGIN_DECLS

typedef struct dp_net dp_net;

typedef struct dp_net_result {
    float loss;       /* mean over the labels; 0 without them */
    int64_t correct;  /* labels where the largest output is; 0 without them, or of targets */
    dp_tensor output; /* float32 [n, classes] of this rank's samples, with per=place [n, places,
                       * classes]; with accumulate=, of the last small batch alone; the net's,
                       * until the next step, eval or close */
} dp_net_result;

/* input: float32 [n, channels, height, width], with `input layout=nhwc` [n, height, width,
 * channels], or [n, features], which may be integers (tokens); not read; n: the most samples of a
 * step.  All memory is taken here (DP_ELIMIT, DP_ENOMEM); dp_options.threads - 1 threads are
 * started, which end with the handle. */
DP_CALL dp_status dp_net_open(dp_net **out, const char *net, uint64_t seed, const dp_tensor *input,
                              const dp_options *, dp_error *);
DP_API void dp_net_close(dp_net *);

/* Forward, backward, update, in 1 MiB of stack.  labels: any integer dtype, [n], with per=place
 * [n, places] or [n, height, width]; for mse and softmax_cross_entropy also targets, any float
 * dtype, n times a number for each output ([n, classes], or the sizes before flatten).  A loss or
 * gradient that is not finite is DP_ESTATE with its tensor and index, and changes no weight.  A
 * transport that failed (DP_EIO) fails every later step.  With accumulate=N in the optimizer the
 * batch is made in N small ones, one after the other, with the same bits and memory for one of
 * them; DP_ESPEC says into how many the batch of dp_net_open can be cut, where not into N. */
DP_CALL dp_status dp_net_step(dp_net *, const dp_tensor *input, const dp_tensor *labels,
                              dp_net_result *, dp_error *);
/* Forward only; labels may be NULL. */
DP_CALL dp_status dp_net_eval(dp_net *, const dp_tensor *input, const dp_tensor *labels,
                              dp_net_result *, dp_error *);

/* Weights, optimizer state, step count and note, atomically, as .safetensors (docs/checkpoint.md):
 * a save that fails leaves the file that was there.
 * Loading is strict: a missing, extra, misshapen or damaged tensor (a line of options.log each) is
 * DP_ESTATE or DP_ECORRUPT and leaves the net as it was.  Another program's archive must hold
 * exactly the parameters; step count and note are 0 and "" then. */
DP_CALL dp_status dp_net_save(dp_net *, const char *path, dp_error *);
DP_CALL dp_status dp_net_load(dp_net *, const char *path, dp_error *);

/* Whether this rank computes that sample, from 0, of a batch of so many; always without a group.
 * Of the others it needs no input, and no labels but classes (0, say). */
DP_API int dp_net_takes(const dp_net *, uint64_t n_samples, uint64_t sample);

/* The caller's own text, "" at first: at most 511 letters, digits, blanks and =.:_- (DP_EINVAL). */
DP_CALL dp_status dp_net_set_note(dp_net *, const char *note, dp_error *);
DP_API const char *dp_net_note(const dp_net *);

DP_API uint64_t dp_net_tell(const dp_net *);                       /* steps done */
DP_API double dp_net_learning_rate(const dp_net *, uint64_t step); /* of that step, from 0 */
DP_API const char *dp_net_spec(const dp_net *);                    /* canonical text */

/* Parameter number index, writable between steps, and its last gradient; or NULL. */
DP_API const dp_tensor *dp_net_parameter(const dp_net *, size_t index, const char **name);
DP_API const dp_tensor *dp_net_gradient(const dp_net *, size_t index);
/* Name of layer number index, or NULL; what it made last of this rank's samples, [n, height, width,
 * channels], and the gradient of that; of the last small batch.  data is NULL where another layer
 * has overwritten it. */
DP_API const char *dp_net_layer(const dp_net *, size_t index, dp_tensor *output,
                                dp_tensor *gradient);
/* Names and values of all of them; either digest may be NULL. */
DP_API void dp_net_digest(const dp_net *, uint8_t parameters[16], uint8_t gradients[16]);
DP_API const dp_stage_info *const *dp_net_stages(size_t *count);

/* Every instruction set of this machine (not only that of DETPIPE_CPU) against the scalar
 * reference, bit for bit. */
DP_CALL dp_status dp_net_selftest(dp_error *);
DP_END_DECLS
#endif
