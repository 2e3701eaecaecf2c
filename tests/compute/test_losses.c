/* test_losses.c - losses row by row, labels and targets (PyTorch's values: test_torch.c)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "base/number/num.h"
#include "detpipe_net.h"
#include "tests/support/test.h"

enum { N = 7, K = 5, LEAF = 2 };

typedef struct net_and_data {
    dp_net *net;
    float x[N * K], targets[N * K];
    int32_t labels[N];
    dp_tensor input, by_label, by_target;
} net_and_data;

/* A net whose output is its input. */
static void open_loss(net_and_data *d, const char *loss)
{
    char text[200];

    for (int i = 0; i < N * K; i++) {
        d->x[i] = (float)(i * 37 % 41) / 16 - 1;
        d->labels[i / K] = i / K * 3 % K;
        d->targets[i] = i % K == i / K * 3 % K;
    }
    d->input = (dp_tensor){d->x, DP_F32, 2, {N, K}};
    d->by_label = (dp_tensor){d->labels, DP_I32, 1, {N}};
    d->by_target = (dp_tensor){d->targets, DP_F32, 2, {N, K}};
    snprintf(text, sizeof text, "flatten | %s", loss);
    assert_ok(dp_net_open(&d->net, text, 1, &d->input, NULL, &test_error));
}

static dp_net_result judged(net_and_data *d, const dp_tensor *labels)
{
    dp_net_result r;
    assert_ok(dp_net_eval(d->net, &d->input, labels, &r, &test_error));
    return r;
}

/* TREE over leaves of SEQ64, / N, rounded once. */
static float batch_of(const double row[N])
{
    double leaf[(N + LEAF - 1) / LEAF] = {0};

    for (int i = 0; i < N; i++)
        leaf[i / LEAF] += row[i];
    return (float)(((leaf[0] + leaf[1]) + (leaf[2] + leaf[3])) / N);
}

static void nll_is_the_labels_number(void **state)
{
    net_and_data d;
    double row[N];

    (void)state;
    open_loss(&d, "nll leaf_size=2");
    for (int i = 0; i < N; i++)
        row[i] = -(double)d.x[i * K + d.labels[i]];
    assert_true(judged(&d, &d.by_label).loss == batch_of(row));
    dp_net_close(d.net);
}

static void mse_is_the_mean_of_squares(void **state)
{
    net_and_data d;
    double row[N] = {0};

    (void)state;
    open_loss(&d, "mse leaf_size=2");
    for (int i = 0; i < N * K; i++) {
        const double far = (double)d.x[i] - (double)d.targets[i];
        row[i / K] += far * far;
    }
    for (int i = 0; i < N; i++)
        row[i] /= K;
    assert_true(judged(&d, &d.by_label).loss == batch_of(row));
    assert_true(judged(&d, &d.by_target).loss == batch_of(row)); /* a label is 1 in its place */
    dp_net_close(d.net);
}

/* Part of the label's probability is everybody's: in the text, or in the targets. */
static void smoothing_spreads_the_label(void **state)
{
    net_and_data d;
    float smooth, plain;
    double mean = 0;

    (void)state;
    open_loss(&d, "softmax_cross_entropy leaf_size=2");
    plain = judged(&d, &d.by_label).loss;
    assert_true(fabsf(judged(&d, &d.by_target).loss - plain) < 1e-6f);
    for (int i = 0; i < N * K; i++)
        d.targets[i] = 0.75f * d.targets[i] + 0.05f;
    smooth = judged(&d, &d.by_target).loss;
    for (int label = 0; label < K; label++) {
        for (int i = 0; i < N; i++)
            d.labels[i] = label;
        mean += (double)judged(&d, &d.by_label).loss / K;
    }
    assert_true(fabs((double)smooth - (0.75 * (double)plain + 0.25 * mean)) < 1e-6);
    dp_net_close(d.net);
    open_loss(&d, "softmax_cross_entropy leaf_size=2 label_smoothing=0.25");
    assert_true(fabsf(judged(&d, &d.by_label).loss - smooth) < 1e-6f);
    dp_net_close(d.net);
}

/* Labels tell how many are correct, targets do not. */
static void what_is_correct(void **state)
{
    net_and_data d;
    int64_t correct = 0;

    (void)state;
    open_loss(&d, "mse");
    for (int i = 0; i < N; i++) {
        int best = 0;
        for (int j = 1; j < K; j++)
            best = d.x[i * K + j] > d.x[i * K + best] ? j : best;
        correct += best == d.labels[i];
    }
    assert_true(correct > 0);
    assert_int_equal(judged(&d, &d.by_label).correct, correct);
    assert_int_equal(judged(&d, &d.by_target).correct, 0);
    assert_int_equal(judged(&d, &d.by_label).correct, correct);
    dp_net_close(d.net);
}

static void refused(net_and_data *d, const dp_tensor *labels, const char *why)
{
    dp_net_result r;

    assert_int_equal(dp_net_eval(d->net, &d->input, labels, &r, &test_error), DP_EINVAL);
    assert_non_null(strstr(test_error.message, why));
}

static void labels_that_fit_no_loss(void **state)
{
    net_and_data d;
    dp_tensor wrong;

    (void)state;
    open_loss(&d, "mse");
    wrong = d.by_target, wrong.shape[1] = K - 1;
    refused(&d, &wrong, "7 integers, or floats[7, 5], are expected");
    wrong = d.by_target, wrong.dtype = DP_I32;
    refused(&d, &wrong, "labels are int32[7, 5]: 7 integers, or floats[7, 5], are expected");
    wrong = d.by_target, wrong.rank = 1, wrong.shape[0] = N;
    refused(&d, &wrong, "labels are float32[7]");
    wrong = d.by_target, wrong.rank = 3, wrong.shape[1] = 1, wrong.shape[2] = K;
    judged(&d, &wrong); /* the sizes before flatten */
    dp_net_close(d.net);
    open_loss(&d, "nll");
    refused(&d, &d.by_target, "labels are float32[7, 5]: 7 integers are expected");
    dp_net_close(d.net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nll_is_the_labels_number),    cmocka_unit_test(mse_is_the_mean_of_squares),
        cmocka_unit_test(smoothing_spreads_the_label), cmocka_unit_test(what_is_correct),
        cmocka_unit_test(labels_that_fit_no_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
