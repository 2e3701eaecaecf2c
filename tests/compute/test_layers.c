/* test_layers.c - layers, loss and optimizers: against MindSpore, naive loops and finite
 * differences
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "base/number/num.h"
#include "base/random/rng.h"
#include "compute/kernels/kernels.h"
#include "compute/reference/reference.h"
#include "tests/support/test.h"

static dp_net *open_net(const char *text, int64_t n, int64_t c, int64_t h, int64_t w)
{
    const dp_options options = {.size = sizeof options, .threads = 2};
    const dp_tensor input = {NULL, DP_F32, 4, {n, c, h, w}};
    dp_net *net = NULL;

    assert_ok(dp_net_open(&net, text, 1, &input, &options, &test_error));
    return net;
}

static dp_net *open_flat(const char *text, int64_t n, int64_t features)
{
    const dp_options options = {.size = sizeof options, .threads = 2};
    const dp_tensor input = {NULL, DP_F32, 2, {n, features}};
    dp_net *net = NULL;

    assert_ok(dp_net_open(&net, text, 1, &input, &options, &test_error));
    return net;
}

static void random_fill(float *v, size_t n, uint64_t ordinal)
{
    dp_rng rng;
    dp_rng_start(&rng, 42, 0, ordinal);
    for (size_t i = 0; i < n; i++)
        v[i] = (float)(2 * dp_rng_uniform(&rng) - 1);
}

/* Forward only, without weights: the output for one input. */
static const float *eval(dp_net *net, float *x, const dp_tensor *shape)
{
    dp_tensor input = *shape;
    dp_net_result r;

    input.data = x;
    assert_ok(dp_net_eval(net, &input, NULL, &r, &test_error));
    return r.output.data;
}

/* ---- naive pooling over [c][h][w] ---- */

static void check_pool(const char *kind, int size, int stride, bool same, int h, int w)
{
    enum { C = 5 };
    char text[160];
    float x[C * 20 * 20];
    const dp_tensor shape = {NULL, DP_F32, 4, {1, C, h, w}};
    const int oh = same ? (h + stride - 1) / stride : (h - size) / stride + 1,
              ow = same ? (w + stride - 1) / stride : (w - size) / stride + 1;
    const int total_h = same && (oh - 1) * stride + size > h ? (oh - 1) * stride + size - h : 0;
    const int total_w = same && (ow - 1) * stride + size > w ? (ow - 1) * stride + size - w : 0;
    const float *y;
    dp_net *net;

    snprintf(text, sizeof text, "%s_pool kernel_size=%d stride=%d pad_mode=%s | flatten", kind,
             size, stride, same ? "same" : "valid");
    net = open_net(text, 1, C, h, w);
    random_fill(x, (size_t)(C * h * w), 1);
    y = eval(net, x, &shape);
    for (int i = 0; i < C * oh * ow; i++) {
        const int c = i / (oh * ow), top = i / ow % oh * stride - total_h / 2,
                  left = i % ow * stride - total_w / 2;
        double sum = 0, most = -10;
        int count = 0;
        for (int k = 0; k < size * size; k++) {
            const int a = top + k / size, b = left + k % size;
            if (a < 0 || a >= h || b < 0 || b >= w)
                continue;
            sum += (double)x[(c * h + a) * w + b];
            most = (double)x[(c * h + a) * w + b] > most ? (double)x[(c * h + a) * w + b] : most;
            count++;
        }
        assert_true(y[i] == (float)(kind[0] == 'm' ? most : sum / count));
    }
    dp_net_close(net);
}

static void pools(void **state)
{
    (void)state;
    for (int same = 0; same < 2; same++) {
        check_pool("max", 2, 2, same, 8, 8);
        check_pool("max", 3, 2, same, 13, 11);
        check_pool("max", 3, 1, same, 5, 7);
        check_pool("avg", 2, 2, same, 8, 8);
        check_pool("avg", 3, 2, same, 13, 11);
        check_pool("avg", 5, 3, same, 7, 19);
    }
}

/* docs/numerics.md: NaN wins, the first of equals gets the gradient. */
static void max_pool_corners(void **state)
{
    float x[4] = {1, NAN, 3, NAN};
    const dp_tensor shape = {NULL, DP_F32, 4, {1, 1, 2, 2}};
    dp_net *net = open_net("max_pool kernel_size=2 | flatten", 1, 1, 2, 2);

    (void)state;
    assert_true(isnan(eval(net, x, &shape)[0]));
    x[1] = -0.0f, x[0] = 0.0f, x[2] = -1, x[3] = 0;
    assert_true(dp_f32_bits(eval(net, x, &shape)[0]) == 0);
    x[0] = -0.0f;
    assert_true(dp_f32_bits(eval(net, x, &shape)[0]) == 0x80000000u);
    dp_net_close(net);
}

static void relu_corners(void **state)
{
    float x[5] = {-1, -0.0f, 0.0f, 2, NAN};
    const dp_tensor shape = {NULL, DP_F32, 2, {1, 5}};
    dp_net *net = open_flat("relu", 1, 5);
    const float *y = eval(net, x, &shape);

    (void)state;
    assert_true(dp_f32_bits(y[0]) == 0 && dp_f32_bits(y[1]) == 0 && dp_f32_bits(y[2]) == 0 &&
                y[3] == 2 && isnan(y[4]));
    dp_net_close(net);
}

/* At 0 the gradient is 0, whatever comes from above. */
static void relu_gradient_at_zero(void **state)
{
    float x[2] = {1, 2};
    int32_t y[1] = {0};
    const dp_tensor input = {x, DP_F32, 2, {1, 2}}, labels = {y, DP_I32, 1, {1}};
    dp_net *net = open_flat("init weight=zeros | dense out_channels=2 | relu | dense out_channels=2"
                            " | softmax_cross_entropy | sgd learning_rate=0",
                            1, 2);
    float *w = dp_net_parameter(net, 2, NULL)->data;

    (void)state;
    w[0] = w[3] = 1;
    assert_ok(dp_net_step(net, &input, &labels, NULL, &test_error));
    assert_true(((const float *)dp_net_gradient(net, 3)->data)[0] != 0);
    for (int i = 0; i < 2; i++)
        assert_true(((const float *)dp_net_gradient(net, 1)->data)[i] == 0);
    dp_net_close(net);
}

/* Flatten keeps channel, height, width order, so the identity net gives the input back. */
static void flatten_is_chw(void **state)
{
    float x[3 * 4 * 5];
    const dp_tensor shape = {NULL, DP_F32, 4, {1, 3, 4, 5}};
    dp_net *net = open_net("flatten", 1, 3, 4, 5);

    (void)state;
    random_fill(x, 60, 0);
    assert_memory_equal(eval(net, x, &shape), x, sizeof x);
    dp_net_close(net);
}

