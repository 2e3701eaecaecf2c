/* test_accumulate.c - a batch that is made in small ones has the bits of one that is made at once
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "detpipe_net.h"
#include "tests/support/batch.h"
#include "tests/support/ranks.h"
#include "tests/support/test.h"

#define STEPS    6
#define MOST_ALL 24 /* samples of a batch */

/* ---- the bits of the whole ---- */

/* Nets whose last stage is an optimizer, to which accumulate= is added. */
typedef struct training {
    const char *text;
    dp_tensor input;
    int64_t sizes[STEPS]; /* samples of each step */
    uint64_t whole;       /* the numbers are whole ones below this; 0 = not */
    int64_t places;       /* labels of a sample; 0 = one, without an axis of its own */
    int accumulate;
    uint32_t threads;
    float *x;
    int32_t *labels;
    test_hex digest[MAX_RANKS]; /* of losses, numbers of correct samples, gradients, weights */
    int64_t correct;
} training;

typedef struct record {
    float loss[STEPS], eval_loss[STEPS];
    int64_t correct[STEPS], eval_correct[STEPS];
    uint8_t parameters[STEPS][16], gradients[STEPS][16];
} record;

/* On a rank's thread, which has no test to fail. */
static void need(dp_status status, const dp_error *err)
{
    if (status == DP_OK)
        return;
    fprintf(stderr, "%s\n", err->message);
    abort();
}

static dp_net *open_accumulating(const char *text, int accumulate, const dp_tensor *input,
                                 const dp_options *options)
{
    char whole[512];
    dp_net *net = NULL;
    dp_error err;

    snprintf(whole, sizeof whole, "%s accumulate=%d", text, accumulate);
    need(dp_net_open(&net, whole, 1, input, options, &err), &err);
    return net;
}

static void train(const dp_group *group, void *ctx, uint32_t rank)
{
    training *t = ctx;
    const dp_options options = {.size = sizeof options, .threads = t->threads, .group = group};
    dp_net *net = open_accumulating(t->text, t->accumulate, &t->input, &options);
    uint8_t digest[16];
    dp_error err;
    record r;

    memset(&r, 0, sizeof r);
    for (int i = 0; i < STEPS; i++) {
        dp_tensor input = t->input,
                  labels = {t->labels, DP_I32, t->places > 0 ? 2 : 1, {t->sizes[i], t->places}};
        dp_net_result result;
        input.shape[0] = t->sizes[i];
        input.data = t->x;
        need(dp_net_step(net, &input, &labels, &result, &err), &err);
        r.loss[i] = result.loss;
        r.correct[i] = result.correct;
        dp_net_digest(net, r.parameters[i], r.gradients[i]);
        need(dp_net_eval(net, &input, &labels, &result, &err), &err);
        r.eval_loss[i] = result.loss;
        r.eval_correct[i] = result.correct;
    }
    dp_net_close(net);
    dp_digest(&r, sizeof r, digest);
    t->digest[rank] = test_hex_of(digest, 16);
    if (rank == 0)
        t->correct = r.correct[0];
}

/* Batches that do not divide, that are short, that have one sample; a leaf of 2. */
static void equals_the_whole(training t)
{
    static const int numbers[] = {2, 3, 6, 12};
    static const int64_t sizes[STEPS] = {MOST_ALL, MOST_ALL, 17, 1, 9, MOST_ALL};
    test_hex whole;

    memcpy(t.sizes, sizes, sizeof sizes);
    t.input.shape[0] = MOST_ALL;
    test_batch(&t.input, t.whole, t.places, &t.x, &t.labels);
    t.accumulate = (int)(t.threads = 1);
    test_run_ranks(1, 0, train, &t);
    assert_true(t.correct > 0);
    whole = t.digest[0];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        for (uint32_t ranks = 1; ranks <= 4; ranks += ranks == 1 ? 1 : 2) {
            t.accumulate = numbers[i];
            t.threads = 1 + (uint32_t)i % 3;
            test_run_ranks(ranks, 0, train, &t);
            for (uint32_t r = 0; r < ranks; r++) {
                if (strcmp(t.digest[r].text, whole.text) != 0)
                    fail_msg("accumulate=%d: rank %u of %u has other bits", numbers[i], r, ranks);
            }
        }
    }
    free(t.x);
    free(t.labels);
}

#define END " | softmax_cross_entropy leaf_size=2"

