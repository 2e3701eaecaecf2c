/* torch.h - what PyTorch's orders share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBRARIES_TORCH_H
#define LIBRARIES_TORCH_H

#include "base/random/mt19937.h"
#include "libraries/permute.h"

/* Places in dp_ask.rule: words of the generator that something else draws before the first epoch
 * and between two; workers live on, so that their seed, two words, is drawn once; the sampler
 * stands in a DataLoader, which draws that seed; RandomSampler draws its own seed of the global
 * generator.
 */
enum { DP_TORCH_BEFORE, DP_TORCH_BETWEEN, DP_TORCH_PERSISTENT, DP_TORCH_LOADER, DP_TORCH_GLOBAL };
#define DP_TORCH_DRAWN   "before:,between:"
#define DP_TORCH_WORKERS DP_TORCH_DRAWN ",persistent_workers"
#define DP_TORCH_SAMPLER DP_TORCH_WORKERS ",dataloader"

/* A check of those numbers. */
dp_status dp_torch_check(const dp_ask *, dp_error *);

static inline void dp_torch_drop(dp_mt19937 *g, uint64_t words)
{
    for (; words > 0; words--)
        dp_mt19937_u32(g);
}

/* A 64-bit seed of two words, of which mt19937 takes the low one, the second. */
static inline uint32_t dp_torch_seed(dp_mt19937 *g)
{
    dp_torch_drop(g, 1);
    return dp_mt19937_u32(g);
}

/* torch.randperm(n, generator=g). */
static inline uint32_t dp_torch_word(void *g) { return dp_mt19937_u32(g); }
static inline void dp_torch_permute(uint32_t *v, uint64_t n, dp_mt19937 *g)
{
    dp_permute_up(v, (uint32_t)n, dp_torch_word, g);
}
/* One that is thrown away. */
static inline void dp_torch_skip(uint64_t n, dp_mt19937 *g) { dp_torch_drop(g, n > 1 ? n - 1 : 0); }

#endif
