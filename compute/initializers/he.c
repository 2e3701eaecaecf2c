/* he.c - what he_uniform and he_normal share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "compute/initializers/he.h"

enum { LEAKY_RELU, RELU, TANH, LINEAR };
enum { FAN_IN, FAN_OUT };

dp_status dp_he_check(const void *params, const dp_weights *weights, dp_error *err)
{
    const dp_he *p = params;

    (void)weights;
    return p->nonlinearity != LEAKY_RELU && p->negative_slope != 0
               ? dp_params_idle("negative_slope", "nonlinearity=leaky_relu", err)
               : DP_OK;
}

double dp_he_deviation(const dp_he *p, const dp_init_source *source)
{
    const double gains[] = {
        [LEAKY_RELU] = sqrt(2.0 / (1 + p->negative_slope * p->negative_slope)),
        [RELU] = sqrt(2.0),
        [TANH] = 5.0 / 3,
        [LINEAR] = 1,
    };

    return gains[p->nonlinearity] /
           sqrt((double)(p->mode == FAN_OUT ? source->fan_out : source->fan_in));
}
