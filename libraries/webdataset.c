/* webdataset.c - the shuffles of WebDataset 1.0
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  A buffer that grows by two rows for each that is delivered.
 */
#include "libraries/permute.h"
#include "libraries/python_random.h"

enum { DET, INITIAL };

/* detshuffle counts epochs; shuffle(seed=) begins anew in each. */
static void make(const dp_ask *ask, uint32_t *table)
{
    const uint64_t initial = ask->rule[INITIAL].given ? ask->rule[INITIAL].number : 100;
    const uint64_t size = ask->kept, least = initial < size ? initial : size;
    uint64_t held = 0, read = 0;
    uint32_t *buffer = ask->order;

    dp_python_seed(ask->generator, ask->seed + (ask->rule[DET].given ? ask->epoch : 0));
    for (uint64_t i = 0; i < ask->rows;) {
        if (read < ask->rows)
            buffer[held++] = (uint32_t)read++;
        if (read < ask->rows && held < size)
            buffer[held++] = (uint32_t)read++;
        if (held < least && read < ask->rows)
            continue;
        const uint32_t at = dp_python_below(ask->generator, (uint32_t)held);
        table[i++] = buffer[at];
        buffer[at] = buffer[--held];
    }
}

static const dp_scheme shuffle = {.rules = "det,initial:", .keeps = 1, .make = make};

const dp_library dp_library_webdataset = {
    .word = "webdataset",
    .name = "WebDataset",
    .generator = sizeof(dp_mt19937),
    .shuffle = &shuffle,
    .buffer = &shuffle,
};
