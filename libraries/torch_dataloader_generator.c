/* torch_dataloader_generator.c - DataLoader(shuffle=True, generator=g), g seeded once, PyTorch 2.7
 * to 2.15
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * g goes on from epoch to epoch: two words for the workers' seed, once only for workers that live
 * on, the permutation, and one more permutation, of which RandomSampler needs nothing.
 */
#include "libraries/torch.h"

static dp_status check(const dp_ask *ask, dp_error *err)
{
    const dp_status status = dp_check_some_rows(ask, "PyTorch's DataLoader", err);

    return status == DP_OK ? dp_torch_check(ask, err) : status;
}

static void make(const dp_ask *ask, uint32_t *table)
{
    const bool first = ask->epoch == 0;
    dp_mt19937 *g = ask->generator;

    if (first)
        dp_mt19937_seed(g, (uint32_t)ask->seed);
    dp_torch_drop(g, ask->rule[first ? DP_TORCH_BEFORE : DP_TORCH_BETWEEN].number);
    if (first || !ask->rule[DP_TORCH_PERSISTENT].given)
        dp_torch_drop(g, 2);
    dp_torch_permute(table, ask->rows, g);
    dp_torch_skip(ask->rows, g);
}

static const dp_scheme shuffle = {
    .check = check, .rules = DP_TORCH_WORKERS, .in_turn = true, .make = make};

const dp_library dp_library_torch_dataloader_generator = {
    .word = "torch_dataloader_generator",
    .name = "PyTorch's DataLoader",
    .generator = sizeof(dp_mt19937),
    .shuffle = &shuffle,
};
