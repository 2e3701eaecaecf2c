/* test_sequences.c - lstm, gru, embedding, causal attention: beside the operators and plain loops
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/number/num.h"
#include "base/random/rng.h"
#include "compute/rows.h"
#include "detpipe_ops.h"
#include "tests/support/test.h"

enum { N = 5, STEPS = 6, WIDTH = 3, CHANNELS = 2, INPUTS = WIDTH * CHANNELS, HIDDEN = 7 };

static void random_fill(float *v, size_t n, uint64_t ordinal)
{
    dp_rng rng;

    dp_rng_start(&rng, test_seed(), 0, ordinal);
    for (size_t i = 0; i < n; i++)
        v[i] = (float)(2 * dp_rng_uniform(&rng) - 1);
}

static dp_net *open_net(const char *text, const dp_tensor *input)
{
    const dp_options options = {.size = sizeof options, .threads = 2};
    dp_net *net = NULL;

    assert_ok(dp_net_open(&net, text, 1, input, &options, &test_error));
    return net;
}

/* ---- lstm and gru: the operator's bits ---- */

/* Planes of an image as steps of a sequence: the number of channel c, row t, column w. */
static float pixel(const float *x, int n, int c, int t, int w)
{
    return x[((n * CHANNELS + c) * STEPS + t) * WIDTH + w];
}

/* What the operator makes of x and the net's own parameters: y[STEPS][N][HIDDEN]. */
static const float *by_operator(dp_net *net, const char *text, bool lstm, const float *x)
{
    static float sequence[STEPS * N * INPUTS], zeros[N * HIDDEN], y[STEPS * N * HIDDEN];
    dp_tensor in[6] = {{sequence, DP_F32, 3, {STEPS, N, INPUTS}}};
    const dp_tensor state = lstm ? (dp_tensor){zeros, DP_F32, 3, {1, N, HIDDEN}}
                                 : (dp_tensor){zeros, DP_F32, 2, {N, HIDDEN}};
    const size_t parameters = lstm ? 2 : 4;
    dp_op *op = NULL;

    for (int i = 0; i < STEPS * N * INPUTS; i++)
        sequence[i] = pixel(x, i / INPUTS % N, i % CHANNELS, i / INPUTS / N, i % INPUTS / CHANNELS);
    for (size_t i = 0; i < parameters; i++)
        in[1 + i] = *dp_net_parameter(net, i, NULL);
    in[1 + parameters] = in[2 + parameters - !lstm] = state;
    assert_ok(dp_op_open(&op, text, DP_FORWARD, in, lstm ? 5 : 6, NULL, &test_error));
    assert_ok(dp_op_run(op, in, &test_error));
    memcpy(y, dp_op_output(op, 0)->data, sizeof y);
    dp_op_close(op);
    return y;
}

static void check_layer(const char *text, const char *operator, bool all_steps)
{
    float x[N * CHANNELS * STEPS * WIDTH];
    const dp_tensor input = {x, DP_F32, 4, {N, CHANNELS, STEPS, WIDTH}};
    char net_text[200];
    dp_net_result r;
    const float *y, *got;
    dp_net *net;

    snprintf(net_text, sizeof net_text,
             "init weight=\"uniform scale=0.7\" bias=\"normal sigma=0.3\""
             " | %s | flatten",
             text);
    net = open_net(net_text, &input);
    random_fill(x, sizeof x / sizeof x[0], 1);
    assert_ok(dp_net_eval(net, &input, NULL, &r, &test_error));
    got = r.output.data;
    y = by_operator(net, operator, strncmp(operator, "lstm", 4) == 0, x);
    assert_int_equal(r.output.shape[1], HIDDEN * (all_steps ? STEPS : 1));
    for (int n = 0; n < N; n++) {
        for (int t = all_steps ? 0 : STEPS - 1; t < STEPS; t++) {
            for (int u = 0; u < HIDDEN; u++) {
                /* flatten: a unit is a channel, a step a row */
                const float v = got[n * r.output.shape[1] + (all_steps ? u * STEPS + t : u)];
                assert_int_equal(dp_f32_bits(v), dp_f32_bits(y[(t * N + n) * HIDDEN + u]));
            }
        }
    }
    dp_net_close(net);
}

static void layers_have_the_operators_bits(void **state)
{
    (void)state;
    check_layer("lstm hidden_size=7", "lstm", false);
    check_layer("lstm hidden_size=7 return_sequences=true forget_bias=1 cell_clip=0.2",
                "lstm forget_bias=1 cell_clip=0.2", true);
    check_layer("gru hidden_size=7", "gru", false);
    check_layer("gru hidden_size=7 return_sequences=true", "gru", true);
    check_layer("lstm hidden_size=7 activation=fast", "lstm activation=fast", false);
    check_layer("gru hidden_size=7 return_sequences=true activation=fast", "gru activation=fast",
                true);
}

