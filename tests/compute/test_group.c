/* test_group.c - several ranks give the bits of one: shares, sums, nets, refusals
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/options.h"
#include "base/random/rng.h"
#include "compute/sums/share.h"
#include "compute/sums/tree.h"
#include "detpipe_ops.h"
#include "tests/support/batch.h"
#include "tests/support/ranks.h"
#include "tests/support/test.h"

static const uint32_t group_sizes[] = {1, 2, 3, 4, 5, 8, 16};
#define N_SIZES (sizeof group_sizes / sizeof group_sizes[0])

/* ---- shares and sums ---- */

typedef struct summing {
    int64_t total, leaf, most;
    double *values, expected; /* of each leaf */
    bool equal[MAX_RANKS];
    int64_t samples[MAX_RANKS];
} summing;

/* Whether dp_share_has says of each sample what its small batches say, which come one by one. */
static bool has_its_own(dp_share *s, int64_t batch)
{
    int64_t at = 0;

    dp_share_cut(s, batch);
    do {
        for (; at < s->before + s->total; at++) {
            if (dp_share_has(s, batch, at) != (at >= s->first && at < s->first + s->n))
                return false;
        }
    } while (dp_share_next(s));
    return at == batch;
}

static void sum_share(const dp_group *group, void *ctx, uint32_t rank)
{
    summing *t = ctx;
    dp_arena arena = {0};
    dp_options options;
    double sums[DP_MAX_LEAVES];
    dp_error err;
    dp_share s;

    if (dp_options_get(NULL, &options, &err) != DP_OK)
        abort();
    arena.alloc = options.alloc;
    if (dp_share_open(&s, group, t->most, t->leaf, 1, &arena, &err) != DP_OK)
        abort();
    dp_share_cut(&s, t->total);
    for (int64_t i = 0; i < dp_share_leaves(&s); i++)
        sums[i] = t->values[s.first / t->leaf + i];
    dp_share_sum(&s, sums, 1);
    t->equal[rank] = !s.failed && memcmp(&sums[0], &t->expected, sizeof t->expected) == 0;
    t->samples[rank] = s.n;
    t->equal[rank] = t->equal[rank] && has_its_own(&s, t->total);
    if (dp_share_open(&s, group, 4 * t->leaf, t->leaf, 1, &arena, &err) != DP_OK)
        abort();
    t->equal[rank] = t->equal[rank] && has_its_own(&s, t->total);
    dp_arena_free(&arena);
}

static void sums_are_the_tree_of_all_leaves(void **state)
{
    const uint64_t seed = test_seed();
    double values[DP_MAX_LEAVES], tree[DP_MAX_LEAVES];
    dp_rng rng;

    (void)state;
    dp_rng_start(&rng, seed, 0, 0);
    for (int round = 0; round < 200; round++) {
        summing t = {.leaf = (int64_t)1 << dp_rng_below(&rng, 4), .values = values};
        const int64_t leaves = 1 + (int64_t)dp_rng_below(&rng, round % 10 == 0 ? 4095 : 40);
        const uint32_t ranks = 1 + (uint32_t)dp_rng_below(&rng, MAX_RANKS);
        int64_t samples = 0;

        t.total = leaves * t.leaf - (int64_t)dp_rng_below(&rng, (uint64_t)t.leaf);
        t.most = t.total + (int64_t)dp_rng_below(&rng, 9);
        for (int64_t i = 0; i < leaves; i++)
            values[i] = (dp_rng_uniform(&rng) - 0.5) * (dp_rng_below(&rng, 3) == 0 ? 1e17 : 1.0);
        memcpy(tree, values, sizeof tree);
        t.expected = dp_tree_sum(tree, leaves);
        test_run_ranks(ranks, 0, sum_share, &t);
        for (uint32_t r = 0; r < ranks; r++) {
            assert_true(t.equal[r]);
            samples += t.samples[r];
        }
        assert_int_equal(samples, t.total);
    }
}

/* ---- nets ---- */

#define STEPS 5

