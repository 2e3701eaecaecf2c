/* mindspore_init.h - the initial weights of MindSpore 2.10.0
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBRARIES_MINDSPORE_INIT_H
#define LIBRARIES_MINDSPORE_INIT_H

#include "libraries/library.h"

extern const dp_weights dp_mindspore_weights; /* its generator: a dp_mt19937 */

#endif