/* ---- embedding ---- */

enum { ROWS = 9, SIZE = 67, PLACES = 4, SAMPLES = 11 };

static const double plain[8] = {0}; /* softmax_cross_entropy's parameters, without smoothing */

static void rows_of_the_table(void **state)
{
    float x[2 * PLACES] = {0, 8, 3, 3, 9, -1, 2.5f, 1};
    const dp_tensor input = {x, DP_F32, 2, {2, PLACES}};
    dp_net *net = open_net("embedding num_embeddings=9 embedding_size=67 | flatten", &input);
    const float *w = dp_net_parameter(net, 0, NULL)->data, *y;
    dp_net_result r;

    (void)state;
    assert_ok(dp_net_eval(net, &input, NULL, &r, &test_error));
    y = r.output.data;
    for (int i = 0; i < 2 * PLACES; i++) {
        const bool there = x[i] == 0 || x[i] == 8 || x[i] == 3 || x[i] == 1;
        for (int j = 0; j < SIZE; j++) {
            const float v = y[(i / PLACES * SIZE + j) * PLACES + i % PLACES];
            assert_int_equal(dp_f32_bits(v),
                             there ? dp_f32_bits(w[(int)x[i] * SIZE + j]) : 0x7FC00000u);
        }
    }
    dp_net_close(net);
}

/* dy[SAMPLES][PLACES][SIZE] of the loss of such a net, whose output is flattened by channels. */
static void loss_gradient(dp_net *net, const dp_tensor *input, const int64_t *classes, float *dy)
{
    static float dx[SAMPLES * PLACES * SIZE];
    double loss[SAMPLES];
    dp_net_result r;
    dp_loss_run run = {SAMPLES, PLACES * SIZE, NULL, classes, dx, loss, plain, NULL};

    assert_ok(dp_net_eval(net, input, NULL, &r, &test_error));
    run.x = r.output.data;
    for (int i = 0; i < SAMPLES; i++)
        dp_loss_softmax_cross_entropy.row(&run, i);
    for (int i = 0; i < SAMPLES * PLACES * SIZE; i++)
        dy[i] = dx[(i / (PLACES * SIZE) * SIZE + i % SIZE) * PLACES + i / SIZE % PLACES];
}

/* The gradient of the table, place by place, leaf by leaf, level by level. */
static void check_table_gradient(int leaf)
{
    static float leaves[SAMPLES][ROWS * SIZE], dy[SAMPLES * PLACES * SIZE];
    const int n_leaves = (SAMPLES + leaf - 1) / leaf;
    char text[200];
    float x[SAMPLES * PLACES];
    int64_t classes[SAMPLES];
    const dp_tensor input = {x, DP_F32, 2, {SAMPLES, PLACES}},
                    labels = {classes, DP_I64, 1, {SAMPLES}};
    dp_rng rng;
    dp_net *net;

    snprintf(text, sizeof text,
             "embedding num_embeddings=9 embedding_size=67 | flatten"
             " | softmax_cross_entropy leaf_size=%d | sgd learning_rate=0",
             leaf);
    net = open_net(text, &input);
    dp_rng_start(&rng, test_seed(), 0, (uint64_t)leaf);
    for (int i = 0; i < SAMPLES * PLACES; i++)
        x[i] = (float)dp_rng_below(&rng, ROWS - 1); /* nobody takes the last row */
    for (int i = 0; i < SAMPLES; i++)
        classes[i] = dp_rng_below(&rng, PLACES * SIZE);
    loss_gradient(net, &input, classes, dy);
    assert_ok(dp_net_step(net, &input, &labels, NULL, &test_error));
    memset(leaves, 0, sizeof leaves);
    for (int i = 0; i < SAMPLES * PLACES * SIZE; i++)
        leaves[i / (PLACES * SIZE) / leaf][(int)x[i / SIZE] * SIZE + i % SIZE] += dy[i];
    for (int step = 1; step < n_leaves; step *= 2) {
        for (int i = 0; i + step < n_leaves; i += 2 * step) {
            for (int j = 0; j < ROWS * SIZE; j++)
                leaves[i][j] += leaves[i + step][j];
        }
    }
    assert_memory_equal(dp_net_gradient(net, 0)->data, leaves[0], sizeof leaves[0]);
    dp_net_close(net);
}

