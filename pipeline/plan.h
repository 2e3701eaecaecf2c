/* plan.h - the stages of texts fitted to one another, each from its reader up
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_PLAN_H
#define PIPELINE_PLAN_H

#include "pipeline/builder.h"

/* Opens the readers and plans every stage of the graph's texts: fills its branches, steps and
 * mixes, and says its columns and its length. */
dp_status dp_plan(dp_builder *, const dp_found_text *);

#endif
