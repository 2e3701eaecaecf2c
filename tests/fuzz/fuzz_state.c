/* fuzz_state.c - any 64 bytes as a state: refused, or a position in the stream
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "detpipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Tries the state with its check as given, and with the right one. */
static void try_it(dp_pipeline *p, const dp_state *state)
{
    const uint64_t before = dp_tell(p);
    dp_batch *b = NULL;
    dp_state back;

    if (dp_set_state(p, state, NULL) != DP_OK) {
        if (dp_tell(p) != before)
            abort();
        return;
    }
    if (dp_tell(p) > dp_length(p) || dp_get_state(p, &back, NULL) != DP_OK ||
        memcmp(&back, state, sizeof back) != 0)
        abort();
    if (dp_next(p, &b, NULL) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const dp_options options = {.size = sizeof options, .threads = 1};
    dp_pipeline *p = NULL;
    dp_state state = {{0}};

    if (dp_open(&p, "range count=20 | shuffle | batch batch_size=3", 1, &options, NULL) != DP_OK)
        abort();
    memcpy(state.bytes, data, size < DP_STATE_SIZE ? size : DP_STATE_SIZE);
    try_it(p, &state);
    dp_store_le(state.bytes + 56, 8, dp_hash64(state.bytes, 56));
    try_it(p, &state);
    dp_close(p);
    return 0;
}