static void gradient_of_the_table(void **state)
{
    (void)state;
    for (int leaf = 1; leaf <= 16; leaf *= 2)
        check_table_gradient(leaf);
}

/* ---- causal attention ---- */

/* What a place of a sequence makes has the bits that it has where the sequence ends with it, and
 * with whatever comes behind it. */
static void what_comes_behind_changes_no_bit(void **state)
{
    enum { MOST = 9, C = 10 };
    static const char text[] = "embedding num_embeddings=20 embedding_size=10 | layer_norm"
                               " | conv2d out_channels=30 kernel_size=1"
                               " | attention num_heads=2 causal=true";
    float x[MOST], other[MOST], whole[MOST * C];
    dp_tensor input = {x, DP_F32, 2, {1, MOST}};
    dp_net *net = open_net(text, &input);
    dp_net_result r;

    (void)state;
    for (int i = 0; i < MOST; i++)
        x[i] = (float)(i * 7 % 20);
    assert_ok(dp_net_eval(net, &input, NULL, &r, &test_error));
    memcpy(whole, r.output.data, sizeof whole);
    for (int n = 1; n <= MOST; n++) {
        dp_net *part;
        memcpy(other, x, sizeof x);
        for (int i = n; i < MOST; i++)
            other[i] = 19;
        input = (dp_tensor){other, DP_F32, 2, {1, MOST}};
        assert_ok(dp_net_eval(net, &input, NULL, &r, &test_error));
        assert_memory_equal(r.output.data, whole, sizeof(float) * (size_t)(n * C));
        input.shape[1] = n;
        part = open_net(text, &input); /* the same seed: the same weights */
        assert_ok(dp_net_eval(part, &input, NULL, &r, &test_error));
        assert_memory_equal(r.output.data, whole, sizeof(float) * (size_t)(n * C));
        dp_net_close(part);
    }
    dp_net_close(net);
}

/* ---- position_embedding ---- */

/* Of 3 channels in 2x4 places: y = x + weight, and the gradient place by place in binary64. */
static void check_positions(int leaf)
{
    enum { C = 3, P = 8, FEATURES = C * P };
    static float x[SAMPLES * FEATURES], dx[SAMPLES * FEATURES];
    double loss[SAMPLES], leaves[SAMPLES][FEATURES];
    int64_t classes[SAMPLES];
    const int n_leaves = (SAMPLES + leaf - 1) / leaf;
    const dp_tensor input = {x, DP_F32, 4, {SAMPLES, C, 2, 4}},
                    labels = {classes, DP_I64, 1, {SAMPLES}};
    dp_loss_run run = {SAMPLES, FEATURES, NULL, classes, dx, loss, plain, NULL};
    char text[200];
    dp_net_result r;
    const float *w, *g, *y;
    dp_net *net;

    snprintf(text, sizeof text,
             "position_embedding | flatten | softmax_cross_entropy leaf_size=%d"
             " | sgd learning_rate=0",
             leaf);
    net = open_net(text, &input);
    random_fill(x, sizeof x / sizeof x[0], 3);
    for (int i = 0; i < SAMPLES; i++)
        classes[i] = i * 5 % FEATURES;
    assert_ok(dp_net_step(net, &input, &labels, &r, &test_error));
    w = dp_net_parameter(net, 0, NULL)->data, g = dp_net_gradient(net, 0)->data;
    y = run.x = r.output.data; /* by channels, as x */
    for (int i = 0; i < SAMPLES * FEATURES; i++)
        assert_true(y[i] == x[i] + w[i % P * C + i / P % C]);
    for (int i = 0; i < SAMPLES; i++)
        dp_loss_softmax_cross_entropy.row(&run, i);
    memset(leaves, 0, sizeof leaves);
    for (int i = 0; i < SAMPLES * FEATURES; i++)
        leaves[i / FEATURES / leaf][i % P * C + i / P % C] += (double)dx[i];
    for (int step = 1; step < n_leaves; step *= 2) {
        for (int i = 0; i + step < n_leaves; i += 2 * step) {
            for (int j = 0; j < FEATURES; j++)
                leaves[i][j] += leaves[i + step][j];
        }
    }
    for (int j = 0; j < FEATURES; j++)
        assert_int_equal(dp_f32_bits(g[j]), dp_f32_bits((float)leaves[0][j]));
    dp_net_close(net);
}

static void a_table_of_places(void **state)
{
    (void)state;
    for (int leaf = 1; leaf <= 16; leaf *= 2)
        check_positions(leaf);
}

/* ---- tokens: integers in, a label for each place, weights that are shared ---- */

enum { VOCABULARY = 13, D = 6 };

