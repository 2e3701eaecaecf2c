/* program.h - programs whose lines say less than they mean: Keras, CatBoost, darknet
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSSES_PROGRAM_H
#define TOOLS_LOSSES_PROGRAM_H

#include "tools/losses/reader.h"

/* Once a line. */
void loss_know_program(loss_reader *);
/* Whether what this line says of the name is a running mean. */
bool loss_in_mean(const loss_reader *, const char *name);
/* CatBoost's "learn: 2.3 test: 2.4 best: 2.2 (7)": whether the word is one of these. */
bool loss_of_catboost(const loss_reader *, const char *at, size_t n);
/* "23.1, 23.2 avg loss, 0.01 rate": true, and the line is read. */
bool loss_read_darknet(loss_reader *);

#endif