static void convolutions(void **state)
{
    (void)state;
    equals_the_whole((training){
        .text = "conv2d out_channels=6 kernel_size=3 has_bias=true | layer_norm | relu name=a"
                " | conv2d out_channels=6 kernel_size=3 | add from=a | dropout p=0.3 seed=7"
                " | max_pool kernel_size=2 stride=2 | flatten | dense out_channels=9 | gelu"
                " | dense out_channels=5" END " | adam learning_rate=0.01 clip_norm=1",
        .input = {NULL, DP_F32, 4, {0, 3, 8, 6}}});
}

static void minimal_filtering(void **state)
{
    (void)state;
    equals_the_whole((training){
        .text = "conv2d out_channels=6 kernel_size=3 has_bias=true algorithm=winograd | tanh"
                " | conv2d out_channels=5 kernel_size=5 algorithm=winograd | avg_pool kernel_size=6"
                " | flatten" END " | momentum learning_rate=0.1 momentum=0.9 use_nesterov=true",
        .input = {NULL, DP_F32, 4, {0, 3, 6, 6}}});
}

/* A weight that two layers share is the sum of what all small batches made of each. */
static void text_models(void **state)
{
    (void)state;
    equals_the_whole((training){
        .text = "embedding num_embeddings=11 embedding_size=6 name=tokens | position_embedding"
                " name=in | layer_norm | conv2d out_channels=18 kernel_size=1 has_bias=true"
                " | attention num_heads=2 causal=true | add from=in"
                " | conv2d out_channels=11 kernel_size=1 tied=tokens has_bias=true" END
                " per=place | adamw learning_rate=0.01 weight_decay=0.1",
        .input = {NULL, DP_F32, 2, {0, 7}},
        .whole = 11,
        .places = 7});
}

static void recurrent_nets(void **state)
{
    (void)state;
    equals_the_whole(
        (training){.text = "lstm hidden_size=5 return_sequences=true | gru hidden_size=6"
                           " | dense out_channels=5" END " | sgd learning_rate=0.1 clip_norm=0.5",
                   .input = {NULL, DP_F32, 4, {0, 1, 5, 4}}});
}

/* ---- batch_norm, which is not the whole's ---- */

#define NORM                                                                                       \
    "conv2d out_channels=3 kernel_size=3 | batch_norm statistics=small momentum=0.75 | relu"       \
    " | avg_pool kernel_size=4 | flatten | dense out_channels=5 has_bias=false" END                \
    " | sgd learning_rate=0"
enum { CONV, GAMMA, BETA, MEAN, VARIANCE, DENSE, N_WEIGHTS };
#define N_NORM 16 /* samples of a batch; small ones have half of them */

static const float *weight(const dp_net *net, size_t i)
{
    return dp_net_parameter(net, i, NULL)->data;
}
static const float *gradient(const dp_net *net, size_t i) { return dp_net_gradient(net, i)->data; }

/* Each small batch is what it would be alone: the loss is divided by twice as many samples, which
 * is exact, and no weight moves. */
static void statistics_are_of_the_small_batch(void **state)
{
    training t = {.input = {NULL, DP_F32, 4, {N_NORM, 2, 4, 4}}};
    dp_tensor labels = {NULL, DP_I32, 1, {N_NORM}};
    const dp_options options = {.size = sizeof options, .threads = 2};
    dp_net *whole = open_accumulating(NORM, 2, &t.input, &options),
           *alone = open_accumulating(NORM, 1, &t.input, &options);
    float dense[2][5 * 3], conv[2][3 * 2 * 9], scales[2][2 * 3];
    dp_net_result all, half;

    (void)state;
    test_batch(&t.input, t.whole, t.places, &t.x, &t.labels);
    t.input.data = t.x;
    labels.data = t.labels;
    assert_ok(dp_net_step(whole, &t.input, &labels, &all, &test_error));
    t.input.shape[0] = labels.shape[0] = N_NORM / 2;
    for (int i = 0; i < 2; i++) {
        assert_ok(dp_net_step(alone, &t.input, &labels, &half, &test_error));
        memcpy(dense[i], gradient(alone, DENSE), sizeof dense[i]);
        memcpy(conv[i], gradient(alone, CONV), sizeof conv[i]);
        memcpy(scales[i], gradient(alone, GAMMA), 3 * sizeof(float));
        memcpy(scales[i] + 3, gradient(alone, BETA), 3 * sizeof(float));
        t.input.data = t.x + test_bytes(&t.input) / sizeof *t.x;
        labels.data = t.labels + N_NORM / 2;
    }
    assert_int_equal(all.output.shape[0], N_NORM / 2);
    assert_memory_equal(all.output.data, half.output.data, test_bytes(&half.output));
    for (int i = 0; i < 5 * 3; i++)
        assert_true(gradient(whole, DENSE)[i] == 0.5f * dense[0][i] + 0.5f * dense[1][i]);
    for (int i = 0; i < 3 * 2 * 9; i++)
        assert_true(gradient(whole, CONV)[i] == 0.5f * conv[0][i] + 0.5f * conv[1][i]);
    for (int i = 0; i < 2 * 3; i++) { /* binary64, rounded once */
        const float got = gradient(whole, i < 3 ? GAMMA : BETA)[i % 3];
        assert_true(fabsf(got - (0.5f * scales[0][i] + 0.5f * scales[1][i])) < 1e-6f);
        assert_true(fabsf(scales[0][i]) > 1e-4f && fabsf(scales[1][i]) > 1e-4f);
    }
    for (size_t i = MEAN; i <= VARIANCE; i++)
        assert_memory_equal(weight(whole, i), weight(alone, i), 3 * sizeof(float));
    dp_net_close(whole);
    dp_net_close(alone);
    free(t.x);
    free(t.labels);
}