typedef struct training {
    const char *text;
    dp_tensor input;
    int64_t sizes[STEPS]; /* samples of each step */
    uint64_t whole;       /* the numbers are whole ones below this; 0 = not */
    float *x;
    int32_t *labels;
    int64_t places; /* labels of a sample; 0 = one, without an axis of its own */
    uint32_t threads;
    uint32_t odd_rank; /* opens with another seed; 0 = none */
    int odd_weight;    /* or changes a weight */
    dp_status status[MAX_RANKS];
    dp_error error[MAX_RANKS];
    test_hex digest[MAX_RANKS]; /* of losses, numbers of correct samples, gradients, weights */
    int64_t correct;
} training;

typedef struct record {
    float loss[STEPS], eval_loss;
    int64_t correct[STEPS], eval_correct;
    uint8_t parameters[16], gradients[STEPS][16];
} record;

static dp_status steps(dp_net *net, training *t, record *r, dp_error *err)
{
    dp_net_result result;
    dp_status status = DP_OK;

    for (int i = 0; i < STEPS && status == DP_OK; i++) {
        dp_tensor input = t->input,
                  labels = {t->labels, DP_I32, t->places > 0 ? 2 : 1, {t->sizes[i], t->places}};
        input.shape[0] = t->sizes[i];
        input.data = t->x;
        status = dp_net_step(net, &input, &labels, &result, err);
        if (status != DP_OK)
            return status;
        r->loss[i] = result.loss;
        r->correct[i] = result.correct;
        dp_net_digest(net, r->parameters, r->gradients[i]);
        status = dp_net_eval(net, &input, &labels, &result, err);
        r->eval_loss = result.loss;
        r->eval_correct = result.correct;
    }
    return status;
}

static void train(const dp_group *group, void *ctx, uint32_t rank)
{
    training *t = ctx;
    const dp_options options = {.size = sizeof options, .threads = t->threads, .group = group};
    const bool odd = rank > 0 && rank == t->odd_rank;
    record r;
    dp_net *net = NULL;
    dp_error *err = &t->error[rank];

    memset(&r, 0, sizeof r);
    t->status[rank] =
        dp_net_open(&net, t->text, odd && t->odd_weight == 0 ? 2 : 1, &t->input, &options, err);
    if (odd && t->odd_weight != 0)
        ((float *)dp_net_parameter(net, 0, NULL)->data)[0] += 1.0f;
    if (t->status[rank] == DP_OK)
        t->status[rank] = steps(net, t, &r, err);
    dp_net_close(net);
    dp_digest(&r, sizeof r, r.parameters);
    t->digest[rank] = test_hex_of(r.parameters, 16);
    if (rank == 0)
        t->correct = r.correct[0];
}

static void release(training *t)
{
    free(t->x);
    free(t->labels);
}

static void equal_for_all_group_sizes(training *t)
{
    test_hex alone;

    test_batch(&t->input, t->whole, t->places, &t->x, &t->labels);
    t->threads = 1;
    test_run_ranks(1, 0, train, t);
    test_assert_ok(t->status[0], &t->error[0], __FILE__, __LINE__);
    assert_true(t->correct > 0);
    alone = t->digest[0];
    for (size_t i = 0; i < N_SIZES; i++) {
        t->threads = 1 + (uint32_t)i % 3;
        test_run_ranks(group_sizes[i], 0, train, t);
        for (uint32_t r = 0; r < group_sizes[i]; r++) {
            test_assert_ok(t->status[r], &t->error[r], __FILE__, __LINE__);
            if (strcmp(t->digest[r].text, alone.text) != 0)
                fail_msg("rank %u of %u has other bits", r, group_sizes[i]);
        }
    }
    release(t);
}

#define CONVOLUTIONS                                                                               \
    "conv2d out_channels=6 kernel_size=3 has_bias=true%s | batch_norm | relu name=a"               \
    " | conv2d out_channels=6 kernel_size=3%s | batch_norm | add from=a | dropout p=0.3 seed=7"    \
    " | max_pool kernel_size=2 stride=2 | flatten | dense out_channels=9 | gelu"                   \
    " | dense out_channels=5 | softmax_cross_entropy leaf_size=%d"                                 \
    " | adam learning_rate=0.01 clip_norm=1"

/* Batches that do not divide, one sample, fewer leaves than ranks. */
static void convolutions_have_the_bits_of_one(const char *how)
{
    for (int leaf = 1; leaf <= 8; leaf *= 2) {
        char text[512];
        training t = {
            .text = text, .input = {NULL, DP_F32, 4, {29, 3, 8, 6}}, .sizes = {29, 17, 1, 24, 8}};
        snprintf(text, sizeof text, CONVOLUTIONS, how, how, leaf);
        equal_for_all_group_sizes(&t);
    }
}

