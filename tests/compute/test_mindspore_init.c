/* test_mindspore_init.c - initial weights against the real MindSpore, bit for bit
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "base/random/mt19937.h"
#include "libraries/library.h"
#include "tests/support/test.h"

#define ALEXNET                                                                                    \
    "init weight=\"truncated_normal sigma=0.02 order=mindspore\""                                  \
    " bias=\"truncated_normal sigma=0.02 order=mindspore\""                                        \
    " | conv2d out_channels=96 kernel_size=11 stride=4 pad_mode=valid | relu"                      \
    " | max_pool kernel_size=3 stride=2 | conv2d out_channels=256 kernel_size=5 | relu"            \
    " | max_pool kernel_size=3 stride=2 | conv2d out_channels=384 kernel_size=3 | relu"            \
    " | conv2d out_channels=384 kernel_size=3 | relu | conv2d out_channels=256 kernel_size=3"      \
    " | relu | max_pool kernel_size=3 stride=2 | flatten | dense out_channels=4096 | relu"         \
    " | dense out_channels=4096 | relu | dense out_channels=10"

/* All 58,320,938 of them. */
static void alexnet(void **state)
{
    const dp_tensor input = {NULL, DP_F32, 4, {1, 3, 227, 227}};
    test_lines lines = test_lines_read("mindspore_init.txt");
    dp_net *net = NULL;

    (void)state;
    assert_true(lines.n > 11);
    assert_ok(dp_net_open(&net, ALEXNET, 1, &input, NULL, &test_error));
    for (size_t i = 0; i < 11; i++) {
        const char *name;
        const dp_tensor *p = dp_net_parameter(net, i, &name);
        char word[80];
        assert_string_equal(name, test_word(lines.line[i], "param", word, sizeof word));
        assert_string_equal(test_sha256(p->data, test_bytes(p)).text,
                            test_word(lines.line[i], "sha256", word, sizeof word));
    }
    assert_null(dp_net_parameter(net, 11, NULL));
    dp_net_close(net);
    test_lines_free(&lines);
}

/* "TruncatedNormal:sigma,mean,a,b", "Uniform:scale" or "HeUniform" into v; false for what detpipe
 * does not replay. */
static bool fill(const char *initializer, const dp_init_source *source, int64_t n, float *v)
{
    const dp_weights *weights = dp_library_mindspore.weights;
    dp_truncated_normal d = {0.01, 0, -2, 2};
    double scale;

    if (sscanf(initializer, "TruncatedNormal:%lf,%lf,%lf,%lf", &d.sigma, &d.mean, &d.a, &d.b) >= 1)
        weights->truncated_normal(source, &d, 0, n, v);
    else if (sscanf(initializer, "Uniform:%lf", &scale) == 1)
        weights->uniform(source, scale, 0, n, v);
    else if (strcmp(initializer, "HeUniform") == 0)
        weights->uniform(source, sqrt(3.0) * (sqrt(2.0) / sqrt(27.0)), 0, n, v);
    else
        return false;
    return true;
}

/* One after another from seed 1: each takes a seed, the constants take none. */
static void single_initializers(void **state)
{
    static float v[65536];
    test_lines lines = test_lines_read("mindspore_init.txt");
    dp_mt19937 seeds;
    int checked = 0;

    (void)state;
    dp_mt19937_seed(&seeds, 1);
    for (size_t i = 11; i < lines.n; i++) {
        char initializer[64], shape[64], word[80];
        dp_init_source source = {.fan_in = 27};
        int64_t n = 1;
        test_word(lines.line[i], "initializer", initializer, sizeof initializer);
        test_word(lines.line[i], "shape", shape, sizeof shape);
        for (char *at = shape; *at != '\0'; at += *at == ',')
            n *= strtol(at, &at, 10);
        if (strncmp(initializer, "Zero", 4) == 0 || strncmp(initializer, "One", 3) == 0 ||
            strncmp(initializer, "Constant", 8) == 0)
            continue;
        source.seed = dp_library_mindspore.weights->next(&seeds);
        if (strstr(lines.line[i], "float16") != NULL || !fill(initializer, &source, n, v))
            continue;
        assert_string_equal(test_sha256(v, (size_t)n * sizeof *v).text,
                            test_word(lines.line[i], "sha256", word, sizeof word));
        checked++;
    }
    assert_int_equal(checked, 7);
    test_lines_free(&lines);
}

static dp_net *open_small(const char *layers, const dp_tensor *input)
{
    char text[256];
    dp_net *net = NULL;

    snprintf(text, sizeof text, "init weight=\"uniform order=mindspore\" bias=zeros | %s", layers);
    assert_ok(dp_net_open(&net, text, 1, input, NULL, &test_error));
    return net;
}

/* Zero biases take no seed, so the second matrix is the same with and without them. */
static void constants_take_no_seed(void **state)
{
    const dp_tensor input = {NULL, DP_F32, 2, {1, 4}};
    dp_net *with = open_small("dense out_channels=5 | dense out_channels=6", &input);
    dp_net *without = open_small(
        "dense out_channels=5 has_bias=false | dense out_channels=6 has_bias=false", &input);

    (void)state;
    assert_memory_equal(dp_net_parameter(with, 2, NULL)->data,
                        dp_net_parameter(without, 1, NULL)->data, 120);
    assert_memory_not_equal(dp_net_parameter(with, 0, NULL)->data,
                            dp_net_parameter(with, 2, NULL)->data, 80);
    dp_net_close(with);
    dp_net_close(without);
}

static void seeds_have_32_bits(void **state)
{
    const dp_tensor input = {NULL, DP_F32, 2, {1, 4}};
    dp_net *net = NULL;

    (void)state;
    assert_int_equal(dp_net_open(&net,
                                 "init weight=\"uniform order=mindspore\" | dense out_channels=2",
                                 (uint64_t)1 << 32, &input, NULL, &test_error),
                     DP_ESPEC);
    assert_ok(dp_net_open(&net, "init weight=\"uniform order=mindspore\" | dense out_channels=2",
                          UINT32_MAX, &input, NULL, &test_error));
    dp_net_close(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alexnet),
        cmocka_unit_test(single_initializers),
        cmocka_unit_test(constants_take_no_seed),
        cmocka_unit_test(seeds_have_32_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
