/* test_mindspore_init.c - initial weights against the real MindSpore, bit for bit
 *
 * SPDX-License-Identifier: Apache-2.0
 */
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
    assert_int_equal(lines.n, 11);
    assert_ok(dp_net_open(&net, ALEXNET, 1, &input, NULL, &test_error));
    for (size_t i = 0; i < lines.n; i++) {
        const char *name;
        const dp_tensor *p = dp_net_parameter(net, i, &name);
        char word[80];
        assert_string_equal(name, test_word(lines.line[i], "param", word, sizeof word));
        assert_string_equal(test_sha256(p->data, test_bytes(p)).text,
                            test_word(lines.line[i], "sha256", word, sizeof word));
    }
    assert_null(dp_net_parameter(net, lines.n, NULL));
    dp_net_close(net);
    test_lines_free(&lines);
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
        cmocka_unit_test(seeds_have_32_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
