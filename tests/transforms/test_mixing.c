/* test_mixing.c - mixup and cutmix against the batch that they change
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/test.h"

#define SPEC                                                                                       \
    SMALL_CIFAR " usage=train | shuffle | one_hot column=label num_classes=10"                     \
                " | type_cast column=label data_type=float32 | rescale rescale=1/255 | hwc2chw"    \
                " | batch batch_size=16 | repeat count=2"
#define PIXELS 3072

static double number(const char *line, const char *name)
{
    char key[16];

    snprintf(key, sizeof key, " %s=", name);
    assert_non_null(strstr(line, key));
    return strtod(strstr(line, key) + strlen(key), NULL);
}

typedef float expected_value(const float *mine, const float *other, size_t i, const char *draws);

static float mixed(const float *mine, const float *other, size_t i, const char *draws)
{
    const float share = (float)number(draws, "share");

    return mine[i] * share + other[i] * (1.0f - share);
}

static float pasted(const float *mine, const float *other, size_t i, const char *draws)
{
    const double y = (double)(i % 1024 / 32), x = (double)(i % 32);
    const bool inside =
        y >= number(draws, "top") && y < number(draws, "top") + number(draws, "height") &&
        x >= number(draws, "left") && x < number(draws, "left") + number(draws, "width");

    return inside ? other[i] : mine[i];
}

static void compare(const dp_batch *plain, const dp_batch *made, const char *column, size_t size,
                    expected_value *expected, const char *draws)
{
    const dp_tensor *a = dp_batch_get(plain, column), *b = dp_batch_get(made, column);
    const size_t n = (size_t)a->shape[0];

    for (size_t row = 0; row < n; row++) {
        const float *mine = (const float *)a->data + row * size;
        const float *other = (const float *)a->data + (n - 1 - row) * size;
        const bool alone = row == n - 1 - row;
        for (size_t i = 0; i < size; i++) {
            const float v = alone ? mine[i] : expected(mine, other, i, draws);
            assert_memory_equal(&v, (const float *)b->data + row * size + i, sizeof v);
        }
    }
}

static void whole_stream(const char *stage, expected_value *of_image)
{
    char spec[512], draws[256], first[256] = "";
    dp_pipeline *plain = test_open(SPEC, 1, 0), *p;
    dp_batch *a = NULL, *b = NULL;
    bool differ = false;

    snprintf(spec, sizeof spec, "%s", SPEC);
    snprintf(strstr(spec, " | repeat"), 256, " | %s | repeat count=2", stage);
    p = test_open(spec, 3, 2);
    for (uint64_t i = 0; i < dp_length(p); i++) {
        assert_ok(dp_next(plain, &a, &test_error));
        assert_ok(dp_next(p, &b, &test_error));
        dp_draws(p, i, 0, draws, sizeof draws);
        differ = differ || (first[0] != '\0' && strcmp(first, draws) != 0);
        strcpy(first, draws);
        compare(a, b, "image", PIXELS, of_image, draws);
        compare(a, b, "label", 10, mixed, draws);
    }
    assert_true(differ);
    dp_close(p);
    dp_close(plain);
}

static void mixup(void **state)
{
    (void)state;
    whole_stream("mixup alpha=0.5", mixed);
}

static void cutmix(void **state)
{
    (void)state;
    whole_stream("cutmix alpha=2", pasted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mixup), cmocka_unit_test(cutmix)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
