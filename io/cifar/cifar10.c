/* cifar10.c - CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/cifar/cifar.h"

#define FOLDER "cifar-10-batches-bin"

static const dp_cifar_layout layout = {
    .name = "cifar10",
    .folder = FOLDER,
    .python_folder = "cifar-10-batches-py",
    .words = {"data_batch", "test_batch", "batch"},
    .n_labels = 1,
    .labels = {{"label", "labels", 10}},
    .n_files = 6,
    .files = {{"data_batch_1.bin", DP_CIFAR_TRAIN, 10000},
              {"data_batch_2.bin", DP_CIFAR_TRAIN, 10000},
              {"data_batch_3.bin", DP_CIFAR_TRAIN, 10000},
              {"data_batch_4.bin", DP_CIFAR_TRAIN, 10000},
              {"data_batch_5.bin", DP_CIFAR_TRAIN, 10000},
              {"test_batch.bin", DP_CIFAR_TEST, 10000}},
};

static const dp_param params[] = {DP_CIFAR_PARAMS(FOLDER)};

static dp_status open_source(const void *p, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    return dp_cifar_open(&layout, p, options, arena, out, err);
}

const dp_reader dp_reader_cifar10 = {
    .info = {"reader", "cifar10", "CIFAR-10 photographs", 1, sizeof(dp_cifar), params},
    .open = open_source,
    DP_CIFAR_CALLS,
};