/* ---- gradients: the change of the loss along a random direction ---- */

/* The gradients of a step that changes nothing: learning_rate is 0. */
static double loss_of(dp_net *net, dp_tensor *x, dp_tensor *labels)
{
    dp_net_result r;
    assert_ok(dp_net_step(net, x, labels, &r, &test_error));
    return (double)r.loss;
}

static void check_gradients(const char *layers)
{
    enum { B = 6 };
    char text[512];
    static float x[B * 3 * 9 * 9];
    int32_t classes[B] = {0, 1, 2, 3, 4, 0};
    dp_tensor input = {x, DP_F32, 4, {B, 3, 9, 9}}, labels = {classes, DP_I32, 1, {B}};
    const dp_tensor *p;
    const char *name;
    dp_net *net;

    snprintf(
        text, sizeof text,
        "init bias=\"normal sigma=0.1\" | %s | flatten | dense out_channels=5 | softmax_cross_entropy"
        " leaf_size=2 | sgd learning_rate=0",
        layers);
    net = open_net(text, B, 3, 9, 9);
    random_fill(x, sizeof x / sizeof x[0], 3);
    for (size_t i = 0; (p = dp_net_parameter(net, i, &name)) != NULL; i++) {
        const size_t n = test_bytes(p) / sizeof(float);
        const double here = loss_of(net, &input, &labels);
        const float *g = dp_net_gradient(net, i)->data;
        float *w = p->data, *direction = malloc(n * sizeof *direction),
              *kept = malloc(n * sizeof *kept);
        double expected = 0, norm = 0, up, down;
        const double step = 2e-3;
        assert_true(here > 0);
        random_fill(direction, n, 100 + i);
        for (size_t j = 0; j < n; j++)
            norm += (double)direction[j] * (double)direction[j];
        for (size_t j = 0; j < n; j++)
            expected += (double)g[j] * (double)direction[j] / sqrt(norm);
        memcpy(kept, w, n * sizeof *w);
        for (size_t j = 0; j < n; j++)
            w[j] = (float)((double)kept[j] + step * (double)direction[j] / sqrt(norm));
        up = loss_of(net, &input, &labels);
        for (size_t j = 0; j < n; j++)
            w[j] = (float)((double)kept[j] - step * (double)direction[j] / sqrt(norm));
        down = loss_of(net, &input, &labels);
        memcpy(w, kept, n * sizeof *w);
        if (fabs((up - down) / (2 * step) - expected) > 1e-3 + 1e-2 * fabs(expected))
            fail_msg("%s: %s: the loss changes by %g, the gradient says %g", layers, name,
                     (up - down) / (2 * step), expected);
        free(direction);
        free(kept);
    }
    dp_net_close(net);
}

static void gradients(void **state)
{
    (void)state;
    check_gradients("conv2d out_channels=4 kernel_size=3 has_bias=true");
    check_gradients(
        "conv2d out_channels=4 kernel_size=3 stride=2 has_bias=true | conv2d out_channels=5 kernel_size=2 pad_mode=valid");
    check_gradients(
        "conv2d out_channels=4 kernel_size=3,5 stride=1,2 pad_mode=pad padding=1,2,0,3 | conv2d out_channels=3 kernel_size=2 stride=3");
    check_gradients(
        "conv2d out_channels=4 kernel_size=3 | avg_pool kernel_size=3 stride=2 pad_mode=same | conv2d out_channels=3 kernel_size=3");
    check_gradients(
        "conv2d out_channels=4 kernel_size=3 | max_pool kernel_size=3 stride=2 | conv2d out_channels=3 kernel_size=3 has_bias=true");
    check_gradients(
        "conv2d out_channels=6 kernel_size=3 dilation=2 | conv2d out_channels=4 group=2 kernel_size=3,2 stride=2,1 dilation=3,1 has_bias=true");
    check_gradients("conv2d out_channels=6 kernel_size=3 algorithm=winograd"
                    " | conv2d out_channels=4 kernel_size=3 group=2 pad_mode=pad"
                    " padding=2,0,3,1 has_bias=true algorithm=winograd");
    check_gradients("conv2d out_channels=6 kernel_size=5 algorithm=winograd"
                    " | conv2d out_channels=4 kernel_size=3 group=2 pad_mode=pad"
                    " padding=2,0,3,1 has_bias=true algorithm=winograd4");
    check_gradients("conv2d out_channels=4 kernel_size=3 has_bias=true | relu | sigmoid | tanh"
                    " | sigmoid | relu");
    check_gradients("conv2d out_channels=4 kernel_size=3 | sigmoid | conv2d out_channels=4"
                    " kernel_size=3 | tanh");
    check_gradients(
        "conv2d out_channels=4 kernel_size=1 | relu | flatten | dense out_channels=7 | relu");
    check_gradients("conv2d out_channels=4 kernel_size=3 | leaky_relu negative_slope=0.3 | "
                    "conv2d out_channels=3 kernel_size=3 | leaky_relu");
    check_gradients("conv2d out_channels=4 kernel_size=3 stride=2 | conv2d_transpose "
                    "out_channels=6 kernel_size=3 stride=2 has_bias=true | tanh | "
                    "conv2d_transpose out_channels=3 kernel_size=2,4 group=3 dilation=2,1 "
                    "stride=1,3 pad_mode=pad padding=1,0,2,1 output_padding=0,2");
    check_gradients("conv2d out_channels=4 kernel_size=3 name=a | global_max_pool name=b | "
                    "global_avg_pool from=a | add from=b | tanh");
}

/* A batch of [n][5][4][6] that becomes [n][12][11][4], its weights [6][2][3][4], two groups. */
enum { T_N = 5, T_IN = 5 * 4 * 6, T_OUT = 12 * 11 * 4, T_W = 6 * 2 * 3 * 4 };
static const dp_conv transposed = {.ic = 4,
                                   .height = 12,
                                   .width = 11,
                                   .oc = 6,
                                   .kh = 3,
                                   .kw = 4,
                                   .oh = 5,
                                   .ow = 4,
                                   .stride_h = 2,
                                   .stride_w = 2,
                                   .dilation_h = 1,
                                   .dilation_w = 2,
                                   .groups = 2,
                                   .top = 0,
                                   .left = 1,
                                   .bottom = 0,
                                   .right = 1};

/* [n][places][channels] as a net takes and gives it. */
static void turn(int n, int places, int channels, const float *from, float *to)
{
    for (int i = 0; i < n * places * channels; i++) {
        const int p = i / channels % places, c = i % channels;
        to[(i / (places * channels) * channels + c) * places + p] = from[i];
    }
}