static void every_group_size_has_the_bits_of_one(void **state)
{
    (void)state;
    convolutions_have_the_bits_of_one("");
}

static void filtering_has_the_bits_of_one(void **state)
{
    (void)state;
    convolutions_have_the_bits_of_one(" algorithm=winograd");
    convolutions_have_the_bits_of_one(" algorithm=winograd4");
}

static void a_transformer_has_the_bits_of_one(void **state)
{
    training t = {.text =
                      "conv2d out_channels=8 kernel_size=2 stride=2 has_bias=true name=a"
                      " | layer_norm | conv2d out_channels=24 kernel_size=1"
                      " | attention num_heads=2 | add from=a | layer_norm | avg_pool kernel_size=3"
                      " | flatten | dense out_channels=5 | softmax_cross_entropy leaf_size=2"
                      " | adamw learning_rate=0.01",
                  .input = {NULL, DP_F32, 4, {21, 3, 8, 6}},
                  .sizes = {21, 17, 1, 20, 8}};

    (void)state;
    equal_for_all_group_sizes(&t);
}

/* Whole numbers into an embedding, and rows that are steps. */
static void sequences_have_the_bits_of_one(void **state)
{
    training t = {
        .text = "embedding num_embeddings=50 embedding_size=6"
                " | lstm hidden_size=7 return_sequences=true forget_bias=1 | tanh"
                " | gru hidden_size=5 | dense out_channels=5"
                " | softmax_cross_entropy leaf_size=2 | momentum learning_rate=0.5 momentum=0.9",
        .input = {NULL, DP_F32, 2, {21, 11}},
        .sizes = {21, 17, 1, 20, 8},
        .whole = 50};

    (void)state;
    equal_for_all_group_sizes(&t);
}

/* A label for each place, causal attention, and a head that has the table's weight. */
static void a_gpt_has_the_bits_of_one(void **state)
{
    training t = {.text = "embedding num_embeddings=50 embedding_size=12 name=tokens"
                          " | position_embedding name=a | layer_norm"
                          " | conv2d out_channels=36 kernel_size=1 has_bias=true"
                          " | attention num_heads=2 causal=true"
                          " | conv2d out_channels=12 kernel_size=1 | add from=a name=b"
                          " | layer_norm | conv2d out_channels=24 kernel_size=1 | gelu"
                          " | conv2d out_channels=12 kernel_size=1 | add from=b | layer_norm"
                          " | conv2d out_channels=50 kernel_size=1 tied=tokens"
                          " | softmax_cross_entropy leaf_size=2 per=place"
                          " | adamw learning_rate=0.01 clip_norm=1",
                  .input = {NULL, DP_F32, 2, {21, 11}},
                  .sizes = {21, 17, 1, 20, 8},
                  .places = 11,
                  .whole = 50};

    (void)state;
    equal_for_all_group_sizes(&t);
}

/* More than one bucket, cut in the middle of a matrix. */
static void buckets_change_no_bit(void **state)
{
    training t = {.text = "dense out_channels=1100 | relu | dense out_channels=1300 | relu"
                          " | dense out_channels=5 | softmax_cross_entropy leaf_size=2"
                          " | momentum learning_rate=0.001 momentum=0.9",
                  .input = {NULL, DP_F32, 2, {13, 900}},
                  .sizes = {13, 13, 7, 2, 13}};

    (void)state;
    equal_for_all_group_sizes(&t);
}

/* ---- all_reduce ---- */

#define COUNT    1500
#define N_SHARDS 19

typedef struct reducing {
    const char *text;
    float *shards; /* [n_shards][COUNT] */
    uint32_t ranks;
    float out[MAX_RANKS][COUNT];
    dp_status status[MAX_RANKS];
    dp_error error[MAX_RANKS];
} reducing;

