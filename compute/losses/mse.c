/* mse.c - the square of the distance from the target, mean over all numbers of the batch
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md; of a label the target is 1 in its place, 0 in the others.
 */
#include "compute/losses/loss.h"

typedef struct mse {
    dp_loss_rows rows;
} mse;

static const dp_param params[] = {
    DP_LOSS_ROWS(mse),
    DP_PARAMS_END,
};

static void row(const dp_loss_run *r, int64_t i)
{
    const float *x = r->x + i * r->classes;
    const double count = (double)r->total * (double)r->classes;
    double squares = 0;

    for (int64_t j = 0; j < r->classes; j++) {
        const double d = (double)x[j] - dp_loss_target(r, i, j);
        squares += d * d;
        if (r->dx != NULL)
            r->dx[i * r->classes + j] = (float)(2.0 * d / count);
    }
    r->row_loss[i] = squares / (double)r->classes;
}

const dp_loss dp_loss_mse = {
    .info = {"loss", "mse", "the square of the distance from the target", 1, sizeof(mse), params},
    .takes_targets = true,
    .row = row,
};
