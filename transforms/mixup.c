/* mixup.c - each image and label mixed with another one of its batch
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Zhang et al. 2017.  The share is drawn once for a batch.
 */
#include "transforms/shared/mixing.h"

typedef struct mixup {
    DP_RANDOM_PARAMS;
    const char *label;
    double alpha;
} mixup;

static const dp_param params[] = {
    DP_COLUMN(mixup),
    DP_LABEL(mixup),
    DP_NUMBER(mixup, alpha, "1", 0.01, 4, "of Beta(alpha, alpha), which the share is drawn from"),
    DP_RANDOM_ORDER(mixup),
    DP_PARAMS_END,
};

static void draw(const void *params_, dp_place *place, double *draws)
{
    draws[0] = dp_draw_beta(place, ((const mixup *)params_)->alpha);
}

static void mix(const void *params_, const double *draws, const dp_tensor *image,
                const dp_tensor *label)
{
    const dp_tensor *both[2] = {image, label};

    (void)params_;
    for (int c = 0; c < 2; c++) {
        size_t n = 1;
        for (int32_t d = 1; d < both[c]->rank; d++)
            n *= (size_t)both[c]->shape[d];
        dp_mix_rows(both[c], draws[0], 0, n);
    }
}

const dp_transform dp_transform_mixup = {
    .info = {"transform", "mixup", "mix the images and labels of a batch", 1, sizeof(mixup),
             params},
    .draw = draw,
    .drawn = "share",
    .mix = mix,
};
