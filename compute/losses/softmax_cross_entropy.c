/* softmax_cross_entropy.c - minus the log of the probability of the label, mean over the batch
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md: per row m = max, e_j = exp(x_j - m), S = SEQ64 of e, loss = log(S) - (x_t -
 * m), all in binary64; the batch is TREE over leaves of SEQ64 inside the leaf, divided by the
 * number n of rows, rounded once.  The gradient is (e_j / S - [j = t]) / n, rounded once.
 */
#include "compute/losses/loss.h"
#include "compute/math/softmax.h"
#include "compute/sums/share.h"

typedef struct softmax_cross_entropy {
    int64_t leaf_size;
    int32_t per;
} softmax_cross_entropy;

enum { SAMPLE, PLACE };

static const dp_param params[] = {
    DP_INT(softmax_cross_entropy, leaf_size, "4", 1, 65536,
           "samples of a leaf of every sum over the batch: a power of two"),
    DP_LATER_CHOICE(softmax_cross_entropy, per, "sample", "sample,place",
                    "what has a label: a sample, or each place of it"),
    DP_PARAMS_END,
};

static dp_status plan(const void *params_, int64_t n, dp_loss_plan *plan, dp_error *err)
{
    const softmax_cross_entropy *p = params_;

    *plan = (dp_loss_plan){.leaf = p->leaf_size, .per_place = p->per == PLACE};
    if ((p->leaf_size & (p->leaf_size - 1)) != 0)
        return dp_fail(err, DP_ESPEC, "leaf_size %lld is not a power of two",
                       (long long)p->leaf_size);
    if (n / p->leaf_size >= DP_MAX_LEAVES)
        return dp_fail(err, DP_ELIMIT, "a batch has at most %d leaves: raise leaf_size",
                       DP_MAX_LEAVES);
    return DP_OK;
}

static void row(const dp_loss_run *r, int64_t i)
{
    const float *x = r->x + i * r->classes;
    const int64_t label = r->labels[i];
    const dp_softmax s = dp_softmax_of(x, r->classes);

    r->row_loss[i] = -dp_softmax_log(&s, x[label]);
    for (int64_t j = 0; r->dx != NULL && j < r->classes; j++)
        r->dx[i * r->classes + j] =
            (float)((dp_softmax_part(&s, x[j]) - (double)(j == label)) / (double)r->total);
}

const dp_loss dp_loss_softmax_cross_entropy = {
    .info = {"loss", "softmax_cross_entropy",
             "softmax, then minus the log of the label's probability", 1,
             sizeof(softmax_cross_entropy), params},
    .plan = plan,
    .row = row,
};