static void same_gradient(const dp_net *a, size_t i, const dp_net *b, size_t j)
{
    const dp_tensor *g = dp_net_gradient(a, i), *other = dp_net_gradient(b, j);

    assert_int_equal(test_bytes(g), test_bytes(other));
    assert_memory_equal(g->data, other->data, test_bytes(g));
}

/* Places as samples of their own, in leaves that hold the same ones, have the same bits. */
static void a_place_is_a_sample(void **state)
{
    static const int leaf_sizes[] = {1, 2, 8};
    int32_t x[SAMPLES * PLACES], next[SAMPLES * PLACES];
    dp_tensor places = {x, DP_I32, 2, {SAMPLES, PLACES}},
              labels = {next, DP_I32, 2, {SAMPLES, PLACES}},
              samples = {x, DP_I32, 2, {SAMPLES * PLACES, 1}},
              label = {next, DP_I32, 1, {SAMPLES * PLACES}};

    (void)state;
    for (int i = 0; i < SAMPLES * PLACES; i++)
        x[i] = i * i % VOCABULARY, next[i] = (i * 3 + 1) % VOCABULARY;
    for (int l = 0; l < 3; l++) {
        char text[300];
        dp_net_result r, s;
        dp_net *a, *b;
        snprintf(text, sizeof text,
                 "embedding num_embeddings=13 embedding_size=6 | conv2d out_channels=13"
                 " kernel_size=1 has_bias=true | softmax_cross_entropy leaf_size=%d per=place"
                 " | momentum learning_rate=0.5 momentum=0.9",
                 leaf_sizes[l]);
        a = open_net(text, &places);
        snprintf(text, sizeof text,
                 "embedding num_embeddings=13 embedding_size=6 | conv2d out_channels=13"
                 " kernel_size=1 has_bias=true | flatten | softmax_cross_entropy leaf_size=%d"
                 " | momentum learning_rate=0.5 momentum=0.9",
                 leaf_sizes[l] * PLACES);
        b = open_net(text, &samples);
        for (int step = 0; step < 3; step++) {
            assert_ok(dp_net_step(a, &places, &labels, &r, &test_error));
            assert_ok(dp_net_step(b, &samples, &label, &s, &test_error));
            assert_int_equal(dp_f32_bits(r.loss), dp_f32_bits(s.loss));
            assert_int_equal(r.correct, s.correct);
            assert_int_equal(r.output.rank, 3);
            assert_int_equal(r.output.shape[1], PLACES);
            assert_int_equal(r.output.shape[2], VOCABULARY);
            assert_memory_equal(r.output.data, s.output.data, test_bytes(&s.output));
            for (size_t i = 0; i < 3; i++)
                same_gradient(a, i, b, i);
        }
        dp_net_close(a);
        dp_net_close(b);
    }
}

#define TOKENS    "embedding num_embeddings=13 embedding_size=6 name=t"
#define TO_TOKENS "conv2d out_channels=13 kernel_size=1"
#define AGAIN     "softmax | conv2d out_channels=6 kernel_size=1 | tanh"
#define LAST      "softmax_cross_entropy leaf_size=2 per=place | sgd learning_rate=1"

/* The gradient of a shared weight is that of its last user, to which the others' are added. */
static void a_shared_weight(void **state)
{
    static const char shared[] =
        TOKENS " | " TO_TOKENS " tied=t | " AGAIN " | " TO_TOKENS " tied=t | " LAST,
                      apart[] = TOKENS " | " TO_TOKENS " | " AGAIN " | " TO_TOKENS " | " LAST;
    int32_t x[SAMPLES * PLACES];
    const dp_tensor input = {x, DP_I32, 2, {SAMPLES, PLACES}};
    float before[VOCABULARY * D];
    dp_net *a = open_net(shared, &input), *b = open_net(apart, &input);
    float *w = dp_net_parameter(a, 0, NULL)->data;
    dp_net_result r, s;
    const float *g;

    (void)state;
    for (int i = 0; i < SAMPLES * PLACES; i++)
        x[i] = i * i % VOCABULARY;
    assert_non_null(dp_net_parameter(a, 1, NULL));
    assert_null(dp_net_parameter(a, 2, NULL)); /* the table, and the matrix between */
    random_fill(w, VOCABULARY * D, 9);
    memcpy(before, w, sizeof before);
    for (size_t i = 0; i < 4; i++)
        memcpy(dp_net_parameter(b, i, NULL)->data, dp_net_parameter(a, i == 2 ? 1 : 0, NULL)->data,
               test_bytes(dp_net_parameter(b, i, NULL)));
    assert_ok(dp_net_step(a, &input, &input, &r, &test_error));
    assert_ok(dp_net_step(b, &input, &input, &s, &test_error));
    assert_int_equal(dp_f32_bits(r.loss), dp_f32_bits(s.loss));
    same_gradient(a, 1, b, 2);
    g = dp_net_gradient(a, 0)->data;
    for (int i = 0; i < VOCABULARY * D; i++) {
        const float *table = dp_net_gradient(b, 0)->data, *first = dp_net_gradient(b, 1)->data,
                    *last = dp_net_gradient(b, 3)->data;
        assert_true(first[i] != 0 && last[i] != 0);
        assert_int_equal(dp_f32_bits(g[i]), dp_f32_bits((last[i] + first[i]) + table[i]));
        assert_int_equal(dp_f32_bits(w[i]), dp_f32_bits(before[i] - g[i]));
    }
    dp_net_close(a);
    dp_net_close(b);
}