/* ---- a step that fails, and memory ---- */

/* In the second small batch: the first one has left nothing, not even a moving mean. */
static void a_step_that_fails_changes_nothing(void **state)
{
    training t = {.input = {NULL, DP_F32, 4, {N_NORM, 2, 4, 4}}};
    const dp_tensor labels = {NULL, DP_I32, 1, {N_NORM}};
    const dp_options options = {.size = sizeof options, .threads = 1};
    dp_net *net = open_accumulating(NORM, 2, &t.input, &options),
           *other = open_accumulating(NORM, 2, &t.input, &options);
    dp_tensor own = labels;
    uint8_t before[16], after[16], gradients[2][16];
    float kept;

    (void)state;
    test_batch(&t.input, t.whole, t.places, &t.x, &t.labels);
    t.input.data = t.x;
    own.data = t.labels;
    dp_net_digest(net, before, NULL);
    kept = t.x[N_NORM / 2 * 32 + 5];
    t.x[N_NORM / 2 * 32 + 5] = NAN;
    assert_int_equal(dp_net_step(net, &t.input, &own, NULL, &test_error), DP_ESTATE);
    dp_net_digest(net, after, NULL);
    assert_memory_equal(before, after, 16);
    assert_null(dp_net_gradient(net, 0));
    t.x[N_NORM / 2 * 32 + 5] = kept;
    t.labels[N_NORM - 1] = 5;
    assert_int_equal(dp_net_step(net, &t.input, &own, NULL, &test_error), DP_EINVAL);
    t.labels[N_NORM - 1] = 4;
    assert_ok(dp_net_step(net, &t.input, &own, NULL, &test_error));
    assert_ok(dp_net_step(other, &t.input, &own, NULL, &test_error));
    dp_net_digest(net, before, gradients[0]);
    dp_net_digest(other, after, gradients[1]);
    assert_memory_equal(before, after, 16);
    assert_memory_equal(gradients[0], gradients[1], 16);
    dp_net_close(net);
    dp_net_close(other);
    free(t.x);
    free(t.labels);
}

static uint64_t memory_of(int64_t batch, int accumulate)
{
    const char *text = "conv2d out_channels=16 kernel_size=3 | relu | conv2d out_channels=16"
                       " kernel_size=3 | relu | avg_pool kernel_size=16 | flatten"
                       " | dense out_channels=5" END " | sgd learning_rate=0.1";
    const dp_tensor input = {NULL, DP_F32, 4, {batch, 3, 16, 16}};
    test_allocator a;
    const dp_options options = {.size = sizeof options, .threads = 1, .alloc = &a.hooks};
    uint64_t bytes;

    test_allocator_init(&a);
    dp_net_close(open_accumulating(text, accumulate, &input, &options));
    bytes = a.most;
    assert_int_equal(a.live, 0);
    return bytes;
}

/* That of a small batch, and gradients of those before it: 2,800 numbers of each level. */
static void memory_is_that_of_a_small_batch(void **state)
{
    (void)state;
    assert_true(memory_of(64, 8) < memory_of(8, 1) + 80000);
    assert_true(memory_of(64, 8) < memory_of(64, 1) / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions),
        cmocka_unit_test(minimal_filtering),
        cmocka_unit_test(text_models),
        cmocka_unit_test(recurrent_nets),
        cmocka_unit_test(statistics_are_of_the_small_batch),
        cmocka_unit_test(a_step_that_fails_changes_nothing),
        cmocka_unit_test(memory_is_that_of_a_small_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
