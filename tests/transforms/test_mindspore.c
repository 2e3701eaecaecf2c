/* test_mindspore.c - single operations against the real MindSpore, bit for bit
 * (tests/golden/mindspore_transforms.txt)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "base/number/num.h"
#include "base/options.h"
#include "base/tensor.h"
#include "lang/text.h"
#include "tests/support/test.h"
#include "transforms/shared/transform.h"

#define N      8
#define PIXELS 1024

static uint8_t images[N][1 + 3 * PIXELS];

static int load_images(void **state)
{
    FILE *f = fopen(TEST_GOLDEN "/mindspore_images.bin", "rb");
    (void)state;
    return f == NULL || fread(images, 1, sizeof images, f) != sizeof images || fclose(f) != 0;
}

/* Element i of input `name`, from the uint8 image, as goldens' README defines them. */
static void store(dp_tensor *t, size_t i, uint8_t v)
{
    switch (t->dtype) {
    case DP_U8: ((uint8_t *)t->data)[i] = v; break;
    case DP_F32: ((float *)t->data)[i] = (float)v * 0.37f - 11.5f; break;
    case DP_F16: ((uint16_t *)t->data)[i] = dp_f32_to_f16((float)v * 0.25f); break;
    case DP_F64: ((double *)t->data)[i] = (double)v * 0.731 - 20.25; break;
    case DP_I16: ((int16_t *)t->data)[i] = (int16_t)(v * 100 - 12000); break;
    case DP_I32: ((int32_t *)t->data)[i] = (int32_t)v * 7654321 - 3; break;
    default: fail_msg("no such input");
    }
}

static const struct {
    const char *name;
    dp_column column;
} inputs[] = {
    {"u8", {"image", {NULL, DP_U8, 3, {32, 32, 3}}, 0}},
    {"g8", {"image", {NULL, DP_U8, 2, {32, 32}}, 0}},
    {"f32", {"image", {NULL, DP_F32, 3, {32, 32, 3}}, 0}},
    {"f16", {"image", {NULL, DP_F16, 3, {32, 32, 3}}, 0}},
    {"f64", {"image", {NULL, DP_F64, 3, {32, 32, 3}}, 0}},
    {"i16", {"image", {NULL, DP_I16, 3, {32, 32, 3}}, 0}},
    {"i32", {"image", {NULL, DP_I32, 3, {32, 32, 3}}, 0}},
    {"chw", {"image", {NULL, DP_U8, 3, {3, 32, 32}}, 0}},
    {"c20x31", {"image", {NULL, DP_U8, 3, {20, 31, 3}}, 0}},
    {"c31x20", {"image", {NULL, DP_U8, 3, {31, 20, 3}}, 0}},
    {"label", {"image", {NULL, DP_U32, 0, {0}}, 10}},
};

/* "f32:33x45x3", as mindspore_cases.py makes it: photograph n, repeated beyond 32 lines and
 * 3 channels. */
static void make_sized(const char *name, dp_tensor *t, int n)
{
    const size_t width = (size_t)t->shape[1], channels = (size_t)t->shape[2];

    for (size_t i = 0; i < dp_tensor_count(t); i++) {
        const size_t c = i % channels, x = i / channels % width, y = i / channels / width;
        store(t, i, images[n][1 + (y % 32 * 32 + x % 32) * 3 + c % 3]);
        if (strncmp(name, "nan:", 4) == 0 && (i % 37 == 5 || i % 41 == 7))
            ((float *)t->data)[i] = i % 41 == 7 ? INFINITY : NAN;
    }
}

static dp_column column_of(const char *name)
{
    dp_column sized = {"image", {NULL, name[0] == 'u' ? DP_U8 : DP_F32, 3, {0}}, 0};
    const char *shape = strchr(name, ':');
    int s[3];

    if (shape != NULL) {
        assert_int_equal(sscanf(shape, ":%dx%dx%d", &s[0], &s[1], &s[2]), 3);
        for (int d = 0; d < 3; d++)
            sized.type.shape[d] = s[d];
        return sized;
    }
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        if (strcmp(inputs[i].name, name) == 0)
            return inputs[i].column;
    }
    fail_msg("no input %s", name);
    return sized;
}

/* One NaN for all: which one an operation makes is the processor's choice. */
static void one_nan(dp_tensor *t)
{
    for (size_t i = 0; t->dtype == DP_F32 && i < dp_tensor_count(t); i++) {
        float *v = (float *)t->data + i;
        *v = *v == *v ? *v : dp_f32_from(0x7FC00000);
    }
}

