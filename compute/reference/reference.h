/* reference.h - scalar C that is the numeric specification; kernels must give its bits
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Written to be read beside docs/numerics.md: no blocking, no packing, no borders, one loop an
 * index.  Shares no code with the kernels but the one fused multiply-add.  Activations are
 * [n][h][w][c], weights [oc][ic][kh][kw].
 */
#ifndef COMPUTE_REFERENCE_REFERENCE_H
#define COMPUTE_REFERENCE_REFERENCE_H

#include "compute/math/attention.h"
#include "compute/math/conv.h"

void dp_ref_conv_forward(const dp_conv *, int64_t n, const float *x, const float *w, float *y);
void dp_ref_conv_input_gradient(const dp_conv *, int64_t n, const float *dy, const float *w,
                                float *dx);
/* partial: kh * kw floats of scratch for each leaf. */
void dp_ref_conv_weight_gradient(const dp_conv *, int64_t n, int64_t leaf, const float *x,
                                 const float *dy, float *dw, float *partial);
/* Of a convolution with a tile; the others call these. */
void dp_ref_filtering_forward(const dp_conv *, int64_t n, const float *x, const float *w, float *y);
void dp_ref_filtering_input_gradient(const dp_conv *, int64_t n, const float *dy, const float *w,
                                     float *dx);
void dp_ref_filtering_weight_gradient(const dp_conv *, int64_t n, int64_t leaf, const float *x,
                                      const float *dy, float *dw, float *partial);
void dp_ref_bias_gradient(int64_t n, int64_t places, int64_t channels, int64_t leaf,
                          const float *dy, float *db, double *partial);
void dp_ref_sgd(const dp_update *, int64_t n, float *p, const float *g);
void dp_ref_adam(const dp_adam *, int64_t n, float *p, const float *g, float *m, float *v);
void dp_ref_rmsprop(const dp_rmsprop *, int64_t n, float *p, const float *g, float *v, float *m,
                    float *mean);
void dp_ref_momentum(const dp_update *, int64_t n, float *p, const float *g, float *v);

/* sigmoid and tanh of activation=fast. */
float dp_ref_fast_sigmoid(float x);
float dp_ref_fast_tanh(float x);

/* As compute/math/attention.h has them; scratch is not used. */
void dp_ref_attention_forward(const dp_attention *);
void dp_ref_attention_backward(const dp_attention *);

/* TREE, level by level as docs/numerics.md says it; v is overwritten.  n >= 1. */
float dp_ref_tree32(float *v, int64_t n);
double dp_ref_tree64(double *v, int64_t n);

#endif
