/* threefry.c - threefry2x32, as it is specified
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define WORDS dp_threefry_words
#include "libraries/threefry_lines.h"

static uint32_t turn(uint32_t x, int by) { return x << by | x >> (32 - by); }

dp_threefry dp_threefry2x32(dp_threefry key, dp_threefry x)
{
    static const int turns[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
    const uint32_t keys[3] = {key.high, key.low, key.high ^ key.low ^ 0x1BD11BDAu};

    x.high += keys[0];
    x.low += keys[1];
    for (uint32_t group = 0; group < 5; group++) {
        for (int i = 0; i < 4; i++) {
            x.high += x.low;
            x.low = turn(x.low, turns[group % 2][i]) ^ x.high;
        }
        x.high += keys[(group + 1) % 3];
        x.low += keys[(group + 2) % 3] + group + 1;
    }
    return x;
}
