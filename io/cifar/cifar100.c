/* cifar100.c - CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * With usage=all the test records come first: files are read in byte order.
 */
#include "io/cifar/cifar.h"

#define FOLDER "cifar-100-binary"

static const dp_cifar_layout layout = {
    .name = "cifar100",
    .folder = FOLDER,
    .python_folder = "cifar-100-python",
    .words = {"train", "test", ""},
    .n_labels = 2,
    .labels = {{"coarse_label", "coarse_labels", 20}, {"fine_label", "fine_labels", 100}},
    .n_files = 2,
    .files = {{"train.bin", DP_CIFAR_TRAIN, 50000}, {"test.bin", DP_CIFAR_TEST, 10000}},
};

static const dp_param params[] = {DP_CIFAR_PARAMS(FOLDER)};

static dp_status open_source(const void *p, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    return dp_cifar_open(&layout, p, options, arena, out, err);
}

const dp_reader dp_reader_cifar100 = {
    .info = {"reader", "cifar100", "CIFAR-100 photographs", 1, sizeof(dp_cifar), params},
    .open = open_source,
    DP_CIFAR_CALLS,
};
