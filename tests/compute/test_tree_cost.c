/* test_tree_cost.c - ranks send what docs/scaling.md computes, up to 64, and 64 have the bits of
 * one
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "detpipe_net.h"
#include "tests/support/batch.h"
#include "tests/support/ranks.h"
#include "tests/support/test.h"

#define SAMPLES  64
#define FEATURES 20
#define HIDDEN   50
#define CLASSES  10
#define PLACED   (UP(FEATURES * HIDDEN) + UP(HIDDEN * CLASSES)) /* weights, each of whole lines */
#define UP(n)    (((n) + 15) / 16 * 16)
#define SMALL    (HIDDEN + CLASSES + 2) /* biases; the loss, and how many are correct */
#define NET                                                                                        \
    "dense out_channels=50 | relu | dense out_channels=10 | softmax_cross_entropy leaf_size=1 | "  \
    "momentum learning_rate=0.1 momentum=0.9"

typedef struct training {
    float *x;
    int32_t *labels;
    uint64_t sent[MOST_RANKS]; /* of the second step: the first one agrees on more */
    uint8_t digest[MOST_RANKS][16];
} training;

static void train(const dp_group *group, void *ctx, uint32_t rank)
{
    training *t = ctx;
    const dp_options options = {.size = sizeof options, .threads = 1, .group = group};
    const dp_tensor x = {t->x, DP_F32, 2, {SAMPLES, FEATURES}},
                    labels = {t->labels, DP_I32, 1, {SAMPLES}};
    dp_net_result result;
    dp_net *net;
    dp_error err;

    if (dp_net_open(&net, NET, 1, &x, &options, &err) != DP_OK)
        abort();
    for (int i = 0; i < 2; i++) {
        t->sent[rank] = group != NULL ? test_rank_sent(group) : 0;
        if (dp_net_step(net, &x, &labels, &result, &err) != DP_OK)
            abort();
    }
    t->sent[rank] = group != NULL ? test_rank_sent(group) - t->sent[rank] : 0;
    dp_net_digest(net, t->digest[rank], NULL);
    dp_net_close(net);
}

/* Aligned runs of leaves, as long as can be, that a rank has (docs/distributed.md). */
static uint64_t subtrees(uint32_t ranks, uint32_t rank)
{
    const uint64_t end = (uint64_t)SAMPLES * (rank + 1) / ranks;
    uint64_t n = 0;

    for (uint64_t at = (uint64_t)SAMPLES * rank / ranks, step; at < end; at += step, n++) {
        for (step = 1; at % (2 * step) == 0 && at + 2 * step <= end;)
            step *= 2;
    }
    return n;
}

static void ranks_send_what_is_computed(void **state)
{
    static const uint32_t sizes[] = {2, 3, 4, 6, 8, 16, 24, 32, 64};
    const dp_tensor input = {NULL, DP_F32, 2, {SAMPLES, FEATURES}};
    training alone = {.x = NULL}, t;

    (void)state;
    test_batch(&input, 0, 0, &alone.x, &alone.labels);
    train(NULL, &alone, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const uint32_t ranks = sizes[i];
        uint64_t sent = 0, s = 0, model;
        t = (training){.x = alone.x, .labels = alone.labels};
        test_run_ranks(ranks, 0, train, &t);
        for (uint32_t r = 0; r < ranks; r++) {
            assert_memory_equal(t.digest[r], alone.digest[0], 16);
            sent += t.sent[r];
            s += subtrees(ranks, r);
        }
        model = (ranks - 1) * (4 * PLACED * (s + ranks) / ranks + 8 * SMALL * s);
        assert_in_range(sent, model - 4 * s, model + 4 * s); /* slices are whole numbers */
    }
    free(alone.x);
    free(alone.labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranks_send_what_is_computed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