/* conv2d_transpose is the way back through the reference's convolution, bit for bit. */
static void transposed_is_the_way_back(void **state)
{
    static const char text[] = "conv2d_transpose out_channels=4 kernel_size=3,4 stride=2 "
                               "dilation=1,2 group=2 pad_mode=pad padding=0,0,1,1 "
                               "output_padding=1,0 | flatten | mse leaf_size=2 | "
                               "sgd learning_rate=0";
    static float x[T_N * T_IN], planes[T_N * T_IN], y[T_N * T_OUT], seen[T_N * T_OUT],
        targets[T_N * T_OUT] = {0}, dy[T_N * T_OUT], dw[T_W], partial[3 * 3 * 4];
    const dp_tensor input = {planes, DP_F32, 4, {T_N, 6, 5, 4}},
                    labels = {targets, DP_F32, 4, {T_N, 4, 12, 11}};
    dp_net *net = open_net(text, T_N, 6, 5, 4);
    const float *w = dp_net_parameter(net, 0, NULL)->data;
    dp_net_result r;

    (void)state;
    random_fill(x, T_N * T_IN, 12);
    turn(T_N, 5 * 4, 6, x, planes);
    assert_int_equal(test_bytes(dp_net_parameter(net, 0, NULL)), sizeof dw);
    assert_ok(dp_net_step(net, &input, &labels, &r, &test_error));
    dp_ref_conv_input_gradient(&transposed, T_N, x, w, y);
    turn(T_N, 12 * 11, 4, y, seen);
    assert_memory_equal(r.output.data, seen, sizeof seen);
    for (int i = 0; i < T_N * T_OUT; i++)
        dy[i] = (float)(2.0 * (double)y[i] / (T_N * (double)T_OUT));
    dp_ref_conv_weight_gradient(&transposed, T_N, 2, dy, x, dw, partial);
    assert_memory_equal(dp_net_gradient(net, 0)->data, dw, sizeof dw);
    dp_net_close(net);
}

/* One window is the image, of whatever size. */
static void global_pools(void **state)
{
    static const char *const pairs[][2] = {
        {"global_avg_pool", "avg_pool kernel_size=7,5"},
        {"global_max_pool", "max_pool kernel_size=7,5"},
    };
    float x[2 * 3 * 35], first[2 * 3];
    const dp_tensor shape = {NULL, DP_F32, 4, {2, 3, 7, 5}};

    (void)state;
    random_fill(x, sizeof x / sizeof x[0], 4);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 2; i++) {
            char text[80];
            dp_net *net;
            snprintf(text, sizeof text, "%s | flatten", pairs[k][i]);
            net = open_net(text, 2, 3, 7, 5);
            if (i == 0)
                memcpy(first, eval(net, x, &shape), sizeof first);
            else
                assert_memory_equal(eval(net, x, &shape), first, sizeof first);
            dp_net_close(net);
        }
    }
}

#define CONV "conv2d kernel_size=3 out_channels="

/* Outputs that are read more than once, by layers of every kind. */
static void gradients_of_graphs(void **state)
{
    (void)state;
    check_gradients(CONV "4 | tanh name=a | " CONV "4 | tanh | add from=a | " CONV "3");
    check_gradients(CONV "4 name=a | tanh | " CONV "4 | add from=a | tanh");
    check_gradients(CONV "4 name=a | add from=a | tanh | " CONV "3");
    check_gradients(CONV "4 | tanh name=a | " CONV "5 | concat from=a | " CONV
                         "3 | tanh name=b | avg_pool kernel_size=3 name=c | max_pool kernel_size=3 "
                         "from=b | concat from=c");
    check_gradients(CONV "4 name=a | sigmoid name=b | tanh from=a | add from=b name=c | " CONV
                         "4 from=a | add from=c | add from=b");
    check_gradients(CONV "4 name=a | tanh | " CONV "4 name=b | tanh from=a | add from=b");
    check_gradients(CONV "4 | tanh name=a | " CONV "3 name=b | " CONV "3 from=a | add from=b");
    check_gradients(CONV "4 name=a | batch_norm name=b | tanh name=c | " CONV
                         "4 | add from=c name=d"
                         " | " CONV "4 from=b | add from=d | add from=a name=e | " CONV "4 from=e"
                         " | add from=e | tanh");
}

static void gradients_of_functions(void **state)
{
    (void)state;
    check_gradients(CONV "4 has_bias=true | gelu | " CONV "3 | gelu");
    check_gradients(CONV "4 has_bias=true | softmax | " CONV "3");
    check_gradients(CONV "4 has_bias=true | log_softmax | " CONV "3");
    check_gradients(CONV "4 has_bias=true | log_softmax | tanh | " CONV "3");
    check_gradients(CONV "4 | tanh name=a | " CONV "4 | softmax | add from=a | tanh | " CONV "3");
}

static void gradients_of_a_transformer(void **state)
{
    (void)state;
    check_gradients(CONV "5 has_bias=true | layer_norm epsilon=1e-3 | " CONV "3");
    check_gradients("layer_norm | " CONV "4 | layer_norm epsilon=0.01 | tanh");
    check_gradients(CONV "6 has_bias=true | attention | " CONV "3");
    check_gradients(CONV "12 stride=2 | attention num_heads=2 | " CONV "3");
    check_gradients(CONV "12 stride=2 | attention num_heads=2 causal=true | " CONV "3");
    check_gradients(CONV "4 stride=2 | position_embedding | tanh | position_embedding | " CONV "3");
    check_gradients("position_embedding | tanh | " CONV "3");
    check_gradients(CONV "4 stride=2 name=a | layer_norm epsilon=0.1 | conv2d out_channels=12 "
                         "kernel_size=1 | attention num_heads=2 | conv2d out_channels=4 "
                         "kernel_size=1 | add from=a name=b | layer_norm epsilon=0.1 | "
                         "conv2d out_channels=8 kernel_size=1 | gelu | conv2d out_channels=4 "
                         "kernel_size=1 | add from=b");
}

static void gradients_over_time(void **state)
{
    (void)state;
    check_gradients(CONV "4 has_bias=true | lstm hidden_size=5 forget_bias=1");
    check_gradients("lstm hidden_size=6 return_sequences=true | tanh | " CONV "3");
    check_gradients(CONV "2 | gru hidden_size=5");
    check_gradients("gru hidden_size=6 return_sequences=true | lstm hidden_size=70");
    check_gradients(CONV "3 | gru hidden_size=6 return_sequences=true activation=fast"
                         " | lstm hidden_size=5 activation=fast");
}

