/* softmax_cross_entropy.c - minus the log of the probability of the label, mean over the batch
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: per row m = max, e_j = exp(x_j - m), S = SEQ64 of e, loss = log(S) - (x_t -
 * m), all in binary64; the batch is TREE over leaves of SEQ64 inside the leaf, divided by the
 * number n of rows, rounded once.  The gradient is (e_j / S - [j = t]) / n, rounded once.  Where
 * the probability is spread over several outputs, each has its part of the loss.
 */
#include "compute/losses/loss.h"
#include "compute/math/softmax.h"

typedef struct softmax_cross_entropy {
    dp_loss_rows rows;
    double label_smoothing;
} softmax_cross_entropy;

static const dp_param params[] = {
    DP_LOSS_ROWS(softmax_cross_entropy),
    DP_LATER_NUMBER(softmax_cross_entropy, label_smoothing, "0", 0, 1,
                    "share of the label's probability that is spread over all classes"),
    DP_PARAMS_END,
};

static double smoothing_of(const dp_loss_run *r)
{
    return ((const softmax_cross_entropy *)r->params)->label_smoothing;
}

/* All of the probability is the label's. */
static void label_row(const dp_loss_run *r, int64_t i)
{
    const float *x = r->x + i * r->classes;
    const int64_t label = r->labels[i];
    const dp_softmax s = dp_softmax_of(x, r->classes);

    r->row_loss[i] = -dp_softmax_log(&s, x[label]);
    for (int64_t j = 0; r->dx != NULL && j < r->classes; j++)
        r->dx[i * r->classes + j] =
            (float)((dp_softmax_part(&s, x[j]) - (double)(j == label)) / (double)r->total);
}

static double probability(const dp_loss_run *r, int64_t i, int64_t j)
{
    const double spread = smoothing_of(r);
    return (1.0 - spread) * dp_loss_target(r, i, j) + spread / (double)r->classes;
}

static void spread_row(const dp_loss_run *r, int64_t i)
{
    const float *x = r->x + i * r->classes;
    const dp_softmax s = dp_softmax_of(x, r->classes);
    double whole = 0, loss = 0;

    for (int64_t j = 0; j < r->classes; j++) {
        const double q = probability(r, i, j);
        whole += q;
        loss -= q * dp_softmax_log(&s, x[j]);
    }
    r->row_loss[i] = loss;
    for (int64_t j = 0; r->dx != NULL && j < r->classes; j++)
        r->dx[i * r->classes + j] =
            (float)((dp_softmax_part(&s, x[j]) * whole - probability(r, i, j)) / (double)r->total);
}

static void row(const dp_loss_run *r, int64_t i)
{
    if (r->targets == NULL && smoothing_of(r) == 0)
        label_row(r, i);
    else
        spread_row(r, i);
}

const dp_loss dp_loss_softmax_cross_entropy = {
    .info = {"loss", "softmax_cross_entropy",
             "softmax, then minus the log of the label's probability", 1,
             sizeof(softmax_cross_entropy), params},
    .takes_targets = true,
    .row = row,
};
