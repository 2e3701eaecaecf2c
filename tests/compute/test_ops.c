/* test_ops.c - the operators: hashes of their examples, orders, wrong inputs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "base/cpu.h"
#include "base/random/rng.h"
#include "base/tensor.h"
#include "compute/reference/reference.h"
#include "detpipe_ops.h"
#include "tests/support/conv.h"
#include "tests/support/test.h"

/* ---- the hash of every example, on every instruction set and for some thread counts ---- */

static const dp_op_info *find(const char *name)
{
    size_t n;
    const dp_op_info *const *ops = dp_ops(&n);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(ops[i]->stage.name, name) == 0)
            return ops[i];
    }
    fail_msg("there is no operator %s", name);
    return NULL;
}

static void check_examples(uint32_t threads)
{
    test_lines golden = test_lines_read("ops.txt");
    const dp_options options = {.size = sizeof options, .threads = threads};

    assert_true(golden.n > 0);
    for (size_t i = 0; i < golden.n; i++) {
        char hash[40], direction[16], name[64];
        uint8_t digest[16];
        assert_int_equal(sscanf(golden.line[i], "%39s : %15s %63s", hash, direction, name), 3);
        assert_ok(dp_op_example(find(name),
                                strcmp(direction, "backward") == 0 ? DP_BACKWARD : DP_FORWARD,
                                &options, digest, &test_error));
        if (strcmp(test_hex_of(digest, 16).text, hash) != 0)
            print_error("%s : %s %s\n", test_hex_of(digest, 16).text, direction, name);
        assert_string_equal(test_hex_of(digest, 16).text, hash);
    }
    test_lines_free(&golden);
}

static void examples(void **state)
{
    static const char *const levels[] = {"scalar", "sse2", "avx2", "avx512", "neon"};

    (void)state;
    check_examples(1);
    check_examples(3);
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        dp_cpu_level level;
        setenv("DETPIPE_CPU", levels[i], 1);
        if (dp_cpu_level_get(NULL, &level, NULL) == DP_OK)
            check_examples(2);
    }
    unsetenv("DETPIPE_CPU");
}

/* ---- the orders of sums, as docs/numerics.md has them ---- */

static double tree(double *v, int64_t n)
{
    for (; n > 1; n = (n + 1) / 2) {
        for (int64_t i = 0; i < n / 2; i++)
            v[i] = v[2 * i] + v[2 * i + 1];
        if (n % 2 != 0)
            v[n / 2] = v[n - 1];
    }
    return v[0];
}

static double lane64(const float *x, int64_t n)
{
    double blocks[8], lane[16];
    int64_t n_blocks = 0;

    for (int64_t first = 0; first < n || n_blocks == 0; first += 65536) {
        memset(lane, 0, sizeof lane);
        for (int64_t i = first; i < n && i < first + 65536; i++)
            lane[(i - first) % 16] += (double)x[i];
        for (int w = 8; w > 0; w /= 2) {
            for (int j = 0; j < w; j++)
                lane[j] += lane[j + w];
        }
        blocks[n_blocks++] = lane[0];
    }
    return tree(blocks, n_blocks);
}

/* Numbers of very different sizes: another order gives another sum. */
static void far_apart(float *x, int64_t n, dp_rng *rng)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = ldexpf((float)(2 * dp_rng_uniform(rng) - 1), (int)dp_rng_below(rng, 80) - 10);
}

static void sum_axis(const float *x, int64_t a, int64_t b, int64_t c, const char *axis, float *out)
{
    const dp_options options = {.size = sizeof options, .threads = 2};
    const dp_tensor in = {(void *)(uintptr_t)x, DP_F32, 3, {a, b, c}};
    char text[64];
    dp_op *op;

    snprintf(text, sizeof text, "reduce_sum axis=%s", axis);
    assert_ok(dp_op_open(&op, text, DP_FORWARD, &in, 1, &options, &test_error));
    assert_ok(dp_op_run(op, &in, &test_error));
    memcpy(out, dp_op_output(op, 0)->data, test_bytes(dp_op_output(op, 0)));
    dp_op_close(op);
}