/* Beside its formula in double: two heads of two channels, six places. */
static void check_attention(const char *text, bool causal)
{
    enum { P = 6, C = 4, D = 2 };
    float x[3 * C * P];
    const dp_tensor shape = {NULL, DP_F32, 4, {1, 3 * C, 2, 3}};
    dp_net *net = open_net(text, 1, 3 * C, 2, 3);
    const float *y;

    random_fill(x, 3 * C * P, 11);
    for (int i = 0; i < 3 * C * P; i++)
        x[i] *= 3;
    y = eval(net, x, &shape);
    for (int i = 0; i < P; i++) {
        for (int c = 0; c < C; c++) {
            double all = 0, sum = 0;
            for (int j = 0; j < (causal ? i + 1 : P); j++) {
                double s = 0;
                for (int e = c / D * D; e < c / D * D + D; e++)
                    s += (double)x[e * P + i] * (double)x[(C + e) * P + j];
                all += exp(s / sqrt(D));
                sum += exp(s / sqrt(D)) * (double)x[(2 * C + c) * P + j];
            }
            assert_true(fabs((double)y[c * P + i] - sum / all) < 1e-5);
        }
    }
    dp_net_close(net);
}

static void values_of_attention(void **state)
{
    (void)state;
    check_attention("attention num_heads=2 | flatten", false);
    check_attention("attention num_heads=2 causal=true | flatten", true);
}

/* Beside their formulas in double. */
static void values_of_functions(void **state)
{
    float x[3 * 4], y[3 * 4];
    const dp_tensor shape = {NULL, DP_F32, 4, {1, 3, 2, 2}};
    static const char *const texts[] = {"gelu", "softmax", "log_softmax",
                                        "leaky_relu negative_slope=0.25"};

    (void)state;
    random_fill(x, 12, 77);
    for (int i = 0; i < 12; i++)
        x[i] *= 4;
    for (int k = 0; k < 4; k++) {
        char text[64];
        dp_net *net;
        snprintf(text, sizeof text, "%s | flatten", texts[k]);
        net = open_net(text, 1, 3, 2, 2);
        memcpy(y, eval(net, x, &shape), sizeof y);
        dp_net_close(net);
        for (int i = 0; i < 12; i++) {
            const double v = (double)x[i],
                         t = tanh(sqrt(2 / acos(-1.0)) * (v + 0.044715 * v * v * v));
            const double all =
                exp((double)x[i % 4]) + exp((double)x[i % 4 + 4]) + exp((double)x[i % 4 + 8]);
            const double expected = k == 0   ? 0.5 * v * (1 + t)
                                    : k == 1 ? exp(v) / all
                                    : k == 2 ? log(exp(v) / all)
                                             : fmax(v, v / 4);
            assert_true(fabs((double)y[i] - expected) < 1e-6);
        }
    }
}

static void gradients_of_batch_norm(void **state)
{
    (void)state;
    check_gradients(CONV "4 | batch_norm | tanh");
    check_gradients("batch_norm | " CONV "5 has_bias=true | batch_norm | tanh name=a | " CONV
                    "5 | batch_norm eps=0.01 | add from=a | tanh | avg_pool kernel_size=3");
    check_gradients(CONV "4 | tanh | flatten | dense out_channels=9 | batch_norm | tanh");
}

/* What it makes of a batch, the moving ones after it, and what eval makes of those. */
static void batch_norm_and_its_moving_ones(void **state)
{
    enum { N = 5, C = 2, P = 9 };
    float x[N * C * P];
    int32_t classes[N] = {0, 1, 2, 1, 0};
    const dp_tensor input = {x, DP_F32, 4, {N, C, 3, 3}}, labels = {classes, DP_I32, 1, {N}};
    dp_net *net = open_net("batch_norm momentum=0.75 eps=1e-3 | flatten | softmax_cross_entropy | "
                           "sgd learning_rate=0",
                           N, C, 3, 3);
    const char *name;
    dp_net_result r;

    (void)state;
    random_fill(x, N * C * P, 5);
    assert_ok(dp_net_step(net, &input, &labels, &r, &test_error));
    for (int c = 0; c < C; c++) {
        double mean = 0, variance = 0, moving, spread;
        for (int i = 0; i < N * P; i++)
            mean += (double)x[i / P * C * P + c * P + i % P] / (N * P);
        for (int i = 0; i < N * P; i++)
            variance += pow((double)x[i / P * C * P + c * P + i % P] - mean, 2) / (N * P);
        moving = (double)((const float *)dp_net_parameter(net, 2, &name)->data)[c];
        assert_string_equal(name, "bn1.moving_mean");
        assert_true(fabs(moving - 0.25 * mean) < 1e-6);
        spread = (double)((const float *)dp_net_parameter(net, 3, &name)->data)[c];
        assert_string_equal(name, "bn1.moving_variance");
        assert_true(fabs(spread - (0.75 + 0.25 * variance * N * P / (N * P - 1))) < 1e-6);
        for (int i = 0; i < P; i++)
            assert_true(fabs((double)((const float *)r.output.data)[c * P + i] -
                             ((double)x[c * P + i] - mean) / sqrt(variance + 1e-3)) < 1e-5);
    }
    assert_ok(dp_net_eval(net, &input, NULL, &r, &test_error));
    for (int c = 0; c < C; c++) {
        const double mean = (double)((const float *)dp_net_parameter(net, 2, NULL)->data)[c];
        const double variance = (double)((const float *)dp_net_parameter(net, 3, NULL)->data)[c];
        assert_true(fabs((double)((const float *)r.output.data)[c * P] -
                         ((double)x[c * P] - mean) / sqrt(variance + 1e-3)) < 1e-5);
    }
    dp_net_close(net);
}

static void wrong_graph(const char *text, const char *words)
{
    const dp_tensor input = {NULL, DP_F32, 4, {2, 3, 9, 9}};
    dp_net *net = NULL;

    assert_int_equal(dp_net_open(&net, text, 1, &input, NULL, &test_error), DP_ESPEC);
    assert_null(net);
    if (strstr(test_error.message, words) == NULL || test_error.column == 0)
        fail_msg("'%s' (column %u) lacks '%s'", test_error.message, test_error.column, words);
}

static void wrong_graphs(void **state)
{
    (void)state;
    wrong_graph(CONV "4 | add", "takes two inputs");
    wrong_graph(CONV "4 | add from=a", "no layer before this one has name=a");
    wrong_graph(CONV "4 | relu from=b name=b", "no layer before this one has name=b");
    wrong_graph(CONV "4 name=a | " CONV "4 name=a", "name=a is the name of another layer");
    wrong_graph(CONV "4 name=a | " CONV "5 | add from=a", "are not alike");
    wrong_graph(CONV "4 name=a | max_pool kernel_size=3 | concat from=a", "are not alike");
    wrong_graph(CONV "4 name=a | relu | " CONV "4 from=a", "nobody takes the output of this relu");
    wrong_graph("add from=a", "no layer before this one");
    wrong_graph(CONV "4 name=\"\"", "at least a letter");
    wrong_graph(CONV "8 | embedding num_embeddings=9 embedding_size=4", "put flatten before it");
    wrong_graph(CONV "8 | attention", "a multiple of 3 is needed");
    wrong_graph(CONV "9 | attention num_heads=2", "a multiple of 6 is needed");
}

