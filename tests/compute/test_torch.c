/* test_torch.c - operators and nets beside PyTorch: its results, as golden files, or as
 * make_ops.py and make_nets.py made them now in the folder that is the argument
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "detpipe_net.h"
#include "detpipe_ops.h"
#include "tests/support/test.h"

static const char *folder = TEST_GOLDEN;

/* A copy in aligned memory: an archive's is not aligned. */
static dp_tensor tensor_of(const dp_named_tensor *t)
{
    dp_tensor out = {malloc((size_t)t->size + 1), DP_F32, t->rank, {0}};

    memcpy(out.data, t->data, (size_t)t->size);
    memcpy(out.shape, t->shape, sizeof out.shape);
    for (dp_dtype d = DP_U8; d <= DP_F64; d++) {
        if (strcmp(dp_dtype_name(d), t->type) == 0)
            out.dtype = d;
    }
    return out;
}

/* Numbers within 1e-4 of their root mean square and 1e-6; all else equal. */
static void assert_near(const char *text, const char *what, const dp_tensor *seen,
                        const dp_tensor *y)
{
    const size_t n = test_bytes(y) / dp_dtype_size(y->dtype);
    const float *a = seen->data, *b = y->data;
    double squares = 0, most = 0;

    assert_int_equal(seen->dtype, y->dtype);
    assert_int_equal(test_bytes(seen), test_bytes(y));
    if (y->dtype != DP_F32) {
        assert_memory_equal(seen->data, y->data, test_bytes(y));
        return;
    }
    for (size_t i = 0; i < n; i++) {
        squares += (double)b[i] * (double)b[i];
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
        if (a[i] != a[i])
            most = INFINITY;
    }
    if (!(most <= 1e-4 * sqrt(squares / (double)n) + 1e-6))
        fail_msg("%s: %s is off by %g", text, what, most);
}

static size_t take(const dp_archive *archive, size_t number, const char *kind, dp_tensor out[16])
{
    size_t n = 0;

    for (const dp_named_tensor *t = NULL; n < 16; n++) {
        char name[40];
        snprintf(name, sizeof name, "%zu.%s%zu", number, kind, n);
        t = dp_archive_find(archive, name);
        if (t == NULL)
            break;
        out[n] = tensor_of(t);
    }
    return n;
}

static void check_operator(const dp_archive *archive, size_t number, const char *line)
{
    const dp_options options = {.size = sizeof options, .threads = 2};
    const bool backward = strncmp(line, "backward", 8) == 0;
    const char *text = strstr(line, " : ") + 3;
    dp_tensor in[16], expected[16];
    const size_t n_in = take(archive, number, "in", in);
    const size_t n_out = take(archive, number, "out", expected);
    dp_op *op;

    assert_true(n_in > 0 && n_out > 0);
    assert_ok(dp_op_open(&op, text, backward ? DP_BACKWARD : DP_FORWARD, in, n_in, &options,
                         &test_error));
    assert_ok(dp_op_run(op, in, &test_error));
    for (size_t i = 0; i < n_out; i++) {
        char what[32];
        snprintf(what, sizeof what, "output %zu", i);
        assert_non_null(dp_op_output(op, i));
        assert_near(line, what, dp_op_output(op, i), &expected[i]);
        free(expected[i].data);
    }
    for (size_t i = 0; i < n_in; i++)
        free(in[i].data);
    dp_op_close(op);
}

static void each_line(const char *name, size_t least,
                      void (*check)(const dp_archive *, size_t number, const char *line))
{
    char path[4096];
    test_lines lines;
    dp_archive *archive;

    snprintf(path, sizeof path, "%s/%s.txt", folder, name);
    lines = test_lines_read(path);
    snprintf(path, sizeof path, "%s/%s.npz", folder, name);
    assert_ok(dp_archive_open(&archive, path, NULL, &test_error));
    assert_true(lines.n >= least);
    for (size_t i = 0; i < lines.n; i++)
        check(archive, i, lines.line[i]);
    dp_archive_close(archive);
    test_lines_free(&lines);
}

static void operators(void **state)
{
    (void)state;
    each_line("torch_ops", 30, check_operator);
}

/* ---- nets ---- */

/* NET.what.name, or NULL. */
static const dp_named_tensor *find(const dp_archive *archive, size_t number, const char *what,
                                   const char *name)
{
    char full[100];

    snprintf(full, sizeof full, "%zu.%s%s%s", number, what, name != NULL ? "." : "",
             name != NULL ? name : "");
    return dp_archive_find(archive, full);
}

static dp_tensor need(const dp_archive *archive, size_t number, const char *what)
{
    const dp_named_tensor *t = find(archive, number, what, NULL);
    assert_non_null(t);
    return tensor_of(t);
}

static void give_weights(const dp_archive *archive, size_t number, dp_net *net)
{
    const dp_tensor *p;
    const char *name;

    for (size_t i = 0; (p = dp_net_parameter(net, i, &name)) != NULL; i++) {
        const dp_named_tensor *w = find(archive, number, "w", name);
        if (w == NULL || w->size != test_bytes(p))
            fail_msg("net %zu: PyTorch has no %s of this shape", number, name);
        memcpy(p->data, w->data, (size_t)w->size);
    }
}

static void check_net(const dp_archive *archive, size_t number, const char *text)
{
    const dp_options options = {.size = sizeof options, .threads = 2};
    dp_tensor x = need(archive, number, "x"), labels = need(archive, number, "labels"),
              expected = need(archive, number, "loss");
    const dp_tensor *g;
    const char *name;
    size_t gradients = 0;
    dp_net_result r;
    dp_tensor loss = {&r.loss, DP_F32, 1, {1}};
    dp_net *net = NULL;

    assert_ok(dp_net_open(&net, text, 1, &x, &options, &test_error));
    give_weights(archive, number, net);
    assert_ok(dp_net_step(net, &x, &labels, &r, &test_error));
    assert_near(text, "the loss", &loss, &expected);
    for (size_t i = 0; dp_net_parameter(net, i, &name) != NULL; i++) {
        const dp_named_tensor *other = find(archive, number, "g", name);
        dp_tensor copy;
        g = dp_net_gradient(net, i);
        if (other == NULL)
            continue;
        copy = tensor_of(other);
        assert_near(text, name, g, &copy);
        free(copy.data);
        gradients++;
    }
    assert_true(gradients > 0);
    free(x.data);
    free(labels.data);
    free(expected.data);
    dp_net_close(net);
}

static void nets(void **state)
{
    (void)state;
    each_line("torch_nets", 15, check_net);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(operators), cmocka_unit_test(nets)};

    if (argc > 1)
        folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