static void order_of_sums(void **state)
{
    static const int64_t shapes[][3] = {{3, 4, 5},   {7, 1, 33},     {2, 3, 70000},  {5, 600, 3},
                                        {1, 1, 17},  {1, 1, 300001}, {2, 1, 140000}, {3, 2, 131073},
                                        {4, 9, 100}, {2, 66000, 1},  {6, 2, 16}};
    const uint64_t seed = test_seed();

    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const int64_t a = shapes[s][0], b = shapes[s][1], c = shapes[s][2];
        float *x = malloc(sizeof *x * (size_t)(a * b * c)),
              *pieces = malloc(sizeof *x * (size_t)(a * c)),
              *seen = malloc(sizeof *x * (size_t)(a * b * c));
        dp_rng rng;
        dp_rng_start(&rng, seed, 0, s);
        far_apart(x, a * b * c, &rng);
        sum_axis(x, a, b, c, "2", seen); /* lanes along c */
        for (int64_t i = 0; i < a * b && c > 1; i++)
            assert_true(seen[i] == (float)lane64(x + i * c, c));
        sum_axis(x, a, b, c, "0,2", seen); /* lanes along pieces of c */
        for (int64_t j = 0; j < b && c > 1; j++) {
            for (int64_t i = 0; i < a; i++)
                memcpy(pieces + i * c, x + (i * b + j) * c, sizeof *x * (size_t)c);
            assert_true(seen[j] == (float)lane64(pieces, a * c));
        }
        sum_axis(x, a, b, c, "0", seen); /* a sum for each of b c, in ascending order */
        for (int64_t j = 0; j < b * c; j++) {
            double sum = 0;
            for (int64_t i = 0; i < a; i++)
                sum += (double)x[i * b * c + j];
            assert_true(b * c == 1 || seen[j] == (float)sum);
        }
        free(x);
        free(pieces);
        free(seen);
    }
}

/* ---- convolutions by minimal filtering are those of compute/reference ---- */

enum { SAMPLES = 3, IN = 18, OUT = 20, HEIGHT = 9, WIDTH = 8, PLACES = HEIGHT * WIDTH };

static void uniform(float *x, int64_t n, dp_rng *rng)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(2 * dp_rng_uniform(rng) - 1);
}

/* [n][a][b] to [n][b][a]: channels first to last, or last to first. */
static void turn(const float *v, int64_t n, int64_t a, int64_t b, float *turned)
{
    for (int64_t i = 0; i < n * a * b; i++)
        turned[i / (a * b) * a * b + i % b * a + i / b % a] = v[i];
}

static void check_op(const char *text, dp_direction direction, uint32_t threads,
                     const dp_tensor *in, const float *const expected[])
{
    const dp_options options = {.size = sizeof options, .threads = threads};
    dp_op *op;

    assert_ok(dp_op_open(&op, text, direction, in, direction == DP_FORWARD ? 2 : 3, &options,
                         &test_error));
    assert_ok(dp_op_run(op, in, &test_error));
    for (size_t i = 0; i < (direction == DP_FORWARD ? 1 : 2); i++) {
        const dp_tensor *out = dp_op_output(op, i);
        assert_memory_equal(out->data, expected[i], sizeof(float) * dp_tensor_count(out));
    }
    dp_op_close(op);
}

