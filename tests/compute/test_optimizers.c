/* test_optimizers.c - optimizers against the real MindSpore (tests/golden/mindspore_optimizers.txt)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "base/number/num.h"
#include "base/options.h"
#include "compute/optimizers/optimizer.h"
#include "lang/text.h"
#include "tests/support/test.h"

#define N     24 /* three parameters of 8 numbers */
#define STEPS 6

static void parse_bits(const char *line, float out[N])
{
    char *at = strchr(line, ' ');

    for (int i = 0; i < N; i++)
        out[i] = dp_f32_from((uint32_t)strtoul(at, &at, 16));
}

static const dp_optimizer *find(const char *name)
{
    for (size_t i = 0; dp_optimizers[i] != NULL; i++) {
        if (strcmp(dp_optimizers[i]->info.name, name) == 0)
            return dp_optimizers[i];
    }
    fail_msg("no optimizer %s", name);
    return NULL;
}

/* The lines of one optimizer: text, values before, a gradient a step, values after. */
static void check_optimizer(char **lines)
{
    static const char *const names[] = {"fc.weight", "bn.gamma", "beta_head.weight"};
    const char *spec = strstr(lines[0], " : ") + 3;
    const dp_kernels *kernels = dp_kernels_of(dp_cpu_best());
    float p[N], g[N], after[N], m[N] = {0}, v[N] = {0};
    dp_options options;
    dp_arena arena;
    dp_text text;
    const dp_optimizer *o;
    void *params;

    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena = (dp_arena){.alloc = options.alloc};
    assert_ok(dp_text_parse(spec, strlen(spec), &arena, &text, &test_error));
    o = find(text.stages[0].name);
    params = dp_arena_alloc(&arena, 1, o->info.size);
    assert_ok(dp_params_bind(&o->info, &text.stages[0], NULL, &arena, params, &test_error));
    parse_bits(lines[1], p);
    parse_bits(lines[2 + STEPS], after);
    for (uint64_t s = 0; s < STEPS; s++) {
        parse_bits(lines[2 + s], g);
        for (int i = 0; i < 3; i++) {
            const dp_learning step = {s, dp_schedule_rate(params, s),
                                      dp_schedule_decays(params, names[i])};
            float *moments[] = {m + 8 * i, v + 8 * i};
            o->update(params, kernels, &step, 8, p + 8 * i, g + 8 * i, moments);
        }
    }
    for (int i = 0; i < N; i++) {
        if (fabsf(p[i] - after[i]) > 1e-6f * (1 + fabsf(after[i])))
            fail_msg("number %d is %.9g, MindSpore's %.9g: %s", i, (double)p[i], (double)after[i],
                     spec);
    }
    dp_arena_free(&arena);
}

static void mindspore_optimizers(void **state)
{
    test_lines lines = test_lines_read("mindspore_optimizers.txt");

    (void)state;
    assert_int_equal(lines.n, 7 * (3 + STEPS));
    for (size_t i = 0; i < lines.n; i += 3 + STEPS)
        check_optimizer(lines.line + i);
    test_lines_free(&lines);
}

/* A net asks by the name of the parameter: gamma keeps what weight_decay takes of it elsewhere. */
static void a_net_decays_by_name(void **state)
{
    static const char text[] =
        "conv2d out_channels=2 kernel_size=3 | batch_norm | flatten | dense out_channels=3 | "
        "softmax_cross_entropy | sgd learning_rate=0.5 weight_decay=0.25 rule=%s";
    static const char *const rules[] = {"torch", "mindspore"};
    float x[2 * 25], change[2][2]; /* of conv1.weight, bn1.gamma */
    int32_t classes[2] = {0, 2};
    const dp_options options = {.size = sizeof options};
    const dp_tensor input = {x, DP_F32, 4, {2, 1, 5, 5}}, labels = {classes, DP_I32, 1, {2}};

    (void)state;
    for (int i = 0; i < 50; i++)
        x[i] = (float)(i * 37 % 50) / 50;
    for (int r = 0; r < 2; r++) {
        char spec[300];
        dp_net *net = NULL;
        const char *name;
        float before[2] = {0};
        snprintf(spec, sizeof spec, text, rules[r]);
        assert_ok(dp_net_open(&net, spec, 1, &input, &options, &test_error));
        for (int after = 0; after < 2; after++) {
            for (size_t i = 0; dp_net_parameter(net, i, &name) != NULL; i++) {
                const int which = strstr(name, "gamma") != NULL;
                if (which || strcmp(name, "conv1.weight") == 0) {
                    const float now = *(const float *)dp_net_parameter(net, i, NULL)->data;
                    change[r][which] = now - before[which];
                    before[which] = now;
                }
            }
            if (after == 0)
                assert_ok(dp_net_step(net, &input, &labels, NULL, &test_error));
        }
        dp_net_close(net);
    }
    assert_true(fabsf(change[0][0] - change[1][0]) < 1e-6f);
    assert_true(fabsf(change[1][1] - change[0][1] - 0.125f) < 1e-6f); /* 0.5 * 0.25 of 1 */
}

static void refused(const char *optimizer, const char *why)
{
    const dp_tensor input = {NULL, DP_F32, 2, {2, 3}};
    char text[200];
    dp_net *net = NULL;

    snprintf(text, sizeof text, "dense out_channels=2 | softmax_cross_entropy | %s", optimizer);
    assert_int_equal(dp_net_open(&net, text, 1, &input, NULL, &test_error), DP_ESPEC);
    assert_non_null(strstr(test_error.message, why));
}

static void rules_that_do_nothing(void **state)
{
    (void)state;
    refused("sgd learning_rate=1 rule=mindspore", "rule does nothing here: it needs weight_decay");
    refused("momentum learning_rate=1 momentum=0.9 rule=mindspore", "it needs weight_decay");
    refused("momentum learning_rate=1 momentum=0.9 weight_decay=0.1 use_nesterov=true "
            "rule=mindspore",
            "MindSpore's CPU ignores use_nesterov");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mindspore_optimizers),
        cmocka_unit_test(a_net_decays_by_name),
        cmocka_unit_test(rules_that_do_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
