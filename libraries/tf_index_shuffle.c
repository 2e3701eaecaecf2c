/* tf_index_shuffle.c - tf.random.experimental.index_shuffle of TensorFlow 2.21
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  Place i of epoch e is index_shuffle(i, [seed, second + e], rows - 1).
 */
#include "libraries/index_shuffle.h"

#define FIRST 498247692u /* the number that TensorFlow puts before the two of a seed */

enum { SECOND };

static uint32_t turn_back(uint32_t x, uint32_t by, uint32_t bits)
{
    return dp_index_shuffle_turn(x & (UINT32_MAX >> (32 - bits)), bits - by, bits);
}

/* Simon's schedule, three words long: the fourth key. */
static void start(dp_index_shuffle *s, const dp_ask *ask)
{
    const uint32_t half = dp_index_shuffle_half(ask->rows);
    const uint32_t first = FIRST, third = (uint32_t)(ask->rule[SECOND].number + ask->epoch);

    *s = (dp_index_shuffle){
        .keyed = ask->epoch + 1,
        .half = half,
        .keys = {first, (uint32_t)ask->seed, third,
                 0xFFFFFFFCu ^ 1 ^ first ^ turn_back(third, 3, half) ^ turn_back(third, 4, half)}};
}

static uint64_t at(const dp_ask *ask, uint64_t place)
{
    dp_index_shuffle *s = ask->generator;

    if (s->keyed != ask->epoch + 1)
        start(s, ask);
    return dp_index_shuffle_at(s, ask->rows, place);
}

static const dp_scheme shuffle = {.rules = "second:", .at = at};

const dp_library dp_library_tf_index_shuffle = {
    .word = "tf_index_shuffle",
    .name = "TensorFlow",
    .generator = sizeof(dp_index_shuffle),
    .shuffle = &shuffle,
};