static void check_algorithm(const char *text, int64_t tile)
{
    static float x[SAMPLES * IN * PLACES], dy[SAMPLES * OUT * PLACES], w[OUT * IN * 9];
    static float x_last[SAMPLES * IN * PLACES], dy_last[SAMPLES * OUT * PLACES], scratch[1024];
    static float y_last[SAMPLES * OUT * PLACES], dx_last[SAMPLES * IN * PLACES];
    static float y[SAMPLES * OUT * PLACES], dx[SAMPLES * IN * PLACES], dw[OUT * IN * 9];
    const float *const forward[] = {y}, *const backward[] = {dx, dw};
    const dp_tensor in[] = {{dy, DP_F32, 4, {SAMPLES, OUT, HEIGHT, WIDTH}},
                            {x, DP_F32, 4, {SAMPLES, IN, HEIGHT, WIDTH}},
                            {w, DP_F32, 4, {OUT, IN, 3, 3}}};
    dp_conv c = test_conv(IN, OUT, HEIGHT, WIDTH, 3);
    dp_rng rng;

    dp_rng_start(&rng, 27, 0, 0);
    uniform(x, SAMPLES * IN * PLACES, &rng);
    uniform(dy, SAMPLES * OUT * PLACES, &rng);
    uniform(w, OUT * IN * 9, &rng);
    turn(x, SAMPLES, IN, PLACES, x_last);
    turn(dy, SAMPLES, OUT, PLACES, dy_last);
    c.tile = tile;
    dp_ref_conv_forward(&c, SAMPLES, x_last, w, y_last);
    dp_ref_conv_input_gradient(&c, SAMPLES, dy_last, w, dx_last);
    dp_ref_conv_weight_gradient(&c, SAMPLES, 2, x_last, dy_last, dw, scratch);
    turn(y_last, SAMPLES, PLACES, OUT, y);
    turn(dx_last, SAMPLES, PLACES, IN, dx);
    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        check_op(text, DP_FORWARD, threads, in + 1, forward);
        check_op(text, DP_BACKWARD, threads, in, backward);
    }
}

static void algorithms(void **state)
{
    (void)state;
    check_algorithm("conv2d pad_mode=same leaf_size=2", 0);
    check_algorithm("conv2d pad_mode=same leaf_size=2 algorithm=winograd", 2);
    check_algorithm("conv2d pad_mode=same leaf_size=2 algorithm=winograd4", 4);
    check_algorithm("conv2d pad_mode=same leaf_size=2 algorithm=auto", 2);
}

/* ---- what is refused ---- */

static void refused(const char *text, dp_direction direction, const dp_tensor *in, size_t n,
                    dp_status status, const char *words)
{
    dp_op *op = NULL;

    assert_int_equal(dp_op_open(&op, text, direction, in, n, NULL, &test_error), status);
    assert_null(op);
    if (strstr(test_error.message, words) == NULL)
        fail_msg("'%s' lacks '%s'", test_error.message, words);
}

