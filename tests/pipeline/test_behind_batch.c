/* test_behind_batch.c - transforms of rows behind batch
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/test.h"

#define CIFAR SMALL_CIFAR " usage=test | shuffle order=mindspore | "

static void assert_same(const char *one, const char *other)
{
    dp_pipeline *a = test_open(one, 3, 2), *b = test_open(other, 3, 0);
    dp_batch *x = NULL, *y = NULL;
    uint64_t batches = 0;

    for (; batches < 8; batches++) {
        const dp_status status = dp_next(a, &x, &test_error);
        assert_int_equal(dp_next(b, &y, &test_error), status);
        if (status != DP_OK)
            break;
        for (size_t i = 0; dp_column_name(a, i) != NULL; i++) {
            const char *name = dp_column_name(a, i);
            const dp_tensor *p = dp_batch_get(x, name), *q = dp_batch_get(y, name);
            if (test_bytes(p) != test_bytes(q) || memcmp(p->data, q->data, test_bytes(p)) != 0)
                fail_msg("batch %d of %s: %s differs before batch", (int)batches, one, name);
        }
    }
    assert_true(batches > 3);
    dp_close(a);
    dp_close(b);
}

/* What is drawn is keyed by the row, wherever its batch was made. */
static void a_row_becomes_what_it_becomes_before_batch(void **state)
{
#define STAGES                                                                                     \
    "random_crop size=28 padding=2 | random_horizontal_flip | rescale rescale=0.1 | one_hot "      \
    "num_classes=10 column=label | random_apply prob=0.5 transforms=\"vertical_flip\""
    (void)state;
    assert_same(CIFAR "batch batch_size=7 | " STAGES, CIFAR STAGES " | batch batch_size=7");
    assert_same(CIFAR "batch batch_size=7 | skip count=1 | repeat count=2 | " STAGES,
                CIFAR STAGES " | batch batch_size=7 | skip count=1 | repeat count=2");
    assert_same(CIFAR "batch batch_size=7 | rename input_columns=image output_columns=x | rescale "
                      "column=x rescale=2 | repeat count=2",
                CIFAR "rescale rescale=2 | batch batch_size=7 | rename input_columns=image "
                      "output_columns=x | repeat count=2");
}

/* MindSpore's RandomCrop draws for each row of a batch; other stages may stand between. */
static void what_is_replayed_behind_batch(void **state)
{
#define CROPS                                                                                      \
    "random_crop size=28 padding=2 order=mindspore | horizontal_flip | random_crop size=20 "       \
    "order=mindspore"
    (void)state;
    assert_same(CIFAR "batch batch_size=7 | " CROPS " | repeat count=3",
                CIFAR CROPS " | batch batch_size=7 | repeat count=3");
}

static void refused(const char *text, const char *why)
{
    dp_pipeline *p = NULL;

    assert_int_equal(dp_open(&p, text, 1, NULL, &test_error), DP_ESPEC);
    if (strstr(test_error.message, why) == NULL)
        fail_msg("%s: %s", text, test_error.message);
}

static void what_cannot_stand_behind_batch(void **state)
{
#define ROWS   "synthetic | batch batch_size=4 | "
#define LABELS "one_hot column=label num_classes=10 | type_cast column=label data_type=float32 | "
    (void)state;
    refused(ROWS "random_vertical_flip order=mindspore", "is not replayed behind batch");
    refused(ROWS LABELS "skip count=1 | mixup order=mindspore", "replayed right behind batch only");
    refused(ROWS LABELS "cutmix order=mindspore alpha=0.05 layout=hwc", "below 0.1");
    refused(ROWS LABELS "cutmix order=mindspore", "1 or 3 channels");
    refused(ROWS LABELS "resize size=8,9 | hwc2chw | hwc2chw | mixup order=mindspore",
            "1 or 3 channels");
    refused("synthetic | one_hot column=label num_classes=10 | type_cast column=label "
            "data_type=float64 | batch batch_size=4 | mixup order=mindspore",
            "MindSpore makes labels float32");
    refused(ROWS "skip count=1 | random_crop size=8 order=mindspore", "not replayed behind batch");
    refused(ROWS "zip with=\"range count=9 | rename input_columns=id output_columns=n | batch "
                 "batch_size=4\" | hwc2chw",
            "hwc2chw works on rows: put it before the batches are zipped");
    refused("synthetic | rescale rescale=1 | one_hot column=label num_classes=10 | type_cast "
            "column=label data_type=float32 | batch batch_size=4 | mixup | hwc2chw",
            "hwc2chw works on rows: put it before the batches are mixed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_becomes_what_it_becomes_before_batch),
        cmocka_unit_test(what_is_replayed_behind_batch),
        cmocka_unit_test(what_cannot_stand_behind_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
