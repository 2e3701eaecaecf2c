/* torch_stateful_dataloader.c - StatefulDataLoader(shuffle=True) of torchdata 0.11
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Not DataLoader's order.  The sampler's generator lives on, seeded when the loader is made, by two
 * words of the global generator; or it is generator=g, of which each epoch takes two words behind
 * its permutation.  With workers one permutation is thrown away before each epoch, once only if
 * they live on.
 */
#include "libraries/torch.h"

enum { BEFORE, WORKERS, PERSISTENT, GENERATOR };

static dp_status check(const dp_ask *ask, dp_error *err)
{
    const dp_status status = dp_check_some_rows(ask, "torchdata's StatefulDataLoader", err);

    if (status == DP_OK && ask->rule[PERSISTENT].given && !ask->rule[WORKERS].given)
        return dp_fail(err, DP_ESPEC, "rule=persistent_workers needs rule=workers beside it");
    return status == DP_OK ? dp_torch_check(ask, err) : status;
}

static void make(const dp_ask *ask, uint32_t *table)
{
    const bool workers = ask->rule[WORKERS].given, generator = ask->rule[GENERATOR].given;
    const bool begins = ask->epoch == 0 || !ask->rule[PERSISTENT].given;
    dp_mt19937 *g = ask->generator;

    if (ask->epoch == 0) {
        dp_mt19937_seed(g, (uint32_t)ask->seed);
        dp_torch_drop(g, ask->rule[BEFORE].number);
        if (!generator)
            dp_mt19937_seed(g, dp_torch_seed(g));
    }
    if (workers && begins) {
        dp_torch_skip(ask->rows, g);
        dp_torch_drop(g, generator ? 2 : 0);
    }
    dp_torch_permute(table, ask->rows, g);
    if (!workers && generator)
        dp_torch_drop(g, 2);
}

static const dp_scheme shuffle = {.check = check,
                                  .rules = "before:,workers,persistent_workers,generator",
                                  .in_turn = true,
                                  .make = make};

const dp_library dp_library_torch_stateful_dataloader = {
    .word = "torch_stateful_dataloader",
    .name = "torchdata's StatefulDataLoader",
    .generator = sizeof(dp_mt19937),
    .shuffle = &shuffle,
};