static void wrong_inputs(void **state)
{
    const dp_tensor x = {NULL, DP_F32, 3, {2, 3, 4}}, whole = {NULL, DP_I64, 1, {4}};
    const dp_tensor scale = {NULL, DP_F32, 1, {5}}, norm[] = {x, scale, scale};
    const dp_tensor full = {NULL, DP_F32, 8, {1, 1, 1, 1, 1, 1, 1, 1}},
                    volume = {NULL, DP_F32, 5, {1, 1, 4, 4, 4}},
                    far = {NULL, DP_F32, 5, {1, 1, 2048, 1024, 1024}};
    const dp_tensor flat[] = {{NULL, DP_F32, 4, {1, 1, 8, 8}}, {NULL, DP_F32, 4, {1, 1, 4, 4}}};
    const dp_tensor wide[] = {{NULL, DP_F32, 5, {1 << 12, 1, 1, 1, 1}},
                              {NULL, DP_F32, 5, {1, 1, 1, 1, 1}}},
                    lstm[] = {{NULL, DP_F32, 3, {2, 3, 1}},
                              {NULL, DP_F32, 2, {3, 8}},
                              {NULL, DP_F32, 1, {9}},
                              {NULL, DP_F32, 3, {1, 3, 2}},
                              {NULL, DP_F32, 3, {1, 3, 2}}};
    const dp_tensor huge = {NULL, DP_F32, 2, {INT64_MAX, 2}};

    (void)state;
    refused("reduce_sum axis=3", DP_FORWARD, &x, 1, DP_EINVAL, "axis 3 of a tensor of rank 3");
    refused("reduce_sum axis=0,-3", DP_FORWARD, &x, 1, DP_EINVAL, "named twice");
    refused("reduce_mean", DP_FORWARD, &whole, 1, DP_EINVAL, "x is int64[4]");
    refused("reduce_all", DP_BACKWARD, &x, 1, DP_EINVAL, "no backward");
    refused("reduce_sum", DP_FORWARD, &x, 2, DP_EINVAL, "takes 1 inputs (x), not 2");
    refused("reduce_sum", DP_FORWARD, &huge, 1, DP_EINVAL,
            "reduce_sum: x is float32[9223372036854775807, 2]");
    refused("reduce_smu", DP_FORWARD, &x, 1, DP_ESPEC, "reduce_sum");
    refused("reduce_sum | reduce_sum", DP_FORWARD, &x, 1, DP_ESPEC, "one operator");
    refused("layer_norm begin_norm_axis=2 begin_params_axis=2", DP_FORWARD, norm, 3, DP_EINVAL,
            "gamma is float32[5]: float32[4] is expected");
    refused("strided_slice begin=0 end=2 strides=0", DP_FORWARD, &x, 1, DP_EINVAL, "stride is 0");
    refused("strided_slice begin=0,0 end=1,1 new_axis_mask=3", DP_FORWARD, &full, 1, DP_ELIMIT,
            "more than 8 axes");
    refused("max_pool3d kernel_size=2 pad_mode=pad padding=2", DP_FORWARD, &volume, 1, DP_ESPEC,
            "half of the kernel");
    refused("max_pool3d kernel_size=2", DP_FORWARD, &far, 1, DP_ELIMIT, "2^31 - 1 places");
    refused("conv3d pad_mode=pad padding=1024", DP_FORWARD, wide, 2, DP_ELIMIT, "2^40");
    refused("conv2d algorithm=winograd", DP_FORWARD, flat, 2, DP_ESPEC,
            "cannot compute this: kernel_size is not 3 or 5");
    refused("lstm leaf_size=3", DP_FORWARD, lstm, 5, DP_EINVAL, "power of two");
    refused("lstm", DP_FORWARD, lstm, 5, DP_EINVAL, "b is float32[9]: float32[8] is expected");
    refused("strided_slice begin=0,0,0,0 end=1,1,1,1", DP_FORWARD, &x, 1, DP_EINVAL, "4 axes");
}

static void wrong_values(void **state)
{
    float logits[6] = {0}, weight[3] = {1, 1, 1}, features[4] = {0}, roi[5] = {1, 0, 0, 1, 1};
    int32_t labels[2] = {0, 3};
    const dp_tensor loss[] = {{logits, DP_F32, 2, {2, 3}},
                              {labels, DP_I32, 1, {2}},
                              {weight, DP_F32, 1, {3}}},
                    align[] = {{features, DP_F32, 4, {1, 1, 2, 2}}, {roi, DP_F32, 2, {1, 5}}};
    dp_tensor none = loss[0];
    dp_op *op;

    (void)state;
    assert_ok(dp_op_open(&op, "nll_loss", DP_FORWARD, loss, 3, NULL, &test_error));
    assert_int_equal(dp_op_run(op, loss, &test_error), DP_EINVAL);
    assert_non_null(strstr(test_error.message, "label 3 of sample 1"));
    none.data = NULL;
    assert_int_equal(dp_op_run(op, &none, &test_error), DP_EINVAL);
    dp_op_close(op);
    assert_ok(dp_op_open(&op, "roi_align pooled_height=1 pooled_width=1 spatial_scale=1",
                         DP_FORWARD, align, 2, NULL, &test_error));
    assert_int_equal(dp_op_run(op, align, &test_error), DP_EINVAL);
    roi[0] = NAN;
    assert_int_equal(dp_op_run(op, align, &test_error), DP_EINVAL);
    dp_op_close(op);
}