/* Gradients of a step of these layers, with `between` for each bar. */
static test_hex gradients_of(const char *layers, const char *between)
{
    static float x[4 * 4 * 9 * 9];
    int32_t y[4] = {0, 1, 2, 1};
    const dp_tensor input = {x, DP_F32, 4, {4, 4, 9, 9}}, labels = {y, DP_I32, 1, {4}};
    char text[600] = "";
    uint8_t digest[16];
    dp_net *net;

    for (; *layers != 0; layers++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, *layers == '|' ? "%s" : "%.1s",
                 *layers == '|' ? between : layers);
    }
    strcat(text, between);
    strcat(text, "softmax_cross_entropy | sgd learning_rate=0.1");
    net = open_net(text, 4, 4, 9, 9);
    random_fill(x, sizeof x / sizeof x[0], 9);
    assert_ok(dp_net_step(net, &input, &labels, NULL, &test_error));
    dp_net_digest(net, NULL, digest);
    dp_net_close(net);
    return test_hex_of(digest, 16);
}

/* Activations share memory with their neighbours, which run them; a layer that does nothing keeps
 * them apart. */
static void check_neighbours(const char *layers)
{
    if (strcmp(gradients_of(layers, "|").text,
               gradients_of(layers, "| dropout p=0 seed=1 |").text) != 0)
        fail_msg("%s: other gradients with dropout p=0 between the layers", layers);
}

/* One that is read twice is run by nobody else, backward; a second relu after another one never is,
 * and changes nothing. */
static void check_readers(const char *rest)
{
    char together[300], apart[300];

    snprintf(together, sizeof together, CONV "4 | relu name=a | %s", rest);
    snprintf(apart, sizeof apart, CONV "4 | relu | relu name=a | %s", rest);
    if (strcmp(gradients_of(together, "|").text, gradients_of(apart, "|").text) != 0)
        fail_msg("%s: other gradients with two relu in place of one", rest);
}

static void activations_and_their_neighbours(void **state)
{
    (void)state;
    check_readers(CONV "3 name=b | " CONV "3 from=a | add from=b | flatten | dense "
                       "out_channels=4");
    check_readers(CONV "4 | add from=a | flatten | dense out_channels=4");
    check_readers("sigmoid name=b | " CONV "4 from=a | concat from=b | flatten | dense "
                  "out_channels=4");
    check_neighbours("flatten | dense out_channels=9 | relu | sigmoid | tanh | relu"
                     " | dense out_channels=3");
    check_neighbours("flatten | dense out_channels=9 | tanh | sigmoid | dense out_channels=3");
    check_neighbours("sigmoid | conv2d out_channels=4 kernel_size=3 group=2 stride=2 | sigmoid"
                     " | conv2d out_channels=6 kernel_size=1 group=2 stride=2 | tanh"
                     " | max_pool kernel_size=2 | flatten | sigmoid | dense out_channels=3 | tanh");
    check_neighbours("conv2d out_channels=37 kernel_size=3 | tanh | avg_pool kernel_size=3 | tanh"
                     " | flatten | dense out_channels=3 | sigmoid | relu");
    assert_string_not_equal(gradients_of("flatten | dense out_channels=3 | tanh", "|").text,
                            gradients_of("flatten | dense out_channels=3 | sigmoid", "|").text);
}

/* ---- MindSpore's numbers (with a tolerance: its exp and log are approximations, its momentum uses
 * no fma) ---- */

static size_t parse_bits(const char *line, float *out)
{
    size_t n = 0;
    for (const char *at = strchr(line, ' '); at != NULL; at = strchr(at + 1, ' '))
        out[n++] = dp_f32_from((uint32_t)strtoul(at + 1, NULL, 16));
    return n;
}

static void check_loss(char **lines)
{
    float logits[1024], gradient[1024];
    uint32_t classes[64];
    char word[32], stage[64] = "softmax_cross_entropy", text[200];
    const int64_t n = strtol(test_word(lines[0], "n", word, sizeof word), NULL, 10);
    const int64_t c = strtol(test_word(lines[0], "classes", word, sizeof word), NULL, 10);
    const double value = (double)dp_f32_from(
        (uint32_t)strtoul(test_word(lines[0], "value", word, sizeof word), NULL, 16));
    dp_tensor input = {logits, DP_F32, 2, {n, c}}, labels = {classes, DP_U32, 1, {n}};
    dp_net_result r;
    dp_net *net;
    float *w;
    char *at = lines[2];

    test_word(lines[0], "stage", stage, sizeof stage);
    if (strchr(stage, ',') != NULL)
        *strchr(stage, ',') = ' ';
    parse_bits(lines[1], logits);
    parse_bits(lines[3], gradient);
    for (int64_t i = 0; i < n; i++)
        classes[i] = (uint32_t)strtoul(strchr(at, ' ') + 1, &at, 10);
    /* a dense layer that is the identity: the bias gradient is the sum of the logits' gradients
     * over the samples */
    snprintf(text, sizeof text, "dense out_channels=%lld | %s | sgd learning_rate=0", (long long)c,
             stage);
    net = open_flat(text, n, c);
    w = dp_net_parameter(net, 0, NULL)->data;
    for (int64_t i = 0; i < c * c; i++)
        w[i] = i % (c + 1) == 0;
    assert_ok(dp_net_step(net, &input, &labels, &r, &test_error));
    assert_true(fabs((double)r.loss - value) <= 2e-6 * fabs(value));
    for (int64_t j = 0; j < c; j++) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += (double)gradient[i * c + j];
        assert_true(fabs((double)((const float *)dp_net_gradient(net, 1)->data)[j] - sum) <=
                    5e-7 * (double)n);
    }
    dp_net_close(net);
}

/* Driven through the kernels: a net's gradients cannot be given. */
static void check_momentum(char **lines)
{
    float p[256], g[1024], after[1024], v[256] = {0};
    char word[32];
    const int n = (int)strtol(test_word(lines[0], "n", word, sizeof word), NULL, 10);
    const int steps = (int)strtol(test_word(lines[0], "steps", word, sizeof word), NULL, 10);
    const dp_update u = {strtof(test_word(lines[0], "lr", word, sizeof word), NULL),
                         strtof(test_word(lines[0], "m", word, sizeof word), NULL),
                         strtof(test_word(lines[0], "weight_decay", word, sizeof word), NULL), 0};

    parse_bits(lines[1], p);
    parse_bits(lines[2], g);
    parse_bits(lines[3], after);
    for (int s = 0; s < steps; s++) {
        dp_kernels_of(dp_cpu_best())->momentum(&u, n, p, g + s * n, v);
        for (int i = 0; i < n; i++)
            assert_true(fabsf(p[i] - after[s * n + i]) <= 4e-7f * (1 + fabsf(after[s * n + i])));
    }
}

