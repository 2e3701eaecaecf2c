/* torch_defaults.h - the weights that PyTorch's modules begin with, and those of torch.nn.init
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBRARIES_TORCH_DEFAULTS_H
#define LIBRARIES_TORCH_DEFAULTS_H

#include "base/random/mt19937.h"
#include "libraries/library.h"

/* The global generator: its words, and the normal number that it keeps, which is there if
 * `has_normal`. */
typedef struct dp_torch_generator {
    dp_mt19937 words;
    double normal;
    bool has_normal;
} dp_torch_generator;

/* The generator of both: a dp_torch_generator. */
extern const dp_defaults dp_torch_defaults;
extern const dp_weights dp_torch_weights;

#endif