static void make_input(const char *name, dp_tensor *t, int n)
{
    const uint8_t *image = images[n] + 1;

    if (strchr(name, ':') != NULL) {
        make_sized(name, t, n);
        return;
    }

    if (strcmp(name, "label") == 0) {
        *(uint32_t *)t->data = images[n][0];
        return;
    }
    for (size_t i = 0; i < dp_tensor_count(t); i++) {
        const size_t width = (size_t)t->shape[1], c = i % 3, x = i / 3 % width, y = i / 3 / width;
        size_t from = i;
        if (strcmp(name, "g8") == 0)
            from = 3 * i;
        else if (strcmp(name, "chw") == 0)
            from = i % PIXELS * 3 + i / PIXELS;
        else if (name[0] == 'c') /* the first rows and columns */
            from = (y * 32 + x) * 3 + c;
        store(t, i, image[from]);
    }
}

static const dp_transform *find(const char *name)
{
    for (size_t i = 0; dp_transforms[i] != NULL; i++) {
        if (strcmp(dp_transforms[i]->info.name, name) == 0)
            return dp_transforms[i];
    }
    fail_msg("no transform %s", name);
    return NULL;
}

typedef struct chain {
    const dp_transform *transform[4];
    void *params[4];
    dp_tensor in[4], out[4];
    uint32_t n;
} chain;

static void plan_chain(chain *c, const char *spec, dp_column column, dp_arena *arena)
{
    dp_text text;

    assert_ok(dp_text_parse(spec, strlen(spec), arena, &text, &test_error));
    for (c->n = 0; c->n < text.n_stages; c->n++) {
        const dp_transform *t = find(text.stages[c->n].name);
        dp_column out = column;
        c->transform[c->n] = t;
        c->params[c->n] = dp_arena_alloc(arena, 1, t->info.size);
        assert_ok(dp_params_bind(&t->info, &text.stages[c->n], NULL, arena, c->params[c->n],
                                 &test_error));
        assert_ok(t->plan(c->params[c->n], &column, &out, arena, &test_error));
        c->in[c->n] = column.type;
        c->out[c->n] = out.type;
        column = out;
    }
}

static void check_line(const char *line)
{
    char in[32], dtype[32], shape[64], expected[80], made[64] = "8";
    const char *spec = strstr(line, " : ") + 3;
    dp_options options;
    dp_arena arena;
    test_sha256_state sha;
    dp_column column;
    chain c;
    dp_tensor t;

    assert_non_null(test_word(line, "in", in, sizeof in));
    test_word(line, "dtype", dtype, sizeof dtype);
    test_word(line, "shape", shape, sizeof shape);
    test_word(line, "sha256", expected, sizeof expected);
    column = column_of(in);
    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena = (dp_arena){.alloc = options.alloc};
    plan_chain(&c, spec, column, &arena);
    for (int32_t d = 0; d < c.out[c.n - 1].rank; d++)
        snprintf(made + strlen(made), sizeof made - strlen(made), ",%lld",
                 (long long)c.out[c.n - 1].shape[d]);
    assert_string_equal(dp_dtype_name(c.out[c.n - 1].dtype), dtype);
    assert_string_equal(made, shape);
    test_sha256_init(&sha);
    for (int n = 0; n < N; n++) {
        t = column.type;
        t.data = dp_arena_alloc(&arena, dp_tensor_bytes(&t), 1);
        make_input(in, &t, n);
        for (uint32_t s = 0; s < c.n; s++) {
            dp_tensor out = c.out[s];
            out.data = dp_arena_alloc(&arena, dp_tensor_bytes(&out), 1);
            const size_t bytes = dp_transform_space(c.transform[s], c.params[s]);
            const dp_workspace space = {dp_arena_alloc(&arena, bytes, 1), dp_cpu_best(),
                                        dp_part_whole(&out)};
            dp_transform_apply(c.transform[s], c.params[s], NULL, &t, &out, &space);
            t = out;
        }
        one_nan(&t);
        test_sha256_add(&sha, t.data, dp_tensor_bytes(&t));
    }
    if (strcmp(test_sha256_final(&sha).text, expected) != 0)
        fail_msg("other bits than MindSpore: %s", line);
    dp_arena_free(&arena);
}

static void every_case(void **state)
{
    test_lines lines = test_lines_read("mindspore_transforms.txt");

    (void)state;
    assert_true(lines.n >= 480);
    for (size_t i = 0; i < lines.n; i++)
        check_line(lines.line[i]);
    test_lines_free(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case)};
    return cmocka_run_group_tests(tests, load_images, NULL);
}