/* The n lines of a file, `each` of them at a time. */
static void check_lines(const char *file, size_t n, size_t each, void (*check)(char **lines))
{
    test_lines lines = test_lines_read(file);

    assert_int_equal(lines.n, n);
    for (size_t i = 0; i < n; i += each)
        check(lines.line + i);
    test_lines_free(&lines);
}

/* Its MSELoss, NLLLoss and CrossEntropyLoss(label_smoothing=). */
static void more_mindspore_losses(void **state)
{
    (void)state;
    check_lines("mindspore_more_losses.txt", 64, 4, check_loss);
}

/* Lines: the net, its input, the labels; then its weight, bias and their gradients in turn. */
static void check_layers(char **lines)
{
    float x[512], gradient[512];
    uint32_t classes[8];
    char word[32], text[400];
    dp_tensor input = {x, DP_F32, 4, {0}}, labels = {classes, DP_U32, 1, {0}};
    const dp_options options = {.size = sizeof options, .threads = 2};
    dp_net_result r;
    dp_net *net = NULL;
    double value;
    char *at;

    assert_non_null(at = (char *)test_word(lines[0], "shape", word, sizeof word));
    for (int d = 0; d < 4; d++, at++)
        input.shape[d] = strtol(at, &at, 10);
    labels.shape[0] = input.shape[0];
    value = (double)dp_f32_from(
        (uint32_t)strtoul(test_word(lines[0], "value", word, sizeof word), NULL, 16));
    at = lines[2];
    for (int64_t i = 0; i < labels.shape[0]; i++)
        classes[i] = (uint32_t)strtoul(strchr(at, ' ') + 1, &at, 10);
    parse_bits(lines[1], x);
    snprintf(text, sizeof text, "%s | softmax_cross_entropy | sgd learning_rate=0",
             strstr(lines[0], " : ") + 3);
    assert_ok(dp_net_open(&net, text, 1, &input, &options, &test_error));
    for (size_t p = 0; p < 2; p++)
        parse_bits(lines[3 + 2 * p], dp_net_parameter(net, p, NULL)->data);
    assert_ok(dp_net_step(net, &input, &labels, &r, &test_error));
    assert_true(fabs((double)r.loss - value) <= 2e-6 * fabs(value));
    for (size_t p = 0; p < 2; p++) {
        const float *made = dp_net_gradient(net, p)->data;
        const size_t n = parse_bits(lines[4 + 2 * p], gradient);
        assert_int_equal(n * sizeof(float), test_bytes(dp_net_gradient(net, p)));
        for (size_t i = 0; i < n; i++)
            assert_true(fabsf(made[i] - gradient[i]) <= 2e-6f * (1 + fabsf(gradient[i])));
    }
    dp_net_close(net);
}

/* Its Conv2dTranspose, LeakyReLU, and the mean or the most of each channel. */
static void mindspore_layers(void **state)
{
    (void)state;
    check_lines("mindspore_layers.txt", 28, 7, check_layers);
}

static void mindspore_values(void **state)
{
    test_lines lines = test_lines_read("mindspore_losses.txt");
    int losses = 0, momenta = 0;

    (void)state;
    for (size_t i = 0; i < lines.n; i += 4) {
        const bool loss = strncmp(lines.line[i], "loss", 4) == 0;
        (loss ? check_loss : check_momentum)(lines.line + i);
        losses += loss;
        momenta += !loss;
    }
    assert_int_equal(losses, 4);
    assert_int_equal(momenta, 3);
    test_lines_free(&lines);
}

/* ---- adam and adamw, beside their papers' formulas in double, step by step ---- */

#define FEATURES   7
#define ADAM_STEPS 6

typedef struct moments {
    double m[FEATURES * 3], v[FEATURES * 3];
} moments;

/* What the last gradient makes of a parameter that was `before`. */
static double next_value(moments *s, int64_t i, double before, double g, int step, bool decoupled)
{
    const double rate = 0.05, decay = 0.1, beta1 = 0.8, beta2 = 0.95, eps = 1e-6;
    const double d = decoupled ? g : g + decay * before;

    s->m[i] = beta1 * s->m[i] + (1 - beta1) * d;
    s->v[i] = beta2 * s->v[i] + (1 - beta2) * d * d;
    return before - (decoupled ? rate * decay * before : 0) -
           rate * (s->m[i] / (1 - pow(beta1, step + 1))) /
               (sqrt(s->v[i] / (1 - pow(beta2, step + 1))) + eps);
}

static void check_adam(bool decoupled)
{
    enum { SAMPLES = 5 };
    char text[200];
    float x[SAMPLES * FEATURES], before[FEATURES * 3];
    int32_t classes[SAMPLES] = {0, 2, 1, 1, 0};
    const dp_tensor input = {x, DP_F32, 2, {SAMPLES, FEATURES}};
    const dp_tensor labels = {classes, DP_I32, 1, {SAMPLES}};
    moments s = {{0}, {0}};
    dp_net *net;

    snprintf(text, sizeof text,
             "init weight=\"normal sigma=0.5\" | dense out_channels=3 has_bias=false | "
             "softmax_cross_entropy | adam%s learning_rate=0.05 weight_decay=0.1 beta1=0.8 "
             "beta2=0.95 eps=1e-6",
             decoupled ? "w" : "");
    net = open_flat(text, SAMPLES, FEATURES);
    for (int step = 0; step < ADAM_STEPS; step++) {
        const float *w = dp_net_parameter(net, 0, NULL)->data;
        memcpy(before, w, sizeof before);
        random_fill(x, SAMPLES * FEATURES, (uint64_t)step);
        assert_ok(dp_net_step(net, &input, &labels, NULL, &test_error));
        for (int64_t i = 0; i < FEATURES * 3; i++) {
            const double g = (double)((const float *)dp_net_gradient(net, 0)->data)[i];
            const double value = next_value(&s, i, (double)before[i], g, step, decoupled);
            assert_true(fabs((double)w[i] - value) < 1e-6);
        }
    }
    dp_net_close(net);
}

static void adam_and_adamw(void **state)
{
    (void)state;
    check_adam(false);
    check_adam(true);
}

