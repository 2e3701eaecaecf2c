/* test_initial_weights.c - initial weights of nets against the libraries that made them
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     test_compute_initial_weights [FILE]
 * FILE: lines as those of tests/golden/initial_weights.txt, for the live test.
 */
#include "tests/support/test.h"

static const char *file = "initial_weights.txt";

static dp_tensor input_of(const char *line)
{
    dp_tensor input = {NULL, DP_F32, 0, {0}};
    char shape[64];

    for (char *at = (char *)test_word(line, "input", shape, sizeof shape); *at != '\0';
         at += *at == ',')
        input.shape[input.rank++] = strtol(at, &at, 10);
    return input;
}

/* The digest of all parameters, one after another. */
static test_hex parameters_of(const char *text, uint64_t seed, const dp_tensor *input)
{
    test_sha256_state sum;
    const dp_tensor *p;
    dp_net *net = NULL;

    if (dp_net_open(&net, text, seed, input, NULL, &test_error) != DP_OK)
        fail_msg("%s: %s", text, test_error.message);
    test_sha256_init(&sum);
    for (size_t i = 0; (p = dp_net_parameter(net, i, NULL)) != NULL; i++)
        test_sha256_add(&sum, p->data, test_bytes(p));
    dp_net_close(net);
    return test_sha256_final(&sum);
}

static void as_the_libraries_make_them(void **state)
{
    test_lines lines = test_lines_read(file);
    size_t differ = 0;

    (void)state;
    assert_true(lines.n > 0);
    for (size_t i = 0; i < lines.n; i++) {
        const char *line = lines.line[i], *text = strstr(line, " : ") + 3;
        const dp_tensor input = input_of(line);
        char seed[32], sha256[80];
        const test_hex got = parameters_of(
            text, strtoull(test_word(line, "seed", seed, sizeof seed), NULL, 10), &input);
        if (strcmp(got.text, test_word(line, "sha256", sha256, sizeof sha256)) == 0)
            continue;
        print_message("differs: %s\n", line);
        differ++;
    }
    print_message("%zu nets, %zu differ\n", lines.n, differ);
    assert_int_equal(differ, 0);
    test_lines_free(&lines);
}

static void refused(const char *init, const char *words)
{
    const dp_tensor input = {NULL, DP_F32, 2, {1, 4}};
    char text[256];
    dp_net *net = NULL;

    snprintf(text, sizeof text, "init %s | dense out_channels=3", init);
    assert_int_equal(dp_net_open(&net, text, 1, &input, NULL, &test_error), DP_ESPEC);
    if (strstr(test_error.message, words) == NULL)
        fail_msg("'%s' lacks '%s'", test_error.message, words);
}

static void refused_seed(void)
{
    const dp_tensor input = {NULL, DP_F32, 2, {1, 4}};
    dp_net *net = NULL;

    assert_int_equal(dp_net_open(&net,
                                 "init weight=\"default order=mindspore\" | dense out_channels=3",
                                 (uint64_t)1 << 32, &input, NULL, &test_error),
                     DP_ESPEC);
    assert_non_null(strstr(test_error.message, "order=mindspore takes seeds below 2^32"));
}

/* What another initializer fills was drawn, too: all else is as it was. */
static void the_rest_is_as_it_was(void **state)
{
    static const char *const inits[] = {
        "weight=\"default order=torch\" bias=\"default order=torch\"",
        "weight=\"default order=torch\" bias=zeros",
        "weight=he_uniform bias=\"default order=torch\""};
    const dp_tensor input = {NULL, DP_F32, 2, {1, 4}};
    dp_net *nets[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        char text[256];
        snprintf(text, sizeof text, "init %s | dense out_channels=3 | dense out_channels=5",
                 inits[i]);
        assert_ok(dp_net_open(&nets[i], text, 1, &input, NULL, &test_error));
    }
    for (size_t p = 0; p < 4; p++) {
        const dp_tensor *t = dp_net_parameter(nets[0], p, NULL);
        const bool is_bias = p % 2;
        for (int i = 1; i < 3; i++)
            assert_true((memcmp(t->data, dp_net_parameter(nets[i], p, NULL)->data, test_bytes(t)) ==
                         0) == (is_bias == (i == 2)));
    }
    for (int i = 0; i < 3; i++)
        dp_net_close(nets[i]);
}

static void what_is_refused(void **state)
{
    const dp_tensor input = {NULL, DP_F32, 2, {1, 4}}, cell = {NULL, DP_F32, 4, {1, 4, 1, 3}};
    dp_net *net = NULL;

    (void)state;
    assert_int_equal(dp_net_open(&net,
                                 "init weight=\"default order=torch\" | embedding num_embeddings=4"
                                 " embedding_size=2 | position_embedding",
                                 1, &input, NULL, &test_error),
                     DP_ESPEC);
    assert_non_null(strstr(test_error.message, "PyTorch has no position_embedding"));
    assert_int_equal(dp_net_open(&net,
                                 "init weight=\"default order=torch\" | embedding num_embeddings=4"
                                 " embedding_size=2 name=t | conv2d out_channels=4 kernel_size=1"
                                 " tied=t",
                                 1, &input, NULL, &test_error),
                     DP_ESPEC);
    assert_non_null(strstr(test_error.message, "tied= is not replayed with PyTorch's"));
    refused_seed();
    refused("weight=default", "default needs order=");
    refused("weight=\"default order=native\"", "mindspore,torch");
    refused("weight=\"default order=mindspore\" bias=\"default order=torch\"",
            "default order=mindspore is for weights and biases, or for one of them");
    refused("weight=\"default order=mindspore\" bias=\"normal order=mindspore\"",
            "beside what draws nothing: zeros, constant");
    refused("bias=\"he_uniform order=mindspore\"", "MindSpore's he_uniform refuses biases");
    refused("bias=\"xavier_normal order=mindspore\"", "MindSpore's xavier_normal refuses biases");
    refused("weight=\"he_normal nonlinearity=relu negative_slope=0.1\"",
            "negative_slope does nothing here: it needs nonlinearity=leaky_relu");
    refused("weight=\"normal order=numpy\"", "native,mindspore,torch");
    refused("weight=\"truncated_normal order=torch\"",
            "truncated_normal is known to the bit with order=native,mindspore alone");
    refused("bias=\"he_normal order=torch\"", "PyTorch's he_normal refuses biases");
    refused("weight=\"normal order=torch\" bias=\"default order=mindspore\"",
            "normal order=torch is for weights and biases, or for one of them");
    assert_int_equal(dp_net_open(&net, "init weight=\"normal order=torch\" | lstm hidden_size=2", 1,
                                 &cell, NULL, &test_error),
                     DP_ESPEC);
    assert_non_null(strstr(test_error.message, "is not replayed for lstm, whose parameters lie"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest live[] = {cmocka_unit_test(as_the_libraries_make_them)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_libraries_make_them),
        cmocka_unit_test(the_rest_is_as_it_was),
        cmocka_unit_test(what_is_refused),
    };

    if (argc == 2)
        file = argv[1];
    return argc == 2 ? cmocka_run_group_tests(live, NULL, NULL)
                     : cmocka_run_group_tests(tests, NULL, NULL);
}
