/* test_optimizers.c - optimizers against the real MindSpore and PyTorch, which made
 * tests/golden/mindspore_optimizers.txt and torch_optimizers.txt
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "base/number/num.h"
#include "base/options.h"
#include "compute/net/net.h"
#include "tests/support/test.h"

#define MOST  48 /* three parameters of 16 numbers */
#define STEPS 6

static void parse_bits(const char *line, int n, float out[MOST])
{
    char *at = strchr(line, ' ');

    for (int i = 0; i < n; i++)
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

/* The optimizer of the text, over parameters of these names, as a net has it. */
static void open_optimizer(dp_net *net, dp_parameter parameters[3], const char *spec)
{
    static const char *const names[] = {"fc.weight", "bn.gamma", "beta_head.weight"};
    dp_arena *arena = &net->handle.arena;
    dp_text text;

    assert_ok(dp_options_get(NULL, &net->handle.options, &test_error));
    *arena = (dp_arena){.alloc = net->handle.options.alloc};
    assert_ok(dp_text_parse(spec, strlen(spec), arena, &text, &test_error));
    net->optimizer = find(text.stages[0].name);
    net->optimizer_params = dp_arena_alloc(arena, 1, net->optimizer->info.size);
    assert_ok(dp_params_bind(&net->optimizer->info, &text.stages[0], NULL, arena,
                             net->optimizer_params, &test_error));
    for (int i = 0; i < 3; i++)
        parameters[i] = (dp_parameter){.name = names[i]};
    net->parameters = parameters;
    net->n_parameters = 3;
    assert_ok(dp_net_group(net, &test_error));
}

/* The lines of one optimizer: text, values before, a gradient a step, values after. */
static void check_optimizer(char **lines)
{
    const char *spec = strstr(lines[0], " : ") + 3;
    const dp_kernels *kernels = dp_kernels_of(dp_cpu_best());
    const int n = atoi(strstr(lines[0], " n=") + 3);
    float p[MOST], g[MOST], after[MOST], m[MOST] = {0}, v[MOST] = {0}, c[MOST] = {0};
    dp_parameter parameters[3];
    dp_net net = {0};

    open_optimizer(&net, parameters, spec);
    assert_in_range(n, 1, MOST / 3);
    parse_bits(lines[1], 3 * n, p);
    parse_bits(lines[2 + STEPS], 3 * n, after);
    for (uint64_t s = 0; s < STEPS; s++) {
        parse_bits(lines[2 + s], 3 * n, g);
        for (int i = 0; i < 3; i++) {
            const void *params = net.groups[parameters[i].group].params;
            const dp_learning step = {s, dp_schedule_rate(params, s),
                                      dp_schedule_decays(params, parameters[i].name)};
            float *moments[] = {m + n * i, v + n * i, c + n * i};
            net.optimizer->update(params, kernels, &step, n, p + n * i, g + n * i, moments);
        }
    }
    for (int i = 0; i < 3 * n; i++) {
        if (fabsf(p[i] - after[i]) > 1e-6f * (1 + fabsf(after[i])))
            fail_msg("number %d is %.9g, the library's %.9g: %s", i, (double)p[i], (double)after[i],
                     spec);
    }
    dp_arena_free(&net.handle.arena);
}

static void check_library(const char *file, size_t n)
{
    test_lines lines = test_lines_read(file);

    assert_int_equal(lines.n, n * (3 + STEPS));
    for (size_t i = 0; i < lines.n; i += 3 + STEPS)
        check_optimizer(lines.line + i);
    test_lines_free(&lines);
}

static void mindspore_optimizers(void **state)
{
    (void)state;
    check_library("mindspore_optimizers.txt", 14);
}

static void torch_optimizers(void **state)
{
    (void)state;
    check_library("torch_optimizers.txt", 12);
}

/* The two means of a gradient that stays meet in the end: what rounds to less than nothing between
 * them is nothing (PyTorch 2.15 has NaN there, from step 132 on). */
static void a_gradient_that_stays(void **state)
{
    const dp_kernels *kernels = dp_kernels_of(dp_cpu_best());
    float p[MOST] = {0}, g[MOST], m[MOST] = {0}, v[MOST] = {0}, c[MOST] = {0};
    float *const moments[] = {m, v, c};
    dp_parameter parameters[3];
    dp_net net = {0};

    (void)state;
    open_optimizer(&net, parameters, "rmsprop learning_rate=0.001 alpha=0.9 centered=true");
    for (int i = 0; i < MOST; i++)
        g[i] = 0.1f * (0.5f + (float)i / MOST);
    for (uint64_t s = 0; s < 500; s++) {
        const dp_learning step = {s, 0.001, true};
        net.optimizer->update(net.optimizer_params, kernels, &step, MOST, p, g, moments);
    }
    for (int i = 0; i < MOST; i++)
        assert_true(isfinite(p[i]));
    dp_arena_free(&net.handle.arena);
}

/* Saved and loaded, all three moments. */
static void a_centered_net_goes_on(void **state)
{
    static const char text[] = "flatten | dense out_channels=3 | softmax_cross_entropy | rmsprop "
                               "learning_rate=0.01 momentum=0.5 centered=true";
    float x[2 * 9];
    int32_t classes[2] = {0, 2};
    const dp_tensor input = {x, DP_F32, 4, {2, 1, 3, 3}}, labels = {classes, DP_I32, 1, {2}};
    char folder[64], path[96];
    dp_net *net = NULL, *other = NULL;
    const dp_tensor *p;

    (void)state;
    for (int i = 0; i < 18; i++)
        x[i] = (float)(i * 37 % 18) / 18;
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/net.safetensors", folder);
    assert_ok(dp_net_open(&net, text, 1, &input, NULL, &test_error));
    assert_ok(dp_net_open(&other, text, 2, &input, NULL, &test_error));
    assert_ok(dp_net_step(net, &input, &labels, NULL, &test_error));
    assert_ok(dp_net_save(net, path, &test_error));
    assert_ok(dp_net_load(other, path, &test_error));
    for (int i = 0; i < 2; i++) {
        assert_ok(dp_net_step(net, &input, &labels, NULL, &test_error));
        assert_ok(dp_net_step(other, &input, &labels, NULL, &test_error));
    }
    for (size_t i = 0; (p = dp_net_parameter(net, i, NULL)) != NULL; i++)
        assert_memory_equal(p->data, dp_net_parameter(other, i, NULL)->data, test_bytes(p));
    dp_net_close(net);
    dp_net_close(other);
    test_folder_remove(folder);
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

/* A net asks for the group of each parameter, and has one text for all ways to write it. */
static void a_net_has_groups(void **state)
{
    static const char text[] =
        "flatten | dense out_channels=4 | dense out_channels=3 | softmax_cross_entropy | sgd "
        "learning_rate=0.5 weight_decay=0.25 groups=\"group  names=fc2*,*.bias learning_rate=0.0 | "
        "group weight_decay=0 names=fc*\"";
    float x[2 * 25], before[4][100];
    int32_t classes[2] = {0, 2};
    const dp_options options = {.size = sizeof options};
    const dp_tensor input = {x, DP_F32, 4, {2, 1, 5, 5}}, labels = {classes, DP_I32, 1, {2}};
    dp_net *net = NULL, *again = NULL;
    const dp_tensor *p, *g;

    (void)state;
    for (int i = 0; i < 50; i++)
        x[i] = (float)(i * 37 % 50) / 50;
    assert_ok(dp_net_open(&net, text, 1, &input, &options, &test_error));
    assert_non_null(strstr(dp_net_spec(net), "groups=\"group names=fc2*,*.bias learning_rate=0 | "
                                             "group names=fc* weight_decay=0\""));
    for (size_t i = 0; (p = dp_net_parameter(net, i, NULL)) != NULL; i++)
        memcpy(before[i], p->data, test_bytes(p));
    assert_ok(dp_net_step(net, &input, &labels, NULL, &test_error));
    for (size_t i = 0; (p = dp_net_parameter(net, i, NULL)) != NULL; i++) {
        g = dp_net_gradient(net, i);
        for (size_t k = 0; k < test_bytes(p) / sizeof(float); k++) {
            const float rate = i == 0 ? 0.5f : 0; /* fc1.weight, without decay */
            const float now = dp_fma32(-rate, ((const float *)g->data)[k], before[i][k]);
            assert_true(now == ((const float *)p->data)[k]);
        }
    }
    assert_ok(dp_net_open(&again, dp_net_spec(net), 1, &input, &options, &test_error));
    assert_string_equal(dp_net_spec(again), dp_net_spec(net));
    dp_net_close(again);
    dp_net_close(net);
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

static void groups_that_are_wrong(void **state)
{
    static const struct {
        const char *groups, *why;
    } cases[] = {
        {"group names=x* weight_decay=0", "names=x*: no parameter that learns has such a name"},
        {"group names=f weight_decay=0", "no parameter that learns has such a name"},
        {"group names=*bias* weight_decay=0 | group names=fc1.bias learning_rate=1",
         "no parameter that learns, and is in no group before, has such a name"},
        {"grup names=fc1.bias weight_decay=0",
         "sgd: groups: 'grup' stands where group is expected"},
        {"group weight_decay=0", "a group needs names="},
        {"group names=fc1.bias", "has nothing of its own"},
        {"group names=* clip_norm=1", "clip_norm is of all parameters"},
        {"group names=* groups=1", "groups is of all parameters"},
        {"group names=* centered=true", "centered is of all parameters"},
        {"group names=* nesterov=1", "groups: group has no parameter 'nesterov'"},
        {"group names=* weight_decay=-1", "sgd: groups: group: weight_decay=-1 is out of range"},
        {"group names=* decay_rate=0.5", "decay_rate does nothing here: it needs decay_steps"},
        {"group names=* weight_decay=1 |", "sgd: groups: the text ends where a stage is expected"},
        {"*.bias weight_decay=0", "sgd: groups: '*' stands where a stage is expected"},
        {"group names=* lr=1", "decay_rate decay_steps min_lr warmup_steps weight_decay"},
    };
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "sgd learning_rate=1 groups=\"%s\"", cases[i].groups);
        refused(text, cases[i].why);
    }
    refused("sgd learning_rate=1 weight_decay=1 rule=mindspore groups=\"group names=* "
            "weight_decay=2\"",
            "rule does nothing here: it needs weight_decay without groups");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mindspore_optimizers),  cmocka_unit_test(torch_optimizers),
        cmocka_unit_test(a_net_decays_by_name),  cmocka_unit_test(a_net_has_groups),
        cmocka_unit_test(a_gradient_that_stays), cmocka_unit_test(a_centered_net_goes_on),
        cmocka_unit_test(rules_that_do_nothing), cmocka_unit_test(groups_that_are_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