/* With and without: a gradient of another length, but the same direction. */
static void clipped_gradients(void **state)
{
    static const char text[] = "init weight=\"normal sigma=0.5\" | dense out_channels=5 | relu | "
                               "dense out_channels=3 | softmax_cross_entropy | sgd "
                               "learning_rate=0.1 clip_norm=%s";
    float x[4 * FEATURES];
    int32_t classes[4] = {0, 2, 1, 1};
    const dp_tensor input = {x, DP_F32, 2, {4, FEATURES}}, labels = {classes, DP_I32, 1, {4}};
    dp_net *nets[3];
    double squares[3] = {0};

    (void)state;
    random_fill(x, 4 * FEATURES, 9);
    for (int i = 0; i < 3; i++) {
        char with[300];
        snprintf(with, sizeof with, text, i == 0 ? "0" : i == 1 ? "0.25" : "100");
        nets[i] = open_flat(with, 4, FEATURES);
        assert_ok(dp_net_step(nets[i], &input, &labels, NULL, &test_error));
        for (size_t p = 0; dp_net_gradient(nets[i], p) != NULL; p++) {
            const dp_tensor *t = dp_net_gradient(nets[i], p);
            for (size_t j = 0; j < test_bytes(t) / 4; j++)
                squares[i] += pow((double)((const float *)t->data)[j], 2);
        }
    }
    assert_true(squares[0] > 0.25 * 0.25 && fabs(sqrt(squares[1]) - 0.25) < 1e-6);
    for (size_t p = 0; dp_net_gradient(nets[0], p) != NULL; p++) {
        const dp_tensor *t = dp_net_gradient(nets[0], p);
        const float *g = t->data, *clipped = dp_net_gradient(nets[1], p)->data;
        assert_memory_equal(dp_net_gradient(nets[2], p)->data, g, test_bytes(t));
        for (size_t j = 0; j < test_bytes(t) / 4; j++)
            assert_true(fabs((double)g[j] * 0.25 / sqrt(squares[0]) - (double)clipped[j]) < 1e-7);
    }
    for (int i = 0; i < 3; i++)
        dp_net_close(nets[i]);
}

/* ---- initializers ---- */

static void check_moments(const char *initializer, double mean, double deviation, double bound)
{
    char text[200];
    dp_net *net;
    const float *w;
    double sum = 0, squares = 0;
    const int n = 64 * 1000;

    snprintf(text, sizeof text, "init weight=\"%s\" | dense out_channels=64", initializer);
    net = open_flat(text, 1, 1000);
    w = dp_net_parameter(net, 0, NULL)->data;
    for (int i = 0; i < n; i++) {
        sum += (double)w[i];
        squares += (double)w[i] * (double)w[i];
        assert_true(fabs((double)w[i] - mean) <= bound);
    }
    sum /= n;
    assert_true(fabs(sum - mean) <= 5 * deviation / sqrt(n) + 1e-12);
    assert_true(fabs(sqrt(squares / n - sum * sum + 1e-30) - deviation) <= 0.02 * deviation + 1e-9);
    dp_net_close(net);
}

static void initializers(void **state)
{
    (void)state;
    check_moments("normal sigma=0.5 mean=1", 1, 0.5, 3);
    check_moments("truncated_normal sigma=0.02", 0, 0.02 * 0.8796, 0.04 + 1e-9);
    check_moments("uniform scale=0.3", 0, 0.3 / sqrt(3), 0.3);
    check_moments("he_uniform", 0, sqrt(6.0 / 1000) / sqrt(3), sqrt(6.0 / 1000));
    check_moments("he_uniform mode=fan_out nonlinearity=tanh", 0, 5.0 / 3 / 8, sqrt(3) * 5 / 24);
    check_moments("he_normal negative_slope=1", 0, sqrt(1.0 / 1000), 0.2);
    check_moments("he_normal nonlinearity=linear", 0, sqrt(1.0 / 1000), 0.2);
    check_moments("xavier_uniform gain=2", 0, sqrt(8.0 / 1064), 2 * sqrt(6.0 / 1064));
    check_moments("xavier_normal", 0, sqrt(2.0 / 1064), 0.3);
    check_moments("constant value=0.25", 0.25, 0, 0);
    check_moments("zeros", 0, 0, 0);
}

/* A parameter is one stream, in whatever pieces the threads make it. */
static void initial_values_are_one_stream(void **state)
{
    const float bound = 0.25f;
    dp_net *net = open_flat("init weight=\"uniform scale=0.25\" | dense out_channels=200", 1, 1000);
    const float *w = dp_net_parameter(net, 0, NULL)->data;
    dp_rng rng;

    (void)state;
    dp_rng_start(&rng, dp_rng_key(1, "fc1.weight", 0), 0, 0);
    for (int i = 0; i < 200000; i++)
        assert_true(w[i] == (float)((2 * dp_rng_uniform(&rng) - 1) * (double)bound));
    dp_net_close(net);
}

/* Rates of steps 0, 1, ... of `sgd WORDS`. */
static void check_rates(const char *words, const uint64_t *steps, const double *rates, int n)
{
    char text[200];
    dp_net *net;

    snprintf(text, sizeof text, "dense out_channels=2 | softmax_cross_entropy | sgd %s", words);
    net = open_flat(text, 1, 2);
    for (int i = 0; i < n; i++) {
        if (fabs(dp_net_learning_rate(net, steps[i]) - rates[i]) > 1e-15 * rates[i])
            fail_msg("%s: step %llu has %.17g, not %.17g", words, (unsigned long long)steps[i],
                     dp_net_learning_rate(net, steps[i]), rates[i]);
    }
    dp_net_close(net);
}

#define RATES(words, steps, ...)                                                                   \
    check_rates(words, (const uint64_t[])STEPS steps, (const double[]){__VA_ARGS__},               \
                (int)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double)))
#define STEPS(...)                                                                                 \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void schedules(void **state)
{
    (void)state;
    RATES("learning_rate=0.1", (0, 1, 1000000), 0.1, 0.1, 0.1);
    RATES("learning_rate=0.1 decay_steps=10 decay_rate=0.5", (0, 9, 10, 39), 0.1, 0.1, 0.05,
          0.0125);
    RATES("learning_rate=0.3,0.2,0.1", (0, 1, 2, 3, 99), 0.3, 0.2, 0.1, 0.1, 0.1);
    RATES("learning_rate=0.3,0.2,0.1 milestones=2,5,10", (0, 1, 2, 4, 5, 9, 10, 99), 0.3, 0.3, 0.2,
          0.2, 0.1, 0.1, 0.1, 0.1);
    RATES("learning_rate=0.1 warmup_steps=4", (0, 1, 2, 3, 4, 9), 0, 0.025, 0.05, 0.075, 0.1, 0.1);
    /* MindSpore's cosine_decay_lr(0.01, 0.1, total_step=6, step_per_epoch=1, decay_epoch=6) */
    RATES("learning_rate=0.1 min_lr=0.01 decay=cosine decay_steps=6", (0, 1, 2, 3, 4, 5, 6, 100),
          0.1, 0.09397114317029974, 0.0775, 0.055, 0.0325, 0.016028856829700263, 0.01, 0.01);
    RATES("learning_rate=0.1 decay=cosine decay_steps=2 warmup_steps=2", (0, 1, 2, 3, 4), 0, 0.05,
          0.1, 0.05, 0);
}

