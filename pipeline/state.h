/* state.h - a position as 64 bytes, the same on every machine (docs/state.md)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_STATE_H
#define PIPELINE_STATE_H

#include "detpipe.h"

typedef struct dp_position {
    uint8_t fingerprint[16];
    uint8_t identity[8]; /* of the data set: the first bytes of its digest */
    uint64_t seed, batch;
} dp_position;

void dp_state_write(const dp_position *, dp_state *);
/* The batch, or DP_ESTATE when the state is damaged or another pipeline's: `here` says what this
 * one is. */
dp_status dp_state_read(const dp_state *, const dp_position *here, uint64_t *batch, dp_error *);

#endif