/* NaN, and zeros of both signs. */
static void largest_and_smallest(void **state)
{
    static float x[] = {1, NAN, 2, -0.0f, 0.0f, -1, 0.0f, -0.0f, -3};
    const dp_tensor in = {x, DP_F32, 2, {3, 3}};
    static const char *const texts[] = {"reduce_max axis=1", "reduce_min axis=1",
                                        "reduce_max axis=0"};
    static const uint32_t expected[3][3] = {{0x7FC00000, 0, 0},
                                            {0x7FC00000, 0xBF800000, 0xC0400000},
                                            {0x3F800000, 0x7FC00000, 0x40000000}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        dp_op *op;
        assert_ok(dp_op_open(&op, texts[i], DP_FORWARD, &in, 1, NULL, &test_error));
        assert_ok(dp_op_run(op, &in, &test_error));
        assert_memory_equal(dp_op_output(op, 0)->data, expected[i], sizeof expected[i]);
        dp_op_close(op);
    }
}

/* The first of equals wins, zeros of both signs are equal, the first NaN wins over numbers. */
static void winners_of_pools(void **state)
{
    static float x[5][4] = {{-0.0f, 0.0f, -1, -0.0f},
                            {0.0f, -0.0f, 0.0f, -1},
                            {1, NAN, INFINITY, -NAN},
                            {-INFINITY, -INFINITY, -INFINITY, -INFINITY},
                            {-3, 2, 2, 1}};
    static const int32_t places[5] = {0, 0, 1, 0, 1};
    const dp_tensor in = {x, DP_F32, 5, {1, 5, 1, 2, 2}};
    const uint32_t *y;
    dp_op *op;

    (void)state;
    assert_ok(
        dp_op_open(&op, "max_pool3d kernel_size=1,2,2", DP_FORWARD, &in, 1, NULL, &test_error));
    assert_ok(dp_op_run(op, &in, &test_error));
    y = dp_op_output(op, 0)->data;
    for (size_t i = 0; i < 5; i++)
        assert_memory_equal(&y[i], &x[i][places[i]], sizeof y[i]);
    assert_memory_equal(dp_op_output(op, 1)->data, places, sizeof places);
    dp_op_close(op);
}

/* Windows that overlap add up at their winner; a place outside the volume is refused. */
static void gradients_of_pools(void **state)
{
    static float x[2][3], dy[2][2] = {{1, 2}, {4, 8}};
    static int32_t argmax[2][2] = {{1, 1}, {0, 2}};
    static const float expected[2][3] = {{0, 3, 0}, {4, 0, 8}};
    const dp_tensor in[] = {{dy, DP_F32, 5, {2, 1, 1, 1, 2}},
                            {x, DP_F32, 5, {2, 1, 1, 1, 3}},
                            {argmax, DP_I32, 5, {2, 1, 1, 1, 2}}};
    dp_op *op;

    (void)state;
    assert_ok(
        dp_op_open(&op, "max_pool3d kernel_size=1,1,2", DP_BACKWARD, in, 3, NULL, &test_error));
    assert_ok(dp_op_run(op, in, &test_error));
    assert_memory_equal(dp_op_output(op, 0)->data, expected, sizeof expected);
    for (int32_t wrong = -1; wrong <= 3; wrong += 4) {
        argmax[1][0] = wrong;
        assert_int_equal(dp_op_run(op, in, &test_error), DP_EINVAL);
        assert_non_null(strstr(test_error.message, "argmax number 2 is"));
    }
    dp_op_close(op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),         cmocka_unit_test(order_of_sums),
        cmocka_unit_test(algorithms),       cmocka_unit_test(wrong_inputs),
        cmocka_unit_test(wrong_values),     cmocka_unit_test(largest_and_smallest),
        cmocka_unit_test(winners_of_pools), cmocka_unit_test(gradients_of_pools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
