/* default.c - as the library begins the layer where nothing is said
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * dp_net_initialize has the library draw the parameters, one after another.
 */
#include "compute/initializers/initializer.h"

static const dp_param params[] = {
    DP_CHOICE(dp_init_params, order, NULL, dp_words_defaults + 1, "whose"),
    DP_PARAMS_END,
};

const dp_initializer dp_initializer_default = {
    .info = {"initializer", "default", "as the library begins the layer", 1, sizeof(dp_init_params),
             params},
    .orders = dp_words_defaults,
};
