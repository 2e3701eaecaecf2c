/* mindspore_init.h - the initial weights of MindSpore 2.10.0
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBRARIES_MINDSPORE_INIT_H
#define LIBRARIES_MINDSPORE_INIT_H

#include "libraries/library.h"

/* The generator of both: a dp_mt19937. */
extern const dp_weights dp_mindspore_weights;
extern const dp_defaults dp_mindspore_defaults;

#endif
