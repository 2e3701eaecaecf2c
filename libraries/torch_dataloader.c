/* torch_dataloader.c - DataLoader(shuffle=True) after torch.manual_seed(seed), PyTorch 2.7 to 2.15
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The global generator is an mt19937.  Each epoch takes four words of it, whatever there is to
 * shuffle: two for the workers' seed, which no order depends on and which workers that live on need
 * once only, two for the seed of a generator that makes the order.
 */
#include "libraries/torch.h"

typedef struct loader {
    dp_mt19937 g, own;
    uint64_t drawn; /* words of g, + 1 */
} loader;

static dp_status check(const dp_ask *ask, dp_error *err)
{
    const dp_status status = dp_check_some_rows(ask, "PyTorch's DataLoader", err);

    return status == DP_OK ? dp_torch_check(ask, err) : status;
}

/* Words of the global generator before the seed of an epoch. */
static uint64_t words_before(const dp_ask *ask)
{
    const uint64_t e = ask->epoch, starts = ask->rule[DP_TORCH_PERSISTENT].given ? 1 : e + 1;

    return ask->rule[DP_TORCH_BEFORE].number + e * ask->rule[DP_TORCH_BETWEEN].number + 2 * e +
           2 * starts;
}

static void make(const dp_ask *ask, uint32_t *table)
{
    loader *l = ask->generator;
    const uint64_t words = words_before(ask);

    if (l->drawn == 0 || words < l->drawn - 1) {
        dp_mt19937_seed(&l->g, (uint32_t)ask->seed);
        l->drawn = 1;
    }
    dp_torch_drop(&l->g, words - (l->drawn - 1));
    dp_mt19937_seed(&l->own, dp_torch_seed(&l->g));
    l->drawn = words + 2 + 1;
    dp_torch_permute(table, ask->rows, &l->own);
}

static const dp_scheme shuffle = {.check = check, .rules = DP_TORCH_WORKERS, .make = make};

const dp_library dp_library_torch_dataloader = {
    .word = "torch_dataloader",
    .name = "PyTorch's DataLoader",
    .generator = sizeof(loader),
    .shuffle = &shuffle,
};