/* The same tokens of every type; a text that was printed is the same net. */
static void types_of_tokens(void **state)
{
    enum { MOST = SAMPLES * PLACES };
    uint8_t u8[MOST];
    uint16_t u16[MOST];
    int64_t i64[MOST];
    float f32[MOST], expected[MOST * VOCABULARY];
    const dp_tensor inputs[] = {{f32, DP_F32, 2, {SAMPLES, PLACES}},
                                {u8, DP_U8, 2, {SAMPLES, PLACES}},
                                {u16, DP_U16, 2, {SAMPLES, PLACES}},
                                {i64, DP_I64, 2, {SAMPLES, PLACES}}};
    dp_tensor planes = {NULL, DP_I32, 4, {1, 1, 2, 2}};
    dp_net *net = NULL;

    (void)state;
    for (int i = 0; i < MOST; i++) {
        i64[i] = i * i % VOCABULARY;
        u8[i] = (uint8_t)i64[i], u16[i] = (uint16_t)i64[i], f32[i] = (float)i64[i];
    }
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        dp_net *first = open_net(TOKENS " | " TO_TOKENS " tied=t | " LAST, &inputs[i]);
        dp_net_result r;
        net = open_net(dp_net_spec(first), &inputs[i]);
        assert_string_equal(dp_net_spec(net), dp_net_spec(first));
        assert_non_null(strstr(dp_net_spec(net), " tied=t"));
        assert_ok(dp_net_eval(net, &inputs[i], NULL, &r, &test_error));
        if (i == 0)
            memcpy(expected, r.output.data, sizeof expected);
        assert_int_equal(test_bytes(&r.output), sizeof expected);
        assert_memory_equal(r.output.data, expected, sizeof expected);
        dp_net_close(first);
        dp_net_close(net);
    }
    assert_int_equal(dp_net_open(&net, "relu", 1, &planes, NULL, &test_error), DP_EINVAL);
}

static void labels_of_places_that_are_refused(void **state)
{
    int32_t x[6 * PLACES] = {0};
    dp_tensor input = {x, DP_I32, 2, {6, PLACES}}, labels = {x, DP_I32, 1, {6}};
    dp_net *net = open_net(TOKENS " | " TO_TOKENS " | " LAST, &input);

    (void)state;
    assert_int_equal(dp_net_step(net, &input, &labels, NULL, &test_error), DP_EINVAL);
    assert_string_equal(test_error.message, "labels are int32[6]: integers[6, 4] are expected");
    labels = (dp_tensor){x, DP_I32, 3, {6, 2, 2}};
    assert_int_equal(dp_net_step(net, &input, &labels, NULL, &test_error), DP_EINVAL);
    labels = (dp_tensor){x, DP_I32, 3, {6, 4, 1}};
    assert_ok(dp_net_step(net, &input, &labels, NULL, &test_error));
    labels = (dp_tensor){x, DP_I32, 2, {6, 4}};
    assert_ok(dp_net_step(net, &input, &labels, NULL, &test_error));
    x[5] = VOCABULARY;
    assert_int_equal(dp_net_step(net, &input, &labels, NULL, &test_error), DP_EINVAL);
    assert_string_equal(test_error.message, "label 13 of sample 1 is not a class: the net has 13");
    dp_net_close(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_have_the_operators_bits),
        cmocka_unit_test(rows_of_the_table),
        cmocka_unit_test(gradient_of_the_table),
        cmocka_unit_test(what_comes_behind_changes_no_bit),
        cmocka_unit_test(a_table_of_places),
        cmocka_unit_test(a_place_is_a_sample),
        cmocka_unit_test(a_shared_weight),
        cmocka_unit_test(types_of_tokens),
        cmocka_unit_test(labels_of_places_that_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