static void reduce(const dp_group *group, void *ctx, uint32_t rank)
{
    reducing *t = ctx;
    const dp_options options = {.size = sizeof options, .threads = 2, .group = group};
    const int64_t first = N_SHARDS * rank / t->ranks, last = N_SHARDS * (rank + 1) / t->ranks;
    const dp_tensor x = {t->shards + first * COUNT, DP_F32, 2, {last - first, COUNT}};
    dp_op *op = NULL;

    t->status[rank] = dp_op_open(&op, t->text, DP_FORWARD, &x, 1, &options, &t->error[rank]);
    for (int i = 0; i < 2 && t->status[rank] == DP_OK; i++)
        t->status[rank] = dp_op_run(op, &x, &t->error[rank]);
    if (t->status[rank] == DP_OK)
        memcpy(t->out[rank], dp_op_output(op, 0)->data, sizeof t->out[rank]);
    dp_op_close(op);
}

static void all_reduce_has_the_bits_of_one(void **state)
{
    static const char *const texts[] = {"all_reduce op=sum", "all_reduce op=prod",
                                        "all_reduce op=max", "all_reduce op=min"};
    static float shards[N_SHARDS * COUNT];
    static reducing t;
    dp_rng rng;

    (void)state;
    dp_rng_start(&rng, 5, 0, 0);
    for (int i = 0; i < N_SHARDS * COUNT; i++)
        shards[i] = (float)(dp_rng_uniform(&rng) - 0.5) * (i % 11 == 0 ? 1e7f : 3.0f);
    for (int i = 0; i < 4; i++) {
        float alone[COUNT];
        t = (reducing){.text = texts[i], .shards = shards, .ranks = 1};
        test_run_ranks(1, 0, reduce, &t);
        test_assert_ok(t.status[0], &t.error[0], __FILE__, __LINE__);
        memcpy(alone, t.out[0], sizeof alone);
        for (size_t j = 1; j < N_SIZES; j++) {
            t.ranks = group_sizes[j];
            test_run_ranks(t.ranks, 0, reduce, &t);
            for (uint32_t r = 0; r < t.ranks; r++) {
                test_assert_ok(t.status[r], &t.error[r], __FILE__, __LINE__);
                assert_memory_equal(t.out[r], alone, sizeof alone);
            }
        }
    }
}

/* ---- refusals ---- */

static const training small = {.text = "dense out_channels=7 | batch_norm | dense out_channels=5"
                                       " | softmax_cross_entropy | sgd learning_rate=0.1",
                               .input = {NULL, DP_F32, 2, {16, 6}},
                               .sizes = {16, 16, 16, 16, 16},
                               .threads = 1};

static void unlike_ranks_are_refused(void **state)
{
    (void)state;
    for (int weight = 0; weight < 2; weight++) {
        training t = small;
        t.odd_rank = 2;
        t.odd_weight = weight;
        test_batch(&t.input, t.whole, t.places, &t.x, &t.labels);
        test_run_ranks(4, 0, train, &t);
        for (uint32_t r = 0; r < 4; r++) {
            assert_int_equal(t.status[r], DP_ESTATE);
            assert_non_null(strstr(t.error[r].message, "rank 2 has another"));
            assert_non_null(strstr(t.error[r].message, weight ? "weights" : "seed"));
        }
        release(&t);
    }
}

/* Wherever it happens, the ranks say so and none waits for ever. */
static void transport_fails(void **state)
{

    unsigned at = 0;
    training t;

    (void)state;

    do {
        t = small;
        test_batch(&t.input, t.whole, t.places, &t.x, &t.labels);
        test_run_ranks(3, ++at, train, &t);
        for (uint32_t r = 0; r < 3; r++) {
            if (t.status[r] == DP_OK)
                continue; /* it was done before */
            assert_int_equal(t.status[r], DP_EIO);
            assert_string_equal(t.error[r].message, "the line is dead");
        }
        release(&t);
    } while (t.status[2] != DP_OK);
    assert_true(at > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_the_tree_of_all_leaves),
        cmocka_unit_test(every_group_size_has_the_bits_of_one),
        cmocka_unit_test(filtering_has_the_bits_of_one),
        cmocka_unit_test(a_transformer_has_the_bits_of_one),
        cmocka_unit_test(sequences_have_the_bits_of_one),
        cmocka_unit_test(a_gpt_has_the_bits_of_one),
        cmocka_unit_test(buckets_change_no_bit),
        cmocka_unit_test(all_reduce_has_the_bits_of_one),
        cmocka_unit_test(unlike_ranks_are_refused),
        cmocka_unit_test(transport_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
