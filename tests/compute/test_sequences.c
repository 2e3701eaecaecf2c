/* test_sequences.c - the layers lstm, gru and embedding beside the operators and plain loops
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
}

/* ---- embedding ---- */

enum { ROWS = 9, SIZE = 67, PLACES = 4, SAMPLES = 11 };

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
    dp_loss_run run = {SAMPLES, PLACES * SIZE, NULL, classes, dx, loss};

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_have_the_operators_bits),
        cmocka_unit_test(rows_of_the_table),
        cmocka_unit_test(gradient_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
