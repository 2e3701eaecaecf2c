/* state.c - a position as 64 bytes, the same on every machine (docs/state.md)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/state.h"

#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/status.h"

static const uint8_t magic[4] = {'d', 'p', 's', 't'};
enum {
    VERSION = 4,
    FLAGS = 6,
    FINGERPRINT = 8,
    IDENTITY = 24,
    SEED = 32,
    BATCH = 40,
    RESERVED = 48,
    CHECK = 56
};

void dp_state_write(const dp_position *p, dp_state *out)
{
    uint8_t *b = out->bytes;

    memset(b, 0, DP_STATE_SIZE);
    memcpy(b, magic, 4);
    dp_store_le(b + VERSION, 2, DP_STREAM_VERSION);
    memcpy(b + FINGERPRINT, p->fingerprint, 16);
    memcpy(b + IDENTITY, p->identity, 8);
    dp_store_le(b + SEED, 8, p->seed);
    dp_store_le(b + BATCH, 8, p->batch);
    dp_store_le(b + CHECK, 8, dp_hash64(b, CHECK));
}

dp_status dp_state_read(const dp_state *state, const dp_position *here, uint64_t *batch,
                        dp_error *err)
{
    const uint8_t *b = state->bytes;

    if (memcmp(b, magic, 4) != 0)
        return dp_fail(err, DP_ESTATE, "these 64 bytes are not a state of detpipe");
    if (dp_load_le(b + CHECK, 8) != dp_hash64(b, CHECK))
        return dp_fail(err, DP_ESTATE, "the state is damaged: its check does not match");
    if (dp_load_le(b + VERSION, 2) != DP_STREAM_VERSION || dp_load_le(b + FLAGS, 2) != 0 ||
        dp_load_le(b + RESERVED, 8) != 0)
        return dp_fail(err, DP_ESTATE,
                       "the state is of stream version %llu: this library makes version %d",
                       (unsigned long long)dp_load_le(b + VERSION, 2), DP_STREAM_VERSION);
    if (memcmp(b + FINGERPRINT, here->fingerprint, 16) != 0)
        return dp_fail(
            err, DP_ESTATE,
            "the state belongs to another text (or to another revision of a stage, or to "
            "a list in a file that holds other numbers now)");
    if (dp_load_le(b + SEED, 8) != here->seed)
        return dp_fail(err, DP_ESTATE,
                       "the state belongs to seed %llu: this pipeline has seed %llu",
                       (unsigned long long)dp_load_le(b + SEED, 8), (unsigned long long)here->seed);
    if (memcmp(b + IDENTITY, here->identity, 8) != 0)
        return dp_fail(err, DP_ESTATE,
                       "the state belongs to another data set (its records, or the names of its "
                       "classes, are others)");
    *batch = dp_load_le(b + BATCH, 8);
    return DP_OK;
}
