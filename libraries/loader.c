/* loader.c - what workers of a loader read, and ranks of a run
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "libraries/loader.h"

uint32_t dp_rule_number(const dp_ask *ask, int rule, uint32_t otherwise)
{
    const uint64_t number = ask->rule[rule].given ? ask->rule[rule].number : otherwise;

    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

dp_status dp_check_workers(const dp_ask *ask, int workers, dp_error *err)
{
    if (dp_rule_number(ask, workers, 1) - 1 >= DP_MOST_WORKERS)
        return dp_fail(err, DP_ESPEC, "rule=workers is out of range: 1 to %d", DP_MOST_WORKERS);
    if (dp_rule_number(ask, workers + 1, 1) == 0)
        return dp_fail(err, DP_ESPEC, "rule=batch_size:0: a batch has rows");
    if (ask->rule[workers].given != ask->rule[workers + 1].given)
        return dp_fail(err, DP_ESPEC, "rule=workers needs rule=batch_size beside it, and that it");
    return DP_OK;
}

dp_status dp_check_ranks(const dp_ask *ask, int ranks, dp_error *err)
{
    const uint32_t n = dp_rule_number(ask, ranks, 1), rank = dp_rule_number(ask, ranks + 1, 0);

    if (n - 1 >= DP_MOST_RANKS)
        return dp_fail(err, DP_ESPEC, "rule=ranks:%u is out of range: 1 to %d", n, DP_MOST_RANKS);
    if (ask->rule[ranks].given != ask->rule[ranks + 1].given)
        return dp_fail(err, DP_ESPEC, "rule=ranks:R needs rule=rank:r beside it, and that it");
    if (rank >= n)
        return dp_fail(err, DP_ESPEC, "rule=rank:%u: ranks are 0 to %u", rank, n - 1);
    return DP_OK;
}

void dp_workers_in_turn(dp_worker *workers, uint32_t n, uint32_t batch, const uint32_t *rows,
                        uint32_t *out)
{
    for (uint32_t left = n; left > 0;) {
        left = 0;
        for (uint32_t w = 0; w < n; w++) {
            dp_worker *k = &workers[w];
            const uint32_t has = k->end - k->begin, some = has < batch ? has : batch;
            memcpy(out, rows + k->begin, some * sizeof *out);
            out += some;
            k->begin += some;
            left += has - some > 0;
        }
    }
}