/* The series against the C library's cosine, which is not used elsewhere. */
static void cosine_is_a_cosine(void **state)
{
    dp_net *net = open_flat("dense out_channels=2 | softmax_cross_entropy | sgd learning_rate=1"
                            " decay=cosine decay_steps=10007",
                            1, 2);

    (void)state;
    for (uint64_t i = 0; i <= 10007; i++)
        assert_true(fabs(dp_net_learning_rate(net, i) -
                         0.5 * (1 + cos(acos(-1.0) * (double)i / 10007))) < 6e-16);
    dp_net_close(net);
}

static void bad_schedules(void **state)
{
    static const char *const bad[] = {
        "learning_rate=0.1,0.2 milestones=5",
        "learning_rate=0.1,0.2 milestones=5,5",
        "learning_rate=0.1,0.2 decay_steps=5",
        "learning_rate=0.1 min_lr=0.01",
        "learning_rate=0.1 min_lr=0.2 decay=cosine decay_steps=5",
    };
    const dp_tensor input = {NULL, DP_F32, 2, {1, 2}};
    char text[200];
    dp_net *net;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "dense out_channels=2 | softmax_cross_entropy | sgd %s",
                 bad[i]);
        assert_int_equal(dp_net_open(&net, text, 1, &input, NULL, &test_error), DP_ESPEC);
        assert_int_equal(test_error.column, 48);
    }
}

/* ---- dropout ---- */

/* One step of identity | dropout | identity: gradients and outputs show the mask. */
static void dropout_is_keyed_and_scaled(void **state)
{
    enum { N = 3, F = 400 };
    static float x[N * F], w[2][F];
    int32_t y[N] = {0, 1, 0};
    const dp_tensor input = {x, DP_F32, 2, {N, F}}, labels = {y, DP_I32, 1, {N}};
    dp_net *net = open_flat("dropout p=0.25 seed=7 | dense out_channels=2 | softmax_cross_entropy"
                            " leaf_size=1 | sgd learning_rate=0",
                            N, F);
    dp_net_result r;
    int dropped = 0;

    (void)state;
    for (int i = 0; i < N * F; i++)
        x[i] = i < F ? 1.0f : 0.0f; /* only sample 0 says something */
    for (int step = 0; step < 2; step++) {
        assert_ok(dp_net_step(net, &input, &labels, &r, &test_error));
        memcpy(w[step], dp_net_gradient(net, 0)->data, sizeof w[step]);
    }
    /* the gradient of a weight is its input times one number */
    for (int i = 0; i < F; i++) {
        dropped += w[0][i] == 0;
        assert_true(w[0][i] == 0 || w[0][i] == w[0][0] || w[0][0] == 0);
    }
    assert_in_range(dropped, F / 4 - 40, F / 4 + 40);
    assert_memory_not_equal(w[0], w[1], sizeof w[0]);
    dp_net_close(net);
}

static float dropped_loss(uint32_t threads, uint64_t seed, const char *layer)
{
    enum { N = 4, F = 50 };
    const dp_options options = {.size = sizeof options, .threads = threads};
    float x[N * F];
    int32_t y[N] = {0, 1, 2, 0};
    const dp_tensor input = {x, DP_F32, 2, {N, F}}, labels = {y, DP_I32, 1, {N}};
    char text[200];
    dp_net_result r;
    dp_net *net;

    random_fill(x, N * F, 5);
    snprintf(text, sizeof text,
             "init weight=\"uniform scale=0.5 order=mindspore\" | %s | dense out_channels=3 | "
             "softmax_cross_entropy | sgd learning_rate=0.1",
             layer);
    assert_ok(dp_net_open(&net, text, seed, &input, &options, &test_error));
    assert_ok(dp_net_step(net, &input, &labels, &r, &test_error));
    dp_net_close(net);
    return r.loss;
}

static void dropout_depends_on_seeds_only(void **state)
{
    const dp_tensor input = {NULL, DP_F32, 2, {1, 2}};
    const float one = dropped_loss(1, 1, "dropout p=0.5 seed=7");
    dp_net *net;

    (void)state;
    assert_true(one == dropped_loss(3, 1, "dropout p=0.5 seed=7"));
    assert_true(one != dropped_loss(1, 1, "dropout p=0.5 seed=8"));
    assert_true(one != dropped_loss(1, 1, "relu | dropout p=0.5 seed=7"));
    assert_true(dropped_loss(1, 1, "dropout p=0 seed=7") ==
                dropped_loss(1, 1, "dropout p=0 seed=8"));
    assert_int_equal(dp_net_open(&net, "dropout", 1, &input, NULL, &test_error), DP_ESPEC);
    assert_int_equal(dp_net_open(&net, "dropout seed=0", 1, &input, NULL, &test_error), DP_ESPEC);
}

/* dp_net_eval drops nothing. */
static void dropout_is_for_training(void **state)
{
    float x[4] = {1, -2, 3, 4};
    const dp_tensor shape = {NULL, DP_F32, 2, {1, 4}};
    dp_net *net = open_flat("dropout p=0.9 seed=1", 1, 4);

    (void)state;
    assert_memory_equal(eval(net, x, &shape), x, sizeof x);
    dp_net_close(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pools),
        cmocka_unit_test(max_pool_corners),
        cmocka_unit_test(relu_corners),
        cmocka_unit_test(relu_gradient_at_zero),
        cmocka_unit_test(flatten_is_chw),
        cmocka_unit_test(gradients),
        cmocka_unit_test(gradients_of_graphs),
        cmocka_unit_test(gradients_of_functions),
        cmocka_unit_test(gradients_of_a_transformer),
        cmocka_unit_test(gradients_over_time),
        cmocka_unit_test(values_of_attention),
        cmocka_unit_test(values_of_functions),
        cmocka_unit_test(transposed_is_the_way_back),
        cmocka_unit_test(global_pools),
        cmocka_unit_test(gradients_of_batch_norm),
        cmocka_unit_test(batch_norm_and_its_moving_ones),
        cmocka_unit_test(wrong_graphs),
        cmocka_unit_test(activations_and_their_neighbours),
        cmocka_unit_test(mindspore_values),
        cmocka_unit_test(more_mindspore_losses),
        cmocka_unit_test(mindspore_layers),
        cmocka_unit_test(adam_and_adamw),
        cmocka_unit_test(clipped_gradients),
        cmocka_unit_test(initializers),
        cmocka_unit_test(initial_values_are_one_stream),
        cmocka_unit_test(schedules),
        cmocka_unit_test(cosine_is_a_cosine),
        cmocka_unit_test(bad_schedules),
        cmocka_unit_test(dropout_is_keyed_and_scaled),
        cmocka_unit_test(dropout_depends_on_seeds_only),
        cmocka_unit_test(dropout_is_for_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
