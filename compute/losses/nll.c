/* nll.c - minus the label's number, mean over the batch: for logarithms of probabilities
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md; behind log_softmax it is softmax_cross_entropy, with the roundings of two.
 */
#include "compute/losses/loss.h"

typedef struct nll {
    dp_loss_rows rows;
} nll;

static const dp_param params[] = {
    DP_LOSS_ROWS(nll),
    DP_PARAMS_END,
};

static void row(const dp_loss_run *r, int64_t i)
{
    const int64_t label = r->labels[i];

    r->row_loss[i] = -(double)r->x[i * r->classes + label];
    for (int64_t j = 0; r->dx != NULL && j < r->classes; j++)
        r->dx[i * r->classes + j] = j == label ? (float)(-1.0 / (double)r->total) : 0;
}

const dp_loss dp_loss_nll = {
    .info = {"loss", "nll", "minus the label's number, a logarithm of a probability", 1,
             sizeof(nll), params},
    .row = row,
};
