/* export.h - a pipeline as MindSpore serializes it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_MINDSPORE_EXPORT_H
#define TOOLS_MINDSPORE_EXPORT_H

#include <stdint.h>

/* Prints the JSON of a canonical text; the seed is what a DistributedSampler keeps.  The exit
 * status, after saying which stage has no counterpart. */
int export_print(const char *spec, uint64_t seed);

#endif
